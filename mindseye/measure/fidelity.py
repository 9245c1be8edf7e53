"""Does the picture have the activations that it was painted for?

All of it on mean activations (over positions) of the finished picture, seen without the transforms it was painted
under. High values alone prove little, since noise can reach them; low ones prove that painting failed.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from mindseye.errors import UserError
from mindseye.measure.arguments import check_same_width, check_tensor, index_tensor
from mindseye.measure.neighbourhood import percentile_rank
from mindseye.optimize.objectives.adaptive import rho

# Shape and scale of the robust loss as the author's code held them: Charbonnier's loss, quadratic near, linear far.
SHAPE, SCALE = 1.0, 1.0


def cosine(means: Tensor, targets: Tensor, channels: Tensor | None = None) -> Tensor:
    """Cosine [B], in [-1, 1], between mean activations and target means [B, C], over `channels` [B, k] or all."""
    means, targets = _over(means, targets, channels)
    return cosine_similarity(means, targets, dim=1)


def robust_distance(means: Tensor, targets: Tensor, channels: Tensor | None = None) -> Tensor:
    """Robust distance [B], 0 or more, between mean activations [B, C] and target means [B, C].

    rho(x, b=1, r=1) = sqrt(x^2 + 1) - 1 (Barron, "A General and Adaptive Robust Loss Function", CVPR 2019, Eq. 1; the
    paper's Eq. 3) of the one distance x = sum |a - t| / sum |t| over `channels` [B, k], or over all.
    """
    means, targets = _over(means, targets, channels)
    distance = (means - targets).abs().sum(1) / targets.abs().sum(1)
    return rho(distance, SHAPE, SCALE)


def fidelity(means: Tensor, targets: Tensor, channels: Tensor | Sequence[Any] | None = None) -> dict[str, Tensor]:
    """Whether pictures have the activations that they were painted for.

    Cosine and robust distance (Barron, "A General and Adaptive Robust Loss Function", CVPR 2019, Eq. 1, with shape and
    scale 1) between each picture's mean activations and its target. A high cosine alone proves little: noise can have it.
    Compare it with the same numbers of real photos and of the unoptimised start.

    Args:
        means: the pictures' activations at one layer, mean over positions, [B, C].
        targets: what they should be, [B, C], a row per picture; or [1, C], one target for all pictures.
        channels: the channels that count, [B, k] or [k] of whole numbers; all of them by default.

    Returns:
        ``cosine`` in [-1, 1] and ``distance`` from 0, over ``channels``; ``cosine_all`` and ``distance_all``, over all
        C channels; each [B].

    Raises:
        UserError: if a parameter is of the wrong type or shape, naming it.
    """
    check_tensor(means, "means", "[B, C]")
    check_tensor(targets, "targets", "[B, C]")
    check_same_width(means, "means", targets, "targets")
    if len(targets) == 1:
        targets = targets.expand_as(means)
    if channels is None:
        channels = torch.arange(means.shape[1], device=means.device)
    channels = index_tensor(channels, "channels", means.shape[1], means.device)
    channels = channels.expand(len(means), -1) if channels.ndim == 1 else channels
    if channels.ndim != 2 or len(channels) != len(means):
        raise UserError(f"channels must have the axes [{len(means)}, k] or [k], not the shape {list(channels.shape)}")
    return {
        "cosine": cosine(means, targets, channels),
        "cosine_all": cosine(means, targets),
        "distance": robust_distance(means, targets, channels),
        "distance_all": robust_distance(means, targets),
    }


def activation_percentile(means: Tensor, images: Tensor, targets: Tensor, channels: Tensor | None = None) -> Tensor:
    """Rank [B], in [0, 1], of each picture's dot product with its target among the real images' with that target.

    Mean activations of the pictures [B, C], of the images [N, C], target means [B, C]; over `channels` [B, k] (the
    paper's Eq. 2) or all. 1: the picture excites the target more than any photo does; equal ones count half.
    """
    if not len(images):
        raise UserError("an activation has no percentile among 0 images: give at least one")
    if channels is not None:
        kept = torch.zeros_like(targets).scatter_(1, channels, 1.0)
        targets = targets * kept
    return percentile_rank((means * targets).sum(1), targets @ images.T)


def recovery(means: Tensor, targets: Tensor, own: Tensor) -> Tensor:
    """Whether [B] the target nearest to each picture's mean activations [B, C], among all F, is its own (index [B]).

    `targets` [F, C] are target means. Nearest by plain cosine over all channels. The distance would ask for the
    target's strength too, and how strongly a picture excites a layer says nothing of which facet it shows. Subtracting
    the photos' mean first would sharpen the cosine where pictures resemble the average photo, but blunts it for
    whatever else a picture holds besides its target (other objects, noise), which no mean of photos describes.
    """
    return (normalize(means, dim=1) @ normalize(targets, dim=1).T).argmax(1) == own


def _over(means: Tensor, targets: Tensor, channels: Tensor | None) -> tuple[Tensor, Tensor]:
    if means.shape != targets.shape:
        raise UserError(f"pictures {list(means.shape)} and targets {list(targets.shape)}: give one target per picture")
    if channels is None:
        return means, targets
    return means.gather(1, channels), targets.gather(1, channels)

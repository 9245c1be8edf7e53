"""Does the picture have the activations that it was painted for?

All of it on mean activations (over positions) of the finished picture, seen without the transforms it was painted
under. High values alone prove little, since noise can reach them; low ones prove that painting failed.
"""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from mindseye.errors import UserError
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


def fidelity(means: Tensor, targets: Tensor, channels: Tensor) -> dict[str, Tensor]:
    """Cosine and robust distance, each [B]: plainly named over the top-k `channels` [B, k], `_all` over all C."""
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

"""Gradients of the score with respect to the pixels: saliency and integrated gradients, by Captum."""

import torch
from torch import Tensor

from mindseye.attribution.explanation import Explanation, check_images, explanation, load_captum
from mindseye.attribution.fills import fill_images
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.models.freeze import freeze
from mindseye.optimize.random import RandomKeys


def saliency(score: Score, images: Tensor) -> Explanation:
    """How strongly the score answers to a small change of a pixel, ``max_channels |d score / d x|``; not signed.

    Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks" (ICLR workshop 2014), section 3.

    Args:
        score: what is explained.
        images: [images, channels, height, width] in [0, 1]; the gradient is with respect to these values.
    """
    check_images(images, score.model.in_channels)
    with freeze(score.model.network):
        slopes = load_captum("Saliency")(score.tiled).attribute(images.detach().clone().requires_grad_(), abs=True)
        with torch.no_grad():
            values = score(images)
    return explanation("saliency", slopes.amax(1), False, {"channels": "largest"}, score=values)


def integrated_gradients(
    score: Score, images: Tensor, random: RandomKeys, baseline: str = "0", steps: int = 64, batch: int = 32
) -> Explanation:
    """How much of the score's difference to a baseline each pixel brings, the sum over channels; signed.

    Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (ICML 2017), Eq. 3, by Captum.

    Args:
        score: what is explained.
        images: [images, channels, height, width] in [0, 1].
        random: the random numbers of these images, for the baseline.
        baseline: the image without content, see ``fill_images``; black as in the source, which is blind to black objects.
        steps: on the way from the baseline to the image.
        batch: most images in one forward pass.

    Returns:
        A signed map; numbers: ``score``, ``baseline_score``, and ``error``, by how much the map's sum misses the
        difference of the two, as a share of it; more steps make it smaller.

    Raises:
        UserError: if there are no steps, or the baseline is unknown.
    """
    check_images(images, score.model.in_channels)
    if steps < 1:
        raise UserError(f"integrated gradients need at least 1 step, not {steps}")
    blank = fill_images(images, baseline, random).contiguous()
    with freeze(score.model.network):
        parts = load_captum("IntegratedGradients")(score.tiled).attribute(
            images.detach(), baselines=blank, n_steps=steps, internal_batch_size=max(batch, len(images))
        )
        with torch.no_grad():
            values, blanks = score(images), score(blank)
    heat, difference = parts.sum(1).float(), values - blanks
    missed = (heat.sum((1, 2)) - difference).abs() / difference.abs().clamp_min(torch.finfo(torch.float32).tiny)
    settings = {"baseline": baseline, "steps": steps, "channels": "sum"}
    return explanation("integrated-gradients", heat, True, settings, score=values, baseline_score=blanks, error=missed)

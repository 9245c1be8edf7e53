"""Occlusion: hide one box of the photo after another, and see what the score loses."""

import torch
from torch import Tensor

from mindseye.attribution.explanation import Explanation, check_images, explanation, load_captum
from mindseye.attribution.fills import fill_images
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.models.freeze import freeze
from mindseye.optimize.random import RandomKeys


@torch.no_grad()
def occlusion(
    score: Score,
    images: Tensor,
    random: RandomKeys,
    box: tuple[int, int] = (32, 32),
    stride: tuple[int, int] = (16, 16),
    fill: str = "mean",
    batch: int = 32,
) -> Explanation:
    """What the score loses when a pixel is hidden, the mean over all boxes that hide it; signed.

    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014), by Captum. The last box of a
    row or column is cut off at the image's edge, so that every pixel is hidden. A flat box brings edges of its own that the
    network may react to: compare fills before reading much into a map.

    Args:
        score: what is explained.
        images: [images, channels, height, width] in [0, 1].
        random: the random numbers of these images, for the fill.
        box, stride: (height, width) in px.
        fill: see ``fill_images``.
        batch: most images in one forward pass.

    Returns:
        A signed map; numbers: ``score``, and ``largest_drop`` and ``smallest_drop``, the map's extremes.

    Raises:
        UserError: if a box is larger than the image, a stride leaves gaps, or the fill is unknown.
    """
    check_images(images, score.model.in_channels)
    check_boxes((images.shape[-2], images.shape[-1]), box, stride)
    channels = images.shape[1]
    with freeze(score.model.network):
        drops = load_captum("Occlusion")(score.tiled).attribute(
            images,
            sliding_window_shapes=(channels, *box),
            strides=(channels, *stride),
            baselines=fill_images(images, fill, random),
            perturbations_per_eval=max(1, batch // len(images)),
        )
        values = score(images)
    heat = drops[:, 0]  # a box hides all channels together, so each has the same map
    settings = {"box": list(box), "stride": list(stride), "fill": fill}
    return explanation(
        "occlusion",
        heat,
        True,
        settings,
        score=values,
        largest_drop=heat.amax((1, 2)),
        smallest_drop=heat.amin((1, 2)),
    )


def check_boxes(image: tuple[int, int], box: tuple[int, int], stride: tuple[int, int]) -> None:
    """Refuse boxes that do not fit an image or leave gaps; all are (height, width) in px.

    Raises:
        UserError: naming the axis and the valid range.
    """
    for axis, extent, side, step in zip(("high", "wide"), image, box, stride, strict=True):
        if not 1 <= side <= extent:
            raise UserError(f"a box {side} px {axis} does not fit images {extent} px {axis}")
        if not 1 <= step <= side:
            raise UserError(
                f"a stride of {step} px with boxes {side} px {axis} must be from 1 to {side}, to leave no gaps"
            )

"""What a hidden part of a photo is filled with."""

import re

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.regularizers.functional import gaussian_blur

MEAN, RANDOM, BLUR = "mean", "random", "blur"
BLUR_SHARE = 0.045
"""Sigma of the blur as a share of the image's shorter side: 10 px of 224, as Fong and Vedaldi (ICCV 2017) blur."""

_COLOUR = re.compile(r"#(?P<hex>[0-9a-fA-F]{6})")


def fill_images(images: Tensor, fill: str, random: RandomKeys) -> Tensor:
    """Images as they would be if all of them were hidden, of the same shape.

    Args:
        images: [images, channels, height, width] in [0, 1].
        fill: ``mean``, each image's own mean colour; ``random``, each pixel and channel drawn uniformly from [0, 1);
            ``blur``, the image blurred; a colour ``#rrggbb``, for three channels; or a grey from 0 (black) to 1 (white).
        random: the random numbers of these images.

    Raises:
        UserError: if the fill is none of these.
    """
    if fill == MEAN:
        return images.mean((2, 3), keepdim=True).expand_as(images)
    if fill == BLUR:
        return gaussian_blur(images, BLUR_SHARE * min(images.shape[-2:]))
    if fill == RANDOM:
        return random.uniform(0, "fill", *images.shape[1:]).to(images)
    colour = torch.tensor(_colour(fill, images.shape[1]), dtype=images.dtype, device=images.device)
    return colour.view(1, -1, 1, 1).expand_as(images)


def _colour(fill: str, channels: int) -> list[float]:
    match = _COLOUR.fullmatch(str(fill))
    if match and channels == 3:
        return [int(match["hex"][start : start + 2], 16) / 255 for start in (0, 2, 4)]
    try:
        grey = float(fill)
    except (TypeError, ValueError):
        grey = float("nan")
    if not 0 <= grey <= 1:
        colours = ", a colour as '#808080'" if channels == 3 else ""
        raise UserError(f"fill {fill!r} is none of '{MEAN}', '{RANDOM}', '{BLUR}'{colours}, or a grey from 0 to 1")
    return [grey] * channels

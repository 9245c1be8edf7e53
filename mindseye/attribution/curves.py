"""Deletion and insertion curves: does the score fall when the pixels go that a map puts first, and rise when they come?"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.attribution.fills import fill_images
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.models.freeze import freeze
from mindseye.optimize.random import RandomKeys


@dataclass(frozen=True)
class Curve:
    """Values as pixels change, the map's highest first.

    shares: [steps + 1], of pixels changed, from 0 to 1. values: [images, steps + 1]. area: [images], under the curve by
    the trapezoidal rule, which is the mean value.
    """

    shares: Tensor
    values: Tensor

    @property
    def area(self) -> Tensor:
        """The area under each image's curve, [images]."""
        return torch.trapezoid(self.values, self.shares, dim=1)


def deletion(
    score: Score,
    images: Tensor,
    maps: Tensor,
    random: RandomKeys,
    steps: int = 28,
    fill: str = "mean",
    value: Callable[[Score, Tensor], Tensor] | None = None,
) -> Curve:
    """The curve as the pixels that a map puts first are replaced by a fill; the lower its area, the better the map.

    Petsiuk, Das and Saenko, "RISE" (BMVC 2018), section 4.2; the source takes the class's probability as value
    (``class_probability``). Pixels of equal value go in a random order.

    Args:
        score: what the maps explain.
        images: [images, channels, height, width] in [0, 1].
        maps: [images, height, width], higher where more speaks for the score.
        random: the random numbers of these images.
        steps: of equal numbers of pixels.
        fill: see ``fill_images``.
        value: what is plotted, the score by default.

    Raises:
        UserError: if maps and images do not fit, there are no steps, or the fill is unknown.
    """
    return _curve(score, images, fill_images(images, fill, random), maps, random, steps, value)


def insertion(
    score: Score,
    images: Tensor,
    maps: Tensor,
    random: RandomKeys,
    steps: int = 28,
    fill: str = "blur",
    value: Callable[[Score, Tensor], Tensor] | None = None,
) -> Curve:
    """The curve as the pixels that a map puts first are shown on the fill; the higher its area, the better the map.

    Arguments and errors as for ``deletion``; the source's fill is a blur.
    """
    return _curve(score, fill_images(images, fill, random), images, maps, random, steps, value)


@torch.no_grad()
def _curve(
    score: Score,
    start: Tensor,
    end: Tensor,
    maps: Tensor,
    random: RandomKeys,
    steps: int,
    value: Callable[[Score, Tensor], Tensor] | None,
) -> Curve:
    images, _, height, width = start.shape
    if maps.shape != (images, height, width):
        raise UserError(f"maps {list(maps.shape)} do not fit images {list(start.shape)}")
    if steps < 1:
        raise UserError(f"a curve needs at least 1 step, not {steps}")
    pixels = height * width
    place = _places(maps.flatten(1), random).to(start.device)
    counts = [round(pixels * step / steps) for step in range(steps + 1)]
    values = []
    with freeze(score.model.network):
        for count in counts:
            changed = (place < count).view(images, 1, height, width)
            current = torch.where(changed, end, start)
            values.append((score(current) if value is None else value(score, current)).cpu())
    return Curve(torch.tensor(counts) / pixels, torch.stack(values, 1))


def _places(maps: Tensor, random: RandomKeys) -> Tensor:
    """The place of each pixel in the order from the highest value to the lowest, [images, pixels]."""
    shuffled = random.uniform(0, "ties", maps.shape[1]).argsort(1)
    order = shuffled.gather(1, maps.cpu().gather(1, shuffled).sort(dim=1, descending=True, stable=True).indices)
    return order.argsort(1)

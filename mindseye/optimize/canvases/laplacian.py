"""A Laplacian pyramid as a canvas: one image per octave of frequencies, each half as wide as the one before."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.optimize.canvases.canvas import CanvasRequest, Decorrelated
from mindseye.optimize.canvases.colour import Colours
from mindseye.optimize.canvases.spectrum import smooth
from mindseye.optimize.random import START


class Laplacian(Decorrelated):
    """The sum of images of falling size, each enlarged to the next finer one, in decorrelated colours.

    Burt and Adelson, "The Laplacian Pyramid as a Compact Image Code" (IEEE Transactions on Communications, 1983), as a
    parameterization after Lucid. Level k counts ``2^(k (exponent - 1))`` times: noise of the same strength at every level
    has a spectrum of about 1/f, so this gives about 1/f^exponent, as on a Fourier canvas.
    """

    can_have_alpha = True
    can_share = True

    def __init__(self, levels: Sequence[Tensor], exponent: float, colours: Colours) -> None:
        """levels: fine to coarse, [pictures, channels, side, side] with the sides of ``level_sides``."""
        self.levels = [level.clone().requires_grad_() for level in levels]
        self.weights = [2.0 ** (number * (exponent - 1)) for number in range(len(levels))]
        self.colours = colours

    @classmethod
    def build(cls, request: CanvasRequest) -> "Laplacian":
        """Normal noise at every level, of the recipe's contrast."""
        recipe = request.recipe
        levels = [
            recipe.contrast * request.random.normal(START, f"level {number}", request.planes, extent, extent)
            for number, extent in enumerate(level_sides(request.side, recipe.levels))
        ]
        return cls([level.to(request.device) for level in levels], recipe.spectrum, request.colours)

    @property
    def parameters(self) -> list[Tensor]:
        return self.levels

    def channels(self) -> Tensor:
        weighted = [level * weight for level, weight in zip(self.levels, self.weights, strict=True)]
        image: Tensor = weighted[-1]
        for level in reversed(weighted[:-1]):
            image = _enlarge(image, level.shape[-1]) + level
        return image

    @torch.no_grad()
    def set_channels(self, channels: Tensor) -> None:
        for number, (level, weight) in enumerate(zip(self.levels, self.weights, strict=True)):
            if number == len(self.levels) - 1:
                level.copy_(channels / weight)
                return
            coarser = _reduce(channels, self.levels[number + 1].shape[-1])
            level.copy_((channels - _enlarge(coarser, channels.shape[-1])) / weight)
            channels = coarser

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        # A pixel of a coarse level is several of the picture's: there the same frequency has more cycles per pixel.
        side = self.levels[0].shape[-1]
        return [smooth(change, cutoff * side / change.shape[-1]) for change in changes]


def level_sides(side: int, levels: int) -> list[int]:
    """The sides of the levels of a pyramid, fine to coarse: each half of the one before, rounded up, at least 1."""
    return [-(-side // 2**number) for number in range(levels)]


def _enlarge(image: Tensor, side: int) -> Tensor:
    return functional.interpolate(image, size=(side, side), mode="bilinear", align_corners=False)


def _reduce(image: Tensor, side: int) -> Tensor:
    return functional.interpolate(image, size=(side, side), mode="bilinear", antialias=True, align_corners=False)

"""Random changes that a picture must survive: crop and zoom, shift, flip, rotation, colour jitter, noise.

Every step draws anew for each picture. All geometry is one affine map, so the image is resampled once.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.optimize.randomness import Dice
from mindseye.optimize.recipe import Recipe


@dataclass(frozen=True)
class Views:
    """What the network sees of a canvas.

    size: side of the views in px. crop: smallest and largest share of the side that a view shows. flip: probability.
    rotate: largest angle in degrees. shift: largest displacement as a share of the side. noise, colour_jitter: standard
    deviation of normal noise and largest change of a channel's gain and offset, in units of the brightness range.
    """

    size: int
    crop: tuple[float, float] = (1.0, 1.0)
    flip: float = 0.0
    rotate: float = 0.0
    shift: float = 0.0
    noise: float = 0.0
    colour_jitter: float = 0.0

    @classmethod
    def of(cls, recipe: Recipe, size: int) -> "Views":
        """The views that a recipe asks for."""
        return cls(size, recipe.crop, recipe.flip, recipe.rotate, recipe.shift, recipe.noise, recipe.colour_jitter)

    def __call__(self, images: Tensor, step: int, dice: Dice) -> Tensor:
        """Random views [images, channels, size, size] of images [images, channels, side, side] in [0, 1]."""
        views = self._resampled(images, step, dice)
        if self.colour_jitter:
            gain = self._signed(dice, step, "gain", views) * self.colour_jitter
            offset = self._signed(dice, step, "offset", views) * self.colour_jitter
            views = views * (1 + gain) + offset
        if self.noise:
            views = views + self.noise * dice.normal_on(views.device, step, "noise", *views.shape[1:])
        return views

    def plain(self, images: Tensor) -> Tensor:
        """The whole picture at the size of a view, without chance."""
        if images.shape[-1] == self.size:
            return images
        return functional.interpolate(
            images, size=(self.size, self.size), mode="bilinear", antialias=True, align_corners=False
        )

    def maps(self, step: int, dice: Dice) -> Tensor:
        """The affine maps from view to canvas coordinates (both in [-1, 1]), [pictures, 2, 3]."""
        draws = dice.uniform(step, "geometry", 7)
        small, large = self.crop
        share = small + (large - small) * draws[:, 0]
        centre = (2 * draws[:, 1:3] - 1) * (1 - share).unsqueeze(1) + (2 * draws[:, 3:5] - 1) * 2 * self.shift
        mirrored = torch.where(draws[:, 5] < self.flip, -share, share)
        angle = (2 * draws[:, 6] - 1) * math.radians(self.rotate)
        cosine, sine = angle.cos(), angle.sin()
        rows = [
            torch.stack([cosine * mirrored, -sine * share, centre[:, 0]], 1),
            torch.stack([sine * mirrored, cosine * share, centre[:, 1]], 1),
        ]
        return torch.stack(rows, 1)

    def _resampled(self, images: Tensor, step: int, dice: Dice) -> Tensor:
        is_still = self.crop == (1.0, 1.0) and not (self.flip or self.rotate or self.shift)
        if is_still:
            return self.plain(images)
        # Where the canvas is finer than the view, sampling single points would alias: sample a multiple, then average.
        finer = max(1, math.ceil(images.shape[-1] * self.crop[1] / self.size - 1e-6))
        side = self.size * finer
        maps = self.maps(step, dice).to(images)
        grid = functional.affine_grid(maps, [images.shape[0], images.shape[1], side, side], align_corners=False)
        sampled = functional.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
        return functional.avg_pool2d(sampled, finer) if finer > 1 else sampled

    @staticmethod
    def _signed(dice: Dice, step: int, purpose: str, views: Tensor) -> Tensor:
        return (2 * dice.uniform(step, purpose, views.shape[1], 1, 1) - 1).to(views)

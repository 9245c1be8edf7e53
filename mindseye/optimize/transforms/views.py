"""Random changes that a picture must survive: of geometry, sharpness, colour, and noise.

Every step draws anew for each picture. All geometry is one affine map or homography, so the image is resampled once.
The few numbers that are drawn on the CPU go to the device without waiting for it: it may be several steps behind.
"""

import math
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.facets.image import halve
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.regularizers.functional import gaussian_blur
from mindseye.optimize.transforms.octaves import Octaves
from mindseye.optimize.transforms.perspective import homographies, project, seen_corners
from mindseye.optimize.transforms.transform import Change, apply_transforms, make_transforms

GREY = 0.5
LUMINANCE = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601)."""


@dataclass(frozen=True)
class Views:
    """What the network sees of a canvas.

    size: side of the views in px. crop: smallest and largest share of the side that a view shows. flip: probability.
    rotate: largest angle in degrees. shift: largest displacement as a share of the side. noise, colour_jitter: standard
    deviation of normal noise and largest change of a channel's gain and offset, in units of the brightness range.
    scale: smallest and largest factor on the side of what a view shows, about the view's centre; above 1 more than the
    canvas. pad: share of the side that is added all around the canvas first. padding: what lies outside the canvas, its
    ``reflection`` or ``grey``. perspective: see ``seen_corners``. blur: smallest and largest sigma in px of the view.
    greyscale: probability that a view of three channels is grey. octaves: how large the canvas is seen; fixed: the
    network takes no other size, so that in an octave larger than a view each view shows a part. transforms: the user's own,
    which come last.
    """

    size: int
    crop: tuple[float, float] = (1.0, 1.0)
    flip: float = 0.0
    rotate: float = 0.0
    shift: float = 0.0
    noise: float = 0.0
    colour_jitter: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    pad: float = 0.0
    padding: str = "reflection"
    perspective: float = 0.0
    blur: tuple[float, float] = (0.0, 0.0)
    greyscale: float = 0.0
    octaves: Octaves = field(default_factory=Octaves)
    fixed: bool = False
    transforms: tuple[Change, ...] = ()

    @classmethod
    def of(cls, recipe: Recipe, size: int, fixed: bool = False) -> "Views":
        """The views that a recipe asks for, of a size in px, for a network that takes no other size where ``fixed``."""
        return cls(
            size,
            recipe.crop,
            recipe.flip,
            recipe.rotate,
            recipe.shift,
            recipe.noise,
            recipe.colour_jitter,
            recipe.scale,
            recipe.pad,
            recipe.padding,
            recipe.perspective,
            recipe.view_blur,
            recipe.greyscale,
            Octaves.of(recipe),
            fixed,
            make_transforms(recipe.transforms),
        )

    def __call__(self, images: Tensor, step: int, random: RandomKeys) -> Tensor:
        """Random views [images, channels, size, size] of images [images, channels, side, side] in [0, 1]."""
        views = self.at(step, images.shape[-1])._resample(images, step, random)
        if self.blur[1]:
            views = self._blur(views, step, random)
        if self.greyscale and views.shape[1] == len(LUMINANCE):
            views = self._to_grey(views, step, random)
        if self.colour_jitter:
            gain = self._draw_signed(random, step, "gain", views) * self.colour_jitter
            offset = self._draw_signed(random, step, "offset", views) * self.colour_jitter
            views = views * (1 + gain) + offset
        if self.noise:
            views = views + self.noise * random.normal_on(views.device, step, "noise", *views.shape[1:])
        return apply_transforms(self.transforms, views, step, random)

    def at(self, step: int, side: int) -> "Views":
        """The views of a canvas of a side at a step: in an early octave smaller ones, or less close to the canvas."""
        if self.octaves.number == 1:
            return self
        if not self.fixed:
            return replace(self, size=self.octaves.side(step, self.size))
        share = min(1.0, self.size / self.octaves.side(step, side))
        return replace(self, crop=(self.crop[0] * share, self.crop[1] * share))

    def share(self, step: int) -> float:
        """What share of the canvas' side a step looks at: less than 1 in an early octave, where views can be smaller.

        Of the whole canvas: a view that shows a part of it has that many pixels less of it, and is enlarged.
        """
        return 1.0 if self.fixed else self.octaves.share(step)

    def plain(self, images: Tensor) -> Tensor:
        """The whole picture at the size of a view, without chance."""
        if images.shape[-1] == self.size:
            return images
        return functional.interpolate(
            images, size=(self.size, self.size), mode="bilinear", antialias=True, align_corners=False
        )

    def maps(self, step: int, random: RandomKeys) -> Tensor:
        """The affine maps from view to canvas coordinates (both in [-1, 1]), [pictures, 2, 3], without perspective."""
        draws = random.uniform(step, "geometry", 7)
        small, large = self.crop
        share = small + (large - small) * draws[:, 0]
        centre = (2 * draws[:, 1:3] - 1) * (1 - share).unsqueeze(1) + (2 * draws[:, 3:5] - 1) * 2 * self.shift
        if self.scale != (1.0, 1.0):
            small, large = self.scale
            share = share * (small + (large - small) * random.uniform(step, "scale", 1)[:, 0])
        mirrored = torch.where(draws[:, 5] < self.flip, -share, share)
        angle = (2 * draws[:, 6] - 1) * math.radians(self.rotate)
        cosine, sine = angle.cos(), angle.sin()
        rows = [
            torch.stack([cosine * mirrored, -sine * share, centre[:, 0]], 1),
            torch.stack([sine * mirrored, cosine * share, centre[:, 1]], 1),
        ]
        return torch.stack(rows, 1) * (1 + 2 * self.pad)

    def _resample(self, images: Tensor, step: int, random: RandomKeys) -> Tensor:
        is_whole = self.crop == self.scale == (1.0, 1.0) and not self.pad
        if is_whole and not (self.flip or self.rotate or self.shift or self.perspective):
            return self.plain(images)
        # Where the canvas is finer than the view, sampling single points would alias: sample a multiple, then average.
        widest = self.crop[1] * self.scale[1] * (1 + 2 * self.pad) / (1 - self.perspective)
        finer = max(1, math.ceil(images.shape[-1] * widest / self.size - 1e-6))
        grid = self._grid(images, self.size * finer, step, random)
        if self.padding == "grey":
            images = images - GREY
        mode = "zeros" if self.padding == "grey" else "reflection"
        sampled = functional.grid_sample(images, grid, mode="bilinear", padding_mode=mode, align_corners=False)
        if self.padding == "grey":
            sampled = sampled + GREY
        if finer == 1:
            return sampled
        return halve(sampled) if finer == 2 else functional.avg_pool2d(sampled, finer)

    def _grid(self, images: Tensor, side: int, step: int, random: RandomKeys) -> Tensor:
        maps = self.maps(step, random)
        if not self.perspective:
            shape = [images.shape[0], images.shape[1], side, side]
            return functional.affine_grid(maps.to(images, non_blocking=True), shape, align_corners=False)
        corners = seen_corners(random.uniform(step, "perspective", 4, 2), self.perspective)
        last = torch.tensor([0.0, 0.0, 1.0]).expand(len(maps), 1, 3)
        whole = torch.cat([maps, last], 1) @ homographies(corners)
        return project(whole.to(images, non_blocking=True), side)

    def _blur(self, views: Tensor, step: int, random: RandomKeys) -> Tensor:
        small, large = self.blur
        sigmas = small + (large - small) * random.uniform(step, "blur", 1)[:, 0]
        blurred = [gaussian_blur(view[None], float(sigma)) for view, sigma in zip(views, sigmas, strict=True)]
        return torch.cat(blurred)

    def _to_grey(self, views: Tensor, step: int, random: RandomKeys) -> Tensor:
        is_grey = random.uniform(step, "greyscale", 1, 1, 1) < self.greyscale
        weights = torch.tensor(LUMINANCE).to(views, non_blocking=True)
        luminance = (views * weights.view(1, -1, 1, 1)).sum(1, keepdim=True)
        return torch.where(is_grey.to(views.device, non_blocking=True), luminance, views)

    @staticmethod
    def _draw_signed(random: RandomKeys, step: int, purpose: str, views: Tensor) -> Tensor:
        return (2 * random.uniform(step, purpose, views.shape[1], 1, 1) - 1).to(views, non_blocking=True)

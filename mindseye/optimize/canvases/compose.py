"""From a recipe to the canvas that it asks for, showing its start."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.errors import UserError
from mindseye.optimize.canvases.alpha import Alpha
from mindseye.optimize.canvases.canvas import (
    Canvas,
    Decorrelated,
    Fourier,
    Phase,
    Pixels,
    mean_magnitude,
    natural_magnitude,
)
from mindseye.optimize.canvases.colour import Colours, builtin_colours, measured_colours, plain_colours
from mindseye.optimize.canvases.cppn import random_cppn
from mindseye.optimize.canvases.prior import Latent, Prior
from mindseye.optimize.canvases.pyramid import Laplacian, level_sides
from mindseye.optimize.canvases.shared import Shared
from mindseye.optimize.random import START, RandomKeys
from mindseye.optimize.recipe.recipe import Recipe

GREY = 0.5
GREY_NOISE = 0.1
PALETTE_PHOTOS = 100


@dataclass(frozen=True)
class Palette:
    """What the photos lend to a canvas: their colours, and for MACO the magnitude of their spectrum.

    One for all pictures, or, from ``joined``, one for each: colours and magnitude then have the picture as first axis.
    """

    colours: Colours
    magnitude: Tensor | None = None

    @classmethod
    def joined(cls, palettes: Sequence["Palette"]) -> "Palette":
        """The palettes of several pictures, each of which was for all, as one."""
        matrix = torch.stack([palette.colours.matrix for palette in palettes])
        mean = torch.stack([palette.colours.mean for palette in palettes])
        magnitudes = [palette.magnitude for palette in palettes if palette.magnitude is not None]
        return cls(Colours(matrix, mean), torch.stack(magnitudes) if magnitudes else None)

    def select(self, pictures: Sequence[int]) -> "Palette":
        """The palette of some of the pictures."""
        if self.colours.matrix.ndim == 2:
            return self
        chosen, magnitude = list(pictures), self.magnitude
        colours = Colours(self.colours.matrix[chosen], self.colours.mean[chosen])
        return Palette(colours, None if magnitude is None else magnitude[chosen])


def palette_of(recipe: Recipe, photos: Tensor | None, channels: int) -> Palette:
    """The palette that a recipe wants of photos, uint8 [n, channels, side, side]; of many the first hundred.

    Without photos colours are the built-in ones, and a MACO canvas has a magnitude of 1/f.
    """
    images = None if photos is None else photos[:PALETTE_PHOTOS].float() / 255
    if recipe.colours == "none":
        colours = plain_colours(channels)
    else:
        measured = images if recipe.colours == "images" else None
        colours = builtin_colours(channels) if measured is None else measured_colours(measured)
    if recipe.canvas != "maco":
        return Palette(colours)
    if images is None:
        return Palette(colours, natural_magnitude(recipe.size, channels))
    return Palette(colours, mean_magnitude(at_size(images, recipe.size), colours))


def compose_canvas(
    recipe: Recipe,
    side: int,
    channels: int,
    images: Tensor | None,
    palette: Palette,
    random: RandomKeys,
    device: torch.device,
    prior: Prior | None = None,
) -> Canvas:
    """The canvas that a recipe asks for, showing its start.

    Args:
        recipe: its keys from ``canvas`` to ``shared``. side, channels: of the pictures.
        images: what the pictures start from [pictures, channels, any, any] in [0, 1] where the recipe starts from
            ``weighted`` (each facet's weighted members) or ``photo``.
        palette: colours, and for MACO the magnitude. random: one key per picture. device: where the canvas lies.
        prior: the decoder of a canvas ``prior``, see ``load_prior``.

    Raises:
        UserError: if the recipe starts from images and there are none.
    """
    planes = channels + recipe.alpha
    colours = (palette.colours.with_alpha() if recipe.alpha else palette.colours).to(device)
    canvas: Canvas
    if recipe.canvas in ("fourier", "laplacian"):
        own = _decorrelated(recipe, side, planes, colours, random, device)
        canvas = Shared(own, recipe.shared, side, recipe.spectrum) if recipe.shared else own
    elif recipe.canvas == "maco":
        if palette.magnitude is None:
            raise ValueError("a MACO canvas wants the magnitude of the photos' spectrum")
        phase = torch.pi * (2 * random.uniform(START, "canvas", channels, side, side // 2 + 1) - 1)
        canvas = Phase(phase.to(device), palette.magnitude.to(device), colours)
    elif recipe.canvas == "cppn":
        width, depth = recipe.cppn_width, recipe.cppn_depth
        canvas = random_cppn(random, planes, side, width, depth, recipe.contrast, colours, device)
    elif recipe.canvas == "prior":
        if prior is None:
            raise ValueError("a canvas prior wants its decoder")
        canvas = Latent(random.normal(START, "canvas", *prior.latent).to(device), prior.to(device), side)
    else:
        noise = GREY + GREY_NOISE * random.normal(START, "canvas", planes, side, side)
        canvas = Pixels(noise.clamp(0, 1).to(device))
    if recipe.alpha:
        canvas = Alpha(canvas)
    start = _start(recipe, images, (len(random.keys), channels, side, side), device)
    if start is not None:
        canvas.replace(start)
    return canvas


def at_size(images: Tensor, side: int) -> Tensor:
    """Images [B, C, any, any] in [0, 1] as squares of a side, bicubic with antialiasing; as they are where they fit."""
    if images.shape[-1] == side:
        return images
    resized = functional.interpolate(images, size=(side, side), mode="bicubic", antialias=True, align_corners=False)
    return resized.clamp(0, 1)


def _decorrelated(
    recipe: Recipe, side: int, planes: int, colours: Colours, random: RandomKeys, device: torch.device
) -> Decorrelated:
    if recipe.canvas == "fourier":
        noise = recipe.contrast * random.normal(START, "canvas", planes, side, side // 2 + 1, 2)
        return Fourier(noise.to(device), side, recipe.spectrum, colours)
    levels = [
        recipe.contrast * random.normal(START, f"level {number}", planes, extent, extent)
        for number, extent in enumerate(level_sides(side, recipe.levels))
    ]
    return Laplacian([level.to(device) for level in levels], recipe.spectrum, colours)


def _start(
    recipe: Recipe, images: Tensor | None, shape: tuple[int, int, int, int], device: torch.device
) -> Tensor | None:
    if recipe.start == "noise":
        return None
    if recipe.start == "grey":
        return torch.full(shape, GREY, device=device)
    if images is None:
        what = "a photo" if recipe.start == "photo" else "the weighted members of facets"
        raise UserError(f"recipe {recipe.name} starts from {what}, and there is none; start from noise or grey")
    return at_size(images.to(device), shape[-1]).expand(shape)

"""Transparency: a canvas with one plane more, which says how opaque each pixel is."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.optimize.canvases.canvas import Canvas
from mindseye.optimize.random import RandomKeys

GREY = 0.5
PATCHES = 8


class Alpha(Canvas):
    """A canvas whose last plane is the opacity of the others.

    Mordvintsev, Pezzotti, Schubert, Olah, "Differentiable Image Parameterizations" (Distill 2018): every step shows the
    network the picture over another random background, so that only what the objective wants becomes opaque.
    Rendered, the picture lies over mid grey.
    """

    def __init__(self, canvas: Canvas) -> None:
        """canvas: renders the image's channels and behind them the opacity."""
        self.canvas = canvas

    @property
    def parameters(self) -> list[Tensor]:
        return self.canvas.parameters

    def render(self) -> Tensor:
        planes = self.planes()
        return over(planes, torch.full_like(planes[:, :-1], GREY))

    def planes(self) -> Tensor:
        return self.canvas.planes()

    def planes_at(self, share: float) -> Tensor:
        return self.canvas.planes_at(share)

    def step_images(self, planes: Tensor, step: int, random: RandomKeys) -> Tensor:
        behind = background(planes.shape[1] - 1, planes.shape[-1], step, random, planes.device)
        return over(planes, behind)

    def alpha(self) -> Tensor:
        return self.planes()[:, -1:]

    def replace(self, images: Tensor) -> None:
        """Make the canvas hold planes, or show images without an opacity, which then are opaque."""
        is_whole = images.shape[1] == self._count
        self.canvas.replace(images if is_whole else torch.cat([images, torch.ones_like(images[:, :1])], 1))

    @cached_property
    def _count(self) -> int:
        """How many planes the canvas holds; rendered once to be counted, as a canvas is smoothed every few steps."""
        return self.canvas.planes().shape[1]

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        return self.canvas.coarsen(changes, cutoff)

    def tidy(self) -> None:
        self.canvas.tidy()


def over(planes: Tensor, behind: Tensor) -> Tensor:
    """Images [B, C, H, W] from planes [B, C + 1, H, W], the last of them the opacity, over a background [B, C, H, W]."""
    return torch.lerp(behind, planes[:, :-1], planes[:, -1:])


def background(channels: int, side: int, step: int, random: RandomKeys, device: torch.device | None = None) -> Tensor:
    """A random background per picture, [pictures, channels, side, side] in [0, 1]: eight by eight patches, blurred.

    Only the patches are brought to the device, without waiting for it.
    """
    patches = random.uniform(step, "background", channels, PATCHES, PATCHES).to(device, non_blocking=True)
    return functional.interpolate(patches, size=(side, side), mode="bilinear", align_corners=False)

"""A part that all pictures of a batch share."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mindseye.optimize.canvases.canvas import Canvas, Decorrelated
from mindseye.optimize.canvases.fourier import Fourier
from mindseye.optimize.canvases.spectrum import low_pass

CYCLES = 4
"""How many cycles per picture the shared part has; finer detail is each picture's own."""


class Shared(Canvas):
    """Pictures that are in part one and the same low-frequency picture: ``(1 - share) own + share common``.

    Mordvintsev, Pezzotti, Schubert, Olah, "Differentiable Image Parameterizations" (Distill 2018), aligned neuron
    interpolation: what is in common need not be found anew for every picture, so they look alike. Here a picture depends
    on those beside it by definition, and one that turns NaN takes them with it.
    """

    def __init__(self, own: Decorrelated, share: float, side: int, exponent: float) -> None:
        """share: from 0 to below 1. side, exponent: of the picture, and of the 1/f^exponent scale of the common part."""
        self.own, self.share = own, share
        channels, device = own.colours.matrix.shape[0], own.colours.matrix.device
        nothing = torch.zeros(1, channels, side, side // 2 + 1, 2, device=device)
        self.common = Fourier(nothing, side, exponent, own.colours)
        self.common.scale = self.common.scale * low_pass(side, CYCLES / side).to(device)

    @property
    def parameters(self) -> list[Tensor]:
        return self.own.parameters + self.common.parameters

    def render(self) -> Tensor:
        mixed = (1 - self.share) * self.own.channels() + self.share * self.common.channels()
        return self.own.colours.to_image(mixed)

    @torch.no_grad()
    def replace(self, images: Tensor) -> None:
        """Make the canvas show other images; the common part stays as it is."""
        channels = self.own.colours.from_image(images)
        self.own.set_channels((channels - self.share * self.common.channels()) / (1 - self.share))

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        *own, common = changes
        return self.own.coarsen(own, cutoff) + self.common.coarsen([common], cutoff)

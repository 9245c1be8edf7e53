"""Pixels as a canvas."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mindseye.optimize.canvases.canvas import Canvas, CanvasRequest
from mindseye.optimize.canvases.spectrum import smooth
from mindseye.optimize.random import START

GREY = 0.5
GREY_NOISE = 0.1


class Pixels(Canvas):
    """The image itself; after every step it is cut to [0, 1]."""

    can_have_alpha = True

    def __init__(self, images: Tensor) -> None:
        self.images = images.clone().requires_grad_()

    @classmethod
    def build(cls, request: CanvasRequest) -> "Pixels":
        """Grey with a little noise."""
        noise = GREY + GREY_NOISE * request.random.normal(START, "canvas", request.planes, request.side, request.side)
        return cls(noise.clamp(0, 1).to(request.device))

    @property
    def parameters(self) -> list[Tensor]:
        return [self.images]

    def render(self) -> Tensor:
        # A view, as whoever asks for the gradient of what is rendered must not be given the parameter itself.
        return self.images.view_as(self.images)

    @torch.no_grad()
    def replace(self, images: Tensor) -> None:
        self.images.copy_(images.clamp(0, 1))

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        return [smooth(change, cutoff) for change in changes]

    @torch.no_grad()
    def tidy(self) -> None:
        self.images.clamp_(0, 1)

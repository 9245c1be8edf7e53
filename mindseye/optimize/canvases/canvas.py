"""Canvases: what is optimised, and how it is rendered as images in [0, 1].

Each canvas holds one picture per entry of its parameters' first axis, so that pictures never mix.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.optimize.canvases.colour import Colours
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.canvases.prior import Prior
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe


@dataclass(frozen=True)
class CanvasRequest:
    """Everything that a canvas is built from.

    recipe: its keys from ``canvas`` to ``shared``. side: of the pictures, in px. in_channels: planes of the network's input.
    palette: the colours, and for a canvas that wants it the magnitude of photos' spectra. random: one key per picture.
    device: where the canvas lies. images: what the pictures start from, [pictures or 1, in_channels, any, any] in [0, 1],
    where the recipe starts from ``weighted`` (each facet's weighted members) or ``photo``. prior: the decoder of a canvas
    that wants one.
    """

    recipe: Recipe
    side: int
    in_channels: int
    palette: Palette
    random: RandomKeys
    device: torch.device
    images: Tensor | None = None
    prior: Prior | None = None

    @property
    def pictures(self) -> int:
        """How many pictures the canvas holds."""
        return len(self.random.keys)

    @property
    def planes(self) -> int:
        """How many planes a pixel has: the network's, and where the recipe asks for alpha one more behind them."""
        return self.in_channels + self.recipe.alpha

    @property
    def colours(self) -> Colours:
        """The palette's colours for all planes, on the device."""
        colours = self.palette.colours
        return (colours.with_alpha() if self.recipe.alpha else colours).to(self.device)


class Canvas(ABC):
    """Parameters that render as images [pictures, planes, side, side] in [0, 1].

    One of your own needs three things: it is made from a ``CanvasRequest``, has ``parameters``, and can ``render``. What
    else it can do, its class says: recipes that ask for more are refused before anything is painted.
    """

    can_have_alpha: ClassVar[bool] = False
    """Whether it renders as many planes as are asked for (``CanvasRequest.planes``), so that the last can be an opacity."""
    can_share: ClassVar[bool] = False
    """Whether its pictures can have a part in common; only for a subclass of ``Decorrelated``."""
    fixed_side: ClassVar[int | None] = None
    """The side of its pictures in px where it has no choice; the network sees them at the size that it wants."""
    wants_magnitude: ClassVar[bool] = False
    """Whether it is built from the magnitude of photos' spectra (``CanvasRequest.palette.magnitude``)."""
    wants_prior: ClassVar[bool] = False
    """Whether it is built from a decoder (``CanvasRequest.prior``), which the recipe then names."""

    @classmethod
    def build(cls, request: CanvasRequest) -> "Canvas":
        """A canvas of ``request.pictures`` pictures at its own start; by default the class is called with the request."""
        return cls(request)  # type: ignore[call-arg]

    @classmethod
    def can_show(cls) -> bool:
        """Whether it can be made to show a given picture, which it says by having a ``replace`` of its own."""
        return cls.replace is not Canvas.replace

    @property
    @abstractmethod
    def parameters(self) -> list[Tensor]:
        """The leaf tensors that the optimizer moves; first axis: the picture, or 1 for what all of them share."""

    @abstractmethod
    def render(self) -> Tensor:
        """The images, differentiable with respect to the parameters."""

    def replace(self, images: Tensor) -> None:
        """Make the canvas show other images, as nearly as it can: a recipe may start from some, or change them after a step.

        Raises:
            UserError: where the canvas cannot show a given picture at all.
        """
        raise UserError(
            f"a canvas {type(self).__name__} cannot start from a picture, nor be smoothed after a step; use canvas fourier or "
            "pixels"
        )

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        """The part of a change of the parameters that moves frequencies up to ``cutoff`` (in cycles per pixel).

        By default all of it, as for a canvas each of whose parameters moves all frequencies at once.
        """
        return list(changes)

    def planes(self) -> Tensor:
        """What the canvas holds of each pixel, differentiable: the image's channels, and what else belongs to it."""
        return self.render()

    def planes_at(self, share: float) -> Tensor:
        """The planes for a step that looks at the canvas at a share of its side, no finer than that where the canvas can.

        Detail that such a step cannot see costs most of it otherwise. By default all of the planes.
        """
        return self.planes()

    def step_images(self, planes: Tensor, step: int, random: RandomKeys) -> Tensor:
        """The images that a step is made with, from the canvas' own planes."""
        return planes

    def alpha(self) -> Tensor | None:
        """How opaque each pixel is, [pictures, 1, side, side] in [0, 1], or None where all of it is."""
        return None

    def tidy(self) -> None:
        """Called after every step: bring the parameters back to where they mean something."""


class Decorrelated(Canvas):
    """A canvas whose channels become an image through decorrelated colours."""

    colours: Colours

    @abstractmethod
    def channels(self) -> Tensor:
        """The channels before their colours, of any range, [pictures, planes, side, side]."""

    @abstractmethod
    def set_channels(self, channels: Tensor) -> None:
        """Make the canvas hold these channels."""

    def render(self) -> Tensor:
        return self.colours.to_image(self.channels())

    @torch.no_grad()
    def replace(self, images: Tensor) -> None:
        self.set_channels(self.colours.from_image(images))

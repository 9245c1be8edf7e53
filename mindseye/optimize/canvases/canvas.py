"""Canvases: what is optimised, and how it is rendered as images in [0, 1].

Each canvas holds one picture per entry of its parameters' first axis, so that pictures never mix.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from mindseye.optimize.canvases.colour import Colours
from mindseye.optimize.random import RandomKeys


class Canvas(ABC):
    """Parameters that render as images [pictures, channels, side, side] in [0, 1]."""

    @property
    @abstractmethod
    def parameters(self) -> list[Tensor]:
        """The leaf tensors that the optimizer moves; first axis: the picture, or 1 for what all of them share."""

    @abstractmethod
    def render(self) -> Tensor:
        """The images, differentiable with respect to the parameters."""

    @abstractmethod
    def replace(self, images: Tensor) -> None:
        """Make the canvas show other images, as nearly as it can (regularizers that act on the image use it).

        Raises:
            UserError: where the canvas cannot show a given picture at all.
        """

    @abstractmethod
    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        """The part of a change of the parameters that moves frequencies up to ``cutoff`` (in cycles per pixel)."""

    def planes(self) -> Tensor:
        """What the canvas holds of each pixel, differentiable: the image's channels, and what else belongs to it."""
        return self.render()

    def seen(self, planes: Tensor, step: int, random: RandomKeys) -> Tensor:
        """The images that a step is made with, from the canvas' own planes."""
        return planes

    def alpha(self) -> Tensor | None:
        """How opaque each pixel is, [pictures, 1, side, side] in [0, 1], or None where all of it is."""
        return None

    def tidy(self) -> None:
        """Called after every step: bring the parameters back to where they mean something."""


class Pixels(Canvas):
    """The image itself; after every step it is cut to [0, 1]."""

    def __init__(self, images: Tensor) -> None:
        self.images = images.clone().requires_grad_()

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


class Decorrelated(Canvas):
    """A canvas whose channels become an image through decorrelated colours."""

    colours: Colours

    @abstractmethod
    def channels(self) -> Tensor:
        """The channels before their colours, of any range, [pictures, channels, side, side]."""

    @abstractmethod
    def set_channels(self, channels: Tensor) -> None:
        """Make the canvas hold these channels."""

    def render(self) -> Tensor:
        return self.colours.to_image(self.channels())

    @torch.no_grad()
    def replace(self, images: Tensor) -> None:
        self.set_channels(self.colours.from_image(images))


class Fourier(Decorrelated):
    """Fourier coefficients under a 1/f^exponent scale, in decorrelated colours.

    Olah, Mordvintsev, Schubert, "Feature Visualization" (Distill 2017): the scale makes a step of the optimizer move all
    frequencies in the proportion in which photos have them. The transform is orthonormal.
    """

    def __init__(self, coefficients: Tensor, side: int, exponent: float, colours: Colours) -> None:
        """coefficients: [pictures, channels, side, side // 2 + 1, 2], real and imaginary part."""
        self.coefficients = coefficients.clone().requires_grad_()
        self.side = side
        self.colours = colours
        self.scale = (frequencies(side).clamp_min(1 / side) ** -exponent / 4).to(coefficients.device)

    @property
    def parameters(self) -> list[Tensor]:
        return [self.coefficients]

    def channels(self) -> Tensor:
        spectrum = torch.view_as_complex(self.coefficients) * self.scale
        channels: Tensor = torch.fft.irfft2(spectrum, s=(self.side, self.side), norm="ortho")
        return channels

    @torch.no_grad()
    def set_channels(self, channels: Tensor) -> None:
        spectrum = torch.fft.rfft2(channels, norm="ortho") / self.scale
        self.coefficients.copy_(torch.view_as_real(spectrum))

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        return [change * low_pass(self.side, cutoff).to(change.device).unsqueeze(-1) for change in changes]


class Phase(Decorrelated):
    """MACO: the magnitude of the spectrum is that of photos and stays, only the phase is optimised.

    Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization" (NeurIPS
    2023). The magnitude is the mean over the user's own photos, in the same decorrelated space as the canvas.
    """

    def __init__(self, phase: Tensor, magnitude: Tensor, colours: Colours) -> None:
        """phase: [pictures, channels, side, side // 2 + 1] in radians. magnitude: the same, or that of all,
        [channels, side, side // 2 + 1].
        """
        self.phase = phase.clone().requires_grad_()
        self.magnitude = magnitude
        self.colours = colours

    @property
    def parameters(self) -> list[Tensor]:
        return [self.phase]

    def channels(self) -> Tensor:
        side = self.phase.shape[-2]
        spectrum = torch.polar(self.magnitude.expand_as(self.phase), self.phase)
        channels: Tensor = torch.fft.irfft2(spectrum, s=(side, side), norm="ortho")
        return channels

    @torch.no_grad()
    def set_channels(self, channels: Tensor) -> None:
        self.phase.copy_(torch.fft.rfft2(channels, norm="ortho").angle())

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        return [change * low_pass(change.shape[-2], cutoff).to(change.device) for change in changes]


def frequencies(side: int) -> Tensor:
    """The spatial frequency of each coefficient of a real 2-D transform, in cycles per pixel, [side, side // 2 + 1]."""
    rows = torch.fft.fftfreq(side).view(-1, 1)
    columns = torch.fft.rfftfreq(side).view(1, -1)
    return torch.hypot(rows, columns)


def low_pass(side: int, cutoff: float) -> Tensor:
    """How much of each frequency passes, ``1 / (1 + (f / cutoff)^4)`` (a Butterworth response), as ``frequencies``."""
    return 1 / (1 + (frequencies(side) / cutoff) ** 4)


def smooth(change: Tensor, cutoff: float) -> Tensor:
    """The frequencies of images [..., side, side] up to ``cutoff`` (in cycles per pixel), under ``low_pass``."""
    passed = low_pass(change.shape[-1], cutoff).to(change.device)
    coarse: Tensor = torch.fft.irfft2(torch.fft.rfft2(change) * passed, s=change.shape[-2:])
    return coarse


def mean_magnitude(images: Tensor, colours: Colours) -> Tensor:
    """The mean magnitude of the spectra of photos [N, channels, side, side], as ``Phase`` wants it."""
    spectra: Tensor = torch.fft.rfft2(colours.from_image(images), norm="ortho")
    return spectra.abs().mean(0)


def natural_magnitude(side: int, channels: int) -> Tensor:
    """A magnitude of 1/f as photos have it on average, [channels, side, side // 2 + 1], of images with unit variance.

    Field, "Relations between the statistics of natural images and the response properties of cortical cells" (JOSA A 4,
    1987). The orthonormal transform keeps the sum of squares; the constant coefficient is 0.
    """
    radii = frequencies(side)
    magnitude = 1 / radii.clamp_min(1 / side)
    magnitude[0, 0] = 0.0
    # Of a real transform the columns between the first and the last stand for two coefficients each.
    twice = torch.full((side // 2 + 1,), 2.0)
    twice[0] = 1.0
    twice[-1] = 1.0 if side % 2 == 0 else 2.0
    power = (magnitude.square() * twice).sum() / side**2
    return (magnitude / power.sqrt()).expand(channels, -1, -1).clone()

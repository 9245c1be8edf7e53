"""Canvases: what is optimised, and how it is rendered as images in [0, 1].

Each canvas holds one picture per entry of its parameters' first axis, so that pictures never mix.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from mindseye.optimize.colour import Colours


class Canvas(ABC):
    """Parameters that render as images [pictures, channels, side, side] in [0, 1]."""

    @property
    @abstractmethod
    def parameters(self) -> list[Tensor]:
        """The leaf tensors that the optimizer moves; first axis: the picture."""

    @abstractmethod
    def render(self) -> Tensor:
        """The images, differentiable with respect to the parameters."""

    @abstractmethod
    def replace(self, images: Tensor) -> None:
        """Make the canvas show other images, as nearly as it can (regularizers that act on the image use it)."""

    @abstractmethod
    def coarsen(self, change: Tensor, cutoff: float) -> Tensor:
        """The part of a change of the parameters that moves frequencies up to ``cutoff`` (in cycles per pixel)."""

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
        # A view, as whoever hooks the gradient of what is rendered must not hook the parameter itself for good.
        return self.images.view_as(self.images)

    @torch.no_grad()
    def replace(self, images: Tensor) -> None:
        self.images.copy_(images.clamp(0, 1))

    def coarsen(self, change: Tensor, cutoff: float) -> Tensor:
        passed = low_pass(change.shape[-1], cutoff).to(change.device)
        coarse: Tensor = torch.fft.irfft2(torch.fft.rfft2(change) * passed, s=change.shape[-2:])
        return coarse

    @torch.no_grad()
    def tidy(self) -> None:
        self.images.clamp_(0, 1)


class Fourier(Canvas):
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

    def render(self) -> Tensor:
        spectrum = torch.view_as_complex(self.coefficients) * self.scale
        return self.colours.to_image(torch.fft.irfft2(spectrum, s=(self.side, self.side), norm="ortho"))

    @torch.no_grad()
    def replace(self, images: Tensor) -> None:
        spectrum = torch.fft.rfft2(self.colours.from_image(images), norm="ortho") / self.scale
        self.coefficients.copy_(torch.view_as_real(spectrum))

    def coarsen(self, change: Tensor, cutoff: float) -> Tensor:
        return change * low_pass(self.side, cutoff).to(change.device).unsqueeze(-1)


class Phase(Canvas):
    """MACO: the magnitude of the spectrum is that of photos and stays, only the phase is optimised.

    Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization" (NeurIPS
    2023). The magnitude is the mean over the user's own photos, in the same decorrelated space as the canvas.
    """

    def __init__(self, phase: Tensor, magnitude: Tensor, colours: Colours) -> None:
        """phase: [pictures, channels, side, side // 2 + 1] in radians. magnitude: [channels, side, side // 2 + 1]."""
        self.phase = phase.clone().requires_grad_()
        self.magnitude = magnitude
        self.colours = colours

    @property
    def parameters(self) -> list[Tensor]:
        return [self.phase]

    def render(self) -> Tensor:
        side = self.phase.shape[-2]
        spectrum = torch.polar(self.magnitude.expand_as(self.phase), self.phase)
        return self.colours.to_image(torch.fft.irfft2(spectrum, s=(side, side), norm="ortho"))

    @torch.no_grad()
    def replace(self, images: Tensor) -> None:
        self.phase.copy_(torch.fft.rfft2(self.colours.from_image(images), norm="ortho").angle())

    def coarsen(self, change: Tensor, cutoff: float) -> Tensor:
        return change * low_pass(change.shape[-2], cutoff).to(change.device)


def frequencies(side: int) -> Tensor:
    """The spatial frequency of each coefficient of a real 2-D transform, in cycles per pixel, [side, side // 2 + 1]."""
    rows = torch.fft.fftfreq(side).view(-1, 1)
    columns = torch.fft.rfftfreq(side).view(1, -1)
    return torch.hypot(rows, columns)


def low_pass(side: int, cutoff: float) -> Tensor:
    """How much of each frequency passes, ``1 / (1 + (f / cutoff)^4)`` (a Butterworth response), as ``frequencies``."""
    return 1 / (1 + (frequencies(side) / cutoff) ** 4)


def mean_magnitude(images: Tensor, colours: Colours) -> Tensor:
    """The mean magnitude of the spectra of photos [N, channels, side, side], as ``Phase`` wants it."""
    spectra: Tensor = torch.fft.rfft2(colours.from_image(images), norm="ortho")
    return spectra.abs().mean(0)

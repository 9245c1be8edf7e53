"""A spectrum as a canvas: Fourier coefficients, or their phase alone under the magnitude of photos."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from mindseye.optimize.canvases.canvas import CanvasRequest, Decorrelated
from mindseye.optimize.canvases.colour import Colours
from mindseye.optimize.canvases.spectrum import frequencies, images_of, low_pass
from mindseye.optimize.random import START


class Spectral(Decorrelated):
    """A canvas whose channels are the images of a spectrum."""

    @abstractmethod
    def spectrum(self) -> Tensor:
        """The orthonormal spectrum of the channels, complex, [pictures, planes, side, side // 2 + 1]."""

    def channels(self) -> Tensor:
        return images_of(self.spectrum())

    def planes_at(self, share: float) -> Tensor:
        kind = type(self)
        if kind.channels is not Spectral.channels or kind.render is not Spectral.render:  # it shows something else
            return self.planes()
        return self.colours.to_image(images_of(self.spectrum(), share))


class Fourier(Spectral):
    """Fourier coefficients under a 1/f^exponent scale, in decorrelated colours.

    Olah, Mordvintsev, Schubert, "Feature Visualization" (Distill 2017): the scale makes a step of the optimizer move all
    frequencies in the proportion in which photos have them. The transform is orthonormal.
    """

    can_have_alpha = True
    can_share = True

    def __init__(self, coefficients: Tensor, side: int, exponent: float, colours: Colours) -> None:
        """coefficients: [pictures, channels, side, side // 2 + 1, 2], real and imaginary part."""
        self.coefficients = coefficients.clone().requires_grad_()
        self.side = side
        self.colours = colours
        self.scale = (frequencies(side).clamp_min(1 / side) ** -exponent / 4).to(coefficients.device)

    @classmethod
    def build(cls, request: CanvasRequest) -> "Fourier":
        """Normal coefficients, of the recipe's contrast."""
        recipe, side = request.recipe, request.side
        noise = recipe.contrast * request.random.normal(START, "canvas", request.planes, side, side // 2 + 1, 2)
        return cls(noise.to(request.device), side, recipe.spectrum, request.colours)

    @property
    def parameters(self) -> list[Tensor]:
        return [self.coefficients]

    def spectrum(self) -> Tensor:
        return torch.view_as_complex(self.coefficients) * self.scale

    @torch.no_grad()
    def set_channels(self, channels: Tensor) -> None:
        spectrum = torch.fft.rfft2(channels, norm="ortho") / self.scale
        self.coefficients.copy_(torch.view_as_real(spectrum))

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        return [change * low_pass(self.side, cutoff, change.device).unsqueeze(-1) for change in changes]


class Phase(Spectral):
    """MACO: the magnitude of the spectrum is that of photos and stays, only the phase is optimised.

    Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization" (NeurIPS
    2023). The magnitude is the mean over the user's own photos, in the same decorrelated space as the canvas.
    """

    wants_magnitude = True

    def __init__(self, phase: Tensor, magnitude: Tensor, colours: Colours) -> None:
        """phase: [pictures, channels, side, side // 2 + 1] in radians. magnitude: the same, or that of all,
        [channels, side, side // 2 + 1].
        """
        self.phase = phase.clone().requires_grad_()
        self.magnitude = magnitude
        self.colours = colours

    @classmethod
    def build(cls, request: CanvasRequest) -> "Phase":
        """Every phase as likely as any other.

        Raises:
            ValueError: if the palette has no magnitude.
        """
        magnitude, side = request.palette.magnitude, request.side
        if magnitude is None:
            raise ValueError("a MACO canvas wants the magnitude of the photos' spectrum")
        phase = torch.pi * (2 * request.random.uniform(START, "canvas", request.planes, side, side // 2 + 1) - 1)
        return cls(phase.to(request.device), magnitude.to(request.device), request.colours)

    @property
    def parameters(self) -> list[Tensor]:
        return [self.phase]

    def spectrum(self) -> Tensor:
        return torch.polar(self.magnitude.expand_as(self.phase), self.phase)

    @torch.no_grad()
    def set_channels(self, channels: Tensor) -> None:
        self.phase.copy_(torch.fft.rfft2(channels, norm="ortho").angle())

    def coarsen(self, changes: Sequence[Tensor], cutoff: float) -> list[Tensor]:
        return [change * low_pass(change.shape[-2], cutoff, change.device) for change in changes]

"""Spatial frequencies: of the coefficients of a spectrum, of photos, and what passes a low-pass."""

import torch
from torch import Tensor

from mindseye.optimize.canvases.colour import Colours


def frequencies(side: int, device: torch.device | None = None) -> Tensor:
    """The spatial frequency of each coefficient of a real 2-D transform, in cycles per pixel, [side, side // 2 + 1]."""
    rows = torch.fft.fftfreq(side, device=device).view(-1, 1)
    columns = torch.fft.rfftfreq(side, device=device).view(1, -1)
    return torch.hypot(rows, columns)


def low_pass(side: int, cutoff: float, device: torch.device | None = None) -> Tensor:
    """How much of each frequency passes, ``1 / (1 + (f / cutoff)^4)`` (a Butterworth response), as ``frequencies``.

    device: where it is made, as bringing it there at every step would make a GPU wait.
    """
    return 1 / (1 + (frequencies(side, device) / cutoff) ** 4)


def images_of(spectrum: Tensor, share: float = 1.0) -> Tensor:
    """Images [..., side, side] of orthonormal spectra [..., whole, whole // 2 + 1]. share: of the whole side, at most 1.

    Smaller images hold all frequencies below their own Nyquist frequency unchanged, and nothing else; their first pixel is at
    the same place, so that the others lie up to half a pixel off.
    """
    whole = spectrum.shape[-2]
    side = max(1, round(share * whole))
    if side < whole:
        above = (side - 1) // 2
        nyquist = torch.zeros_like(spectrum[..., : (side - 1) % 2, :])
        rows = torch.cat([spectrum[..., : above + 1, :], nyquist, spectrum[..., whole - above :, :]], -2)
        # Each coefficient of an orthonormal spectrum grows with the side of its image.
        spectrum = rows[..., : above + 1] * (side / whole)
    images: Tensor = torch.fft.irfft2(spectrum, s=(side, side), norm="ortho")
    return images


def smooth(change: Tensor, cutoff: float) -> Tensor:
    """The frequencies of images [..., side, side] up to ``cutoff`` (in cycles per pixel), under ``low_pass``."""
    passed = low_pass(change.shape[-1], cutoff, change.device)
    coarse: Tensor = torch.fft.irfft2(torch.fft.rfft2(change) * passed, s=change.shape[-2:])
    return coarse


def mean_magnitude(images: Tensor, colours: Colours) -> Tensor:
    """The mean magnitude of the spectra of photos [N, channels, side, side], [channels, side, side // 2 + 1]."""
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

"""Does a picture look like a photo? Measures of the image itself, and of the spread of its activations.

Frequencies are in cycles per pixel, so an image is only compared with images of the same height and width.
A measure that does not exist (the spectrum of a flat image, a ratio to zero) is NaN.
"""

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.sort import sort_values
from mindseye.measure.arguments import check_tensor
from mindseye.optimize.regularizers.functional import total_variation

REC601_LUMA = (0.299, 0.587, 0.114)
HIGH_FREQUENCY = 0.25
# A Hann window's main lobe is two steps wide on either side, so the first step holds what leaked from the mean.
_FIRST_RADIUS = 2
# Keeps the logarithm finite for an annulus without any power, far below what rounding to bytes leaves in a picture.
_POWER_FLOOR = 1e-12


def grey(images: Tensor) -> Tensor:
    """Grey [B, H, W] in float64 of images [B, C, H, W]: ITU-R BT.601 luma of three channels, the mean of any other number."""
    if images.ndim != 4:
        raise UserError(f"images of shape {list(images.shape)}: give [B, C, H, W]")
    if images.shape[1] != 3:
        return images.double().mean(1)
    return torch.einsum("bchw,c->bhw", images.double(), images.new_tensor(REC601_LUMA, dtype=torch.float64))


def frequency_radius(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """Distance from the origin [H, W], in cycles per pixel, of each coefficient of `torch.fft.fft2`."""
    vertical = torch.fft.fftfreq(height, device=device, dtype=torch.float64)
    horizontal = torch.fft.fftfreq(width, device=device, dtype=torch.float64)
    return torch.hypot(vertical[:, None], horizontal[None, :])


def high_frequencies(images: Tensor) -> Tensor:
    """Share [B], in [0, 1], of the grey image's spectral power above 0.25 cycles per pixel, without the mean.

    The periodogram |FFT|^2 of images [B, 3, H, W] in [0, 1], with no window; "above" is by radius, the corners of the
    spectrum (up to 0.71) included. White noise has about 1 - pi/16 = 0.80.
    """
    luma = grey(images)
    power = torch.fft.fft2(luma - luma.mean((-2, -1), keepdim=True)).abs().square()
    above = frequency_radius(power.shape[-2], power.shape[-1], power.device) > HIGH_FREQUENCY
    share: Tensor = (power * above).sum((-2, -1)) / power.sum((-2, -1))
    return share


def radial_power(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean spectral power [B, R] of the grey images [B, 3, H, W] on annuli, and the annuli's frequencies [R].

    Annuli are one step of 1/min(H, W) wide, from 2 steps to 0.5 cycles per pixel (whole circles only). The images are
    windowed (Hann, both directions, the windowed mean removed): a photo's borders do not meet, and their jump would
    put power along both axes of its spectrum which a picture on a periodic Fourier canvas does not have.
    """
    luma = grey(images)
    height, width = luma.shape[-2:]
    rows, columns = (torch.hann_window(n, device=luma.device, dtype=luma.dtype) for n in (height, width))
    window = rows[:, None] * columns[None, :]
    mean = (luma * window).sum((-2, -1), keepdim=True) / window.sum()
    power = torch.fft.fft2((luma - mean) * window).abs().square()
    side = min(height, width)
    annulus = (frequency_radius(height, width, luma.device) * side).round().long().flatten()
    last = side // 2
    if last < _FIRST_RADIUS + 1:
        raise UserError(f"images of {width} x {height} pixels are too small for a spectrum: give at least 6 x 6")
    counts = torch.bincount(annulus)
    sums = power.new_zeros(len(power), len(counts)).index_add_(1, annulus, power.flatten(1))
    radii = torch.arange(_FIRST_RADIUS, last + 1, device=luma.device)
    return sums[:, radii] / counts[radii], radii.double() / side


def spectrum_slope(images: Tensor) -> Tensor:
    """Slope [B] of log radial power against log frequency for images [B, 3, H, W]: about -2 for photos, 0 for noise.

    Least squares over the annuli of `radial_power`, each counted once (Field, "Relations between the statistics of
    natural images and the response properties of cortical cells", JOSA A 4, 1987; van der Schaaf and van Hateren,
    Vision Research 36, 1996). An image whose amplitude falls as 1/f^a has slope -2a.
    """
    power, frequencies = radial_power(images)
    largest = power.amax(1, keepdim=True)
    heights = (power / largest).clamp_min(_POWER_FLOOR).log()  # NaN stays NaN: a flat image has no slope
    places = frequencies.log() - frequencies.log().mean()
    return (heights * places).sum(1) / places.square().sum()


def naturalness(images: Tensor, members: Tensor, folder_slope: float | None = None) -> dict[str, Tensor]:
    """Whether pictures look like photos, by what needs no network: real photos have 1, 1 and 0 on average.

    The photos' own baseline, which says how far single photos are from these, is ``naturalness(members, members)``.

    Args:
        images: the pictures, [B, C, H, W] in [0, 1].
        members: real photos to compare them with, such as the facet's members, [n, C, H, W] in [0, 1], of the same size:
            frequencies are per pixel.
        folder_slope: the mean ``spectrum_slope`` of many photos at that size; by default that of the members.

    Returns:
        ``total_variation`` and ``high_frequencies`` (the share of spectral power above 0.25 cycles per pixel), as ratios
        to the members' mean; ``spectrum_slope``, the slope of log power over log frequency less ``folder_slope``
        (Field, JOSA A 4, 1987); each [B]. NaN where a number does not exist, as for a flat image.

    Raises:
        UserError: if a parameter is of the wrong type or shape, naming it.
    """
    check_tensor(images, "images", "[B, C, H, W]")
    check_tensor(members, "members", "[n, C, H, W]")
    if folder_slope is not None and not isinstance(folder_slope, int | float):
        raise UserError(f"folder_slope must be a number, not {type(folder_slope).__name__}")
    if not len(members):
        raise UserError("a facet without members has nothing to compare its picture with")
    if images.shape[-2:] != members.shape[-2:]:
        raise UserError(
            f"pictures of {list(images.shape[-2:])} and members of {list(members.shape[-2:])} pixels: "
            "resize them to one size, since frequencies are per pixel"
        )
    if folder_slope is None:
        folder_slope = float(spectrum_slope(members).nanmean())
    return {
        "total_variation": _ratio(total_variation(images), total_variation(members).mean()),
        "high_frequencies": _ratio(high_frequencies(images), high_frequencies(members).mean()),
        "spectrum_slope": spectrum_slope(images) - folder_slope,
    }


def sorted_distance(activations: Tensor, ranks: Tensor) -> Tensor:
    """Distance [B] at one layer between the spread of a picture's activations and its target's, 0 for the same.

    Per channel the 1-D Wasserstein distance W1, the integral over u in [0, 1] of |F^-1(u) - G^-1(u)| (Vallender,
    "Calculation of the Wasserstein distance between probability distributions on the line", Theory Probab. Appl. 18,
    1974), averaged over the channels and divided by the mean absolute value of the target, so that layers compare.
    `activations` [B, C, P] in any order; `ranks` [B or 1, C, Q] the members' sorted activations. P and Q may differ:
    the quantile functions are step functions, and the integral over them is exact. NaN where the target is all zero.
    """
    if activations.shape[1] != ranks.shape[1]:
        raise UserError(f"{activations.shape[1]} channels painted and {ranks.shape[1]} in the target: not one layer")
    p, q = activations.shape[-1], ranks.shape[-1]
    ours, theirs = sort_values(activations.float()), sort_values(ranks.float())
    scale = ranks.float().abs().mean((-2, -1))
    if p == q:
        return _ratio((ours - theirs).abs().mean((-2, -1)), scale)
    # In units of 1/(p q), where both sets of steps are whole numbers, so that no step is lost to rounding.
    whole = p * q + 1
    steps = torch.cat([torch.arange(0, whole, n, device=activations.device) for n in (p, q)]).unique()  # type: ignore[no-untyped-call]
    apart = (ours[..., steps[:-1] // q] - theirs[..., steps[:-1] // p]).abs()
    return _ratio((apart * (steps.diff() / (p * q))).sum(-1).mean(-1), scale)


def robustness_gap(objective_clean: Tensor, objective_transformed: Tensor) -> Tensor:
    """Share [B] of a picture's objective that it loses under transforms it was not painted with.

    `objective_clean` [B] and `objective_transformed` [T, B] (T draws or kinds) of an objective that is the better the
    larger. (clean - mean over T) / |clean|: 0 where nothing is lost, 1 where all is, negative where it gains. After
    Olah et al., "Feature Visualization", Distill 2017, section on transformation robustness.
    """
    if objective_transformed.ndim != 2 or objective_transformed.shape[1:] != objective_clean.shape:
        shape = list(objective_transformed.shape)
        raise UserError(f"objectives of shape {shape} under transforms: give [transforms, {len(objective_clean)}]")
    lost = objective_clean - objective_transformed.mean(0)
    return _ratio(lost, objective_clean.abs())


def _ratio(values: Tensor, reference: Tensor) -> Tensor:
    return torch.where(reference == 0, torch.nan, values / reference)

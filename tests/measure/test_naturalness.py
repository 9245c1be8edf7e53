"""Measures of the image, against closed forms of waves and noise, slow loops and scipy."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from torch import Tensor

from mindseye.errors import UserError
from mindseye.measure.naturalness import (
    grey,
    high_frequencies,
    naturalness,
    robustness_gap,
    sorted_distance,
    spectrum_slope,
)


def wave(frequency: float, amplitude: float, side: int = 32) -> Tensor:
    """A grey image [1, 3, side, side] around 0.5 whose rows are one cosine, in cycles per pixel."""
    row = 0.5 + amplitude * torch.cos(2 * math.pi * frequency * torch.arange(side, dtype=torch.float64))
    return row.expand(1, 3, side, side)


def power_law(exponent: float, count: int, side: int, seed: int = 0) -> Tensor:
    """Periodic noise [count, 3, side, side] whose amplitude falls as 1/f^exponent."""
    white = torch.randn(count, 1, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    along = torch.fft.fftfreq(side, dtype=torch.float64)
    radius = torch.hypot(along[:, None], along[None, :]).clamp_min(1 / side)
    coloured = torch.fft.ifft2(torch.fft.fft2(white) / radius**exponent).real
    images: Tensor = 0.5 + 0.1 * coloured / coloured.std()
    return images.expand(count, 3, side, side)


def test_grey_is_rec601_luma() -> None:
    """The three primaries weigh as in BT.601, of another number of channels the mean is grey."""
    primaries = torch.eye(3)[:, :, None, None].expand(3, 3, 2, 2)
    assert torch.allclose(grey(primaries)[:, 0, 0], torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64))
    assert torch.equal(grey(primaries[:, :1]), primaries[:, 0].double())
    assert torch.allclose(grey(torch.arange(7.0).view(1, 7, 1, 1)), torch.tensor(3.0, dtype=torch.float64))


@pytest.mark.parametrize(("frequency", "share"), [(4 / 32, 0.0), (8 / 32, 0.0), (9 / 32, 1.0), (16 / 32, 1.0)])
def test_high_frequencies_of_one_wave(frequency: float, share: float) -> None:
    """A wave lies wholly below or above a quarter cycle per pixel, which itself is not above; the mean is left out."""
    assert high_frequencies(wave(frequency, 0.2)).item() == pytest.approx(share, abs=1e-12)


def test_high_frequencies_of_two_waves() -> None:
    """Powers add as squared amplitudes: 0.3 below and 0.1 above give a tenth."""
    both = wave(3 / 32, 0.3) + wave(12 / 32, 0.1)
    assert high_frequencies(both).item() == pytest.approx(0.1)


def test_high_frequencies_against_a_slow_transform() -> None:
    """The same share from sums of sines and cosines written out, on an image that is not square."""
    image = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    luma = grey(image)[0].numpy()
    y, x = np.mgrid[:6, :8]
    above = total = 0.0
    for row in range(6):
        for column in range(8):
            if row == column == 0:
                continue
            v, u = (row / 6 + 0.5) % 1 - 0.5, (column / 8 + 0.5) % 1 - 0.5
            power = abs((luma * np.exp(-2j * np.pi * (v * y + u * x))).sum()) ** 2
            total += power
            above += power * (math.hypot(u, v) > 0.25)
    assert high_frequencies(image).item() == pytest.approx(above / total)


def test_white_noise_has_a_flat_spectrum() -> None:
    """White noise: slope 0, and the share of the spectrum's square outside a circle of radius 1/4."""
    noise = power_law(0.0, 24, 96)
    assert spectrum_slope(noise).mean().item() == pytest.approx(0, abs=0.04)
    assert high_frequencies(noise).mean().item() == pytest.approx(1 - math.pi / 16, abs=0.01)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.25, 1.5])
def test_slope_of_power_law_noise(exponent: float) -> None:
    """Amplitude 1/f^a is power of slope -2a."""
    assert spectrum_slope(power_law(exponent, 24, 96)).mean().item() == pytest.approx(-2 * exponent, abs=0.05)


def test_borders_that_do_not_meet_leave_the_slope() -> None:
    """A ramp is smooth but for its jump at the border: it moves the slope by little, and by much without the window."""
    noise = power_law(2.0, 4, 96)
    ramp = torch.linspace(-0.3, 0.3, 96, dtype=torch.float64)
    moved = (spectrum_slope(noise + ramp) - spectrum_slope(noise)).abs().max().item()
    bare, ramped = (_slow_slope(grey(images)[0].numpy()) for images in (noise, noise + ramp))
    assert moved < 0.1 < 1 < ramped - bare


def test_slope_against_a_slow_fit() -> None:
    """The windowed slope from loops over the annuli and numpy's polynomial fit, on an image that is not square."""
    image = power_law(1.0, 1, 24)[..., :20]
    luma = grey(image)[0].numpy()
    window = np.outer(*(np.sin(np.pi * np.arange(n) / n) ** 2 for n in luma.shape))
    windowed = (luma - (luma * window).sum() / window.sum()) * window
    assert spectrum_slope(image).item() == pytest.approx(_slow_slope(windowed))


def _slow_slope(luma: np.ndarray) -> float:
    power = np.abs(np.fft.fft2(luma)) ** 2
    side = min(luma.shape)
    annuli: dict[int, list[float]] = {}
    for row, v in enumerate(np.fft.fftfreq(luma.shape[0])):
        for column, u in enumerate(np.fft.fftfreq(luma.shape[1])):
            annuli.setdefault(round(math.hypot(u, v) * side), []).append(power[row, column])
    radii = range(2, side // 2 + 1)
    means = [np.mean(annuli[radius]) for radius in radii]
    return float(np.polyfit(np.log([radius / side for radius in radii]), np.log(means), 1)[0])


def test_a_flat_image_has_no_spectrum() -> None:
    """Without power there is no share and no slope: NaN, not 0; and an image too small for annuli is refused."""
    flat = torch.full((1, 3, 16, 16), 0.5)
    assert high_frequencies(flat).isnan().all()
    assert spectrum_slope(flat).isnan().all()
    with pytest.raises(UserError, match="4 x 4 pixels are too small"):
        spectrum_slope(torch.rand(1, 3, 4, 4))


def test_naturalness_beside_the_members() -> None:
    """Twice the contrast is twice the variation and the same spectrum; the members average 1 beside themselves."""
    members = power_law(1.0, 6, 32)
    doubled = naturalness(2 * members - 0.5, members, folder_slope=-2.0)
    own = naturalness(members, members, folder_slope=-2.0)
    assert torch.allclose(doubled["total_variation"], 2 * own["total_variation"])
    assert torch.allclose(doubled["high_frequencies"], own["high_frequencies"])
    assert torch.allclose(own["spectrum_slope"], spectrum_slope(members) + 2)
    assert own["total_variation"].mean().item() == pytest.approx(1)
    assert own["high_frequencies"].mean().item() == pytest.approx(1)
    assert naturalness(members, torch.ones_like(members), -2.0)["total_variation"].isnan().all()


def test_naturalness_asks_for_one_size() -> None:
    """Frequencies are per pixel, so another size is refused, as is a facet without members."""
    members = power_law(1.0, 2, 16)
    with pytest.raises(UserError, match="one size"):
        naturalness(power_law(1.0, 1, 24), members, -2.0)
    with pytest.raises(UserError, match="without members"):
        naturalness(members, members[:0], -2.0)


@pytest.mark.parametrize("positions", [12, 9, 30, 1])
def test_sorted_distance_against_scipy(positions: int) -> None:
    """Per picture the mean of scipy's W1 over the channels, over the target's mean absolute value; any P and Q."""
    random = torch.Generator().manual_seed(positions)
    activations = torch.randn(3, 4, positions, generator=random)
    ranks = torch.randn(3, 4, 12, generator=random).sort(-1).values
    for ours, theirs, found in zip(activations, ranks, sorted_distance(activations, ranks), strict=True):
        slow = np.mean([wasserstein_distance(a.numpy(), t.numpy()) for a, t in zip(ours, theirs, strict=True)])
        assert found.item() == pytest.approx(slow / theirs.abs().mean().item(), rel=1e-5)


def test_sorted_distance_of_a_shift() -> None:
    """Shuffled positions are at distance 0; a shift by s is at s over the mean activation; one target serves many."""
    ranks = torch.arange(1.0, 9.0).reshape(1, 2, 4)
    shuffled = ranks[..., [2, 0, 3, 1]]
    found = sorted_distance(torch.cat([shuffled, shuffled + 0.9]), ranks)
    assert torch.allclose(found, torch.tensor([0.0, 0.9 / 4.5]))
    assert sorted_distance(ranks, torch.zeros_like(ranks)).isnan().all()
    with pytest.raises(UserError, match="not one layer"):
        sorted_distance(ranks, ranks[:, :1])


def test_robustness_gap() -> None:
    """Nothing lost is 0, all is 1, a gain is negative whatever the sign, and nothing to lose is NaN."""
    clean = torch.tensor([2.0, 2.0, 2.0, -2.0, 0.0])
    transformed = torch.tensor([[2.0, 1.0, 3.0, -1.0, 1.0], [2.0, -1.0, 3.0, -1.0, 1.0]])
    assert robustness_gap(clean, transformed)[:4].tolist() == [0.0, 1.0, -0.5, -0.5]
    assert robustness_gap(clean, transformed)[4].isnan()
    with pytest.raises(UserError, match="transforms, 5"):
        robustness_gap(clean, transformed[0])

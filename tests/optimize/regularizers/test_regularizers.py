"""Regularizers: the blur against SciPy, mask and total variation against their definitions written as loops."""

import math

import pytest
import torch
from scipy import ndimage

from mindseye.errors import UserError
from mindseye.optimize.regularizers.functional import (
    bilateral_blur,
    blend,
    brighten,
    centre_mask,
    gaussian_blur,
    normalise,
    power_norm,
    total_variation,
    variation_norm,
)


@pytest.fixture
def images():
    """Two images of noise, wider than high."""
    return torch.rand(2, 3, 14, 19, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("sigma", [0.2, 0.5, 0.9, 2.0])
def test_blur_is_scipys(images, sigma):
    """Every channel as scipy.ndimage blurs it, cut off at three sigma, mirrored at the edges."""
    found = gaussian_blur(images, sigma)
    for image, blurred in zip(images.flatten(0, 1), found.flatten(0, 1), strict=True):
        expected = ndimage.gaussian_filter(image.numpy(), sigma, mode="mirror", truncate=3.0)
        torch.testing.assert_close(blurred, torch.from_numpy(expected), rtol=0, atol=1e-7)


def test_blur_of_nothing_is_nothing(images):
    """A sigma of 0, or one too small to reach a neighbour, gives the images back."""
    assert torch.equal(gaussian_blur(images, 0.0), images)
    assert torch.equal(gaussian_blur(images, 0.16), images)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2)])
def test_blur_of_images_smaller_than_its_kernel(size):
    """Where the kernel is wider than the image it is cut to what a mirror can show; flat stays flat."""
    flat = torch.full((1, 2, *size), 0.4)
    torch.testing.assert_close(gaussian_blur(flat, 5.0), flat)


def test_blur_lets_gradients_through(images):
    """Blur is linear and keeps the mean of an impulse far from the edges: its gradient sums to that of a plain sum."""
    leaf = images.clone().requires_grad_()
    gaussian_blur(leaf, 0.9)[0, 0, 7, 9].backward()
    assert leaf.grad is not None
    assert leaf.grad[0, 0].sum().item() == pytest.approx(1.0)
    assert leaf.grad[1].abs().sum() == 0


@pytest.mark.parametrize("sigma", [-0.1, float("nan"), float("inf")])
def test_impossible_blur_is_refused(images, sigma):
    """A sigma that is negative or no number is named."""
    with pytest.raises(UserError, match="blur sigma"):
        gaussian_blur(images, sigma)


@pytest.mark.parametrize(("side", "share"), [(7, 0.3), (8, 0.1367), (1, 0.5)])
def test_mask_by_definition(side, share):
    """exp(-d^2 / 2 sigma^2) at every pixel, d from the middle of the square, sigma a share of its side."""
    mask = centre_mask(side, share)
    assert mask.shape == (1, 1, side, side)
    middle = (side - 1) / 2
    for row in range(side):
        for column in range(side):
            squared = (row - middle) ** 2 + (column - middle) ** 2
            expected = math.exp(-squared / (2 * (share * side) ** 2))
            assert mask[0, 0, row, column].item() == pytest.approx(expected, rel=1e-5)


def test_mask_is_even_and_peaks_in_the_centre():
    """Mirrored and turned the mask is itself; on an odd side the centre pixel is exactly 1 and no other is."""
    mask = centre_mask(9, 0.2)
    for turned in (mask.flip(-1), mask.flip(-2), mask.transpose(-1, -2)):
        assert torch.equal(turned, mask)
    assert mask[0, 0, 4, 4] == 1
    assert (mask == 1).sum() == 1


@pytest.mark.parametrize(("side", "share"), [(8, 0.0), (8, -1.0), (0, 0.2), (8, float("nan"))])
def test_impossible_mask_is_refused(side, share):
    """Neither a side nor a sigma of 0 makes a mask."""
    with pytest.raises(UserError, match="above 0"):
        centre_mask(side, share)


def test_total_variation_by_definition(images):
    """The mean over all pairs side by side plus the mean over all pairs one above the other, per image."""
    for image, found in zip(images, total_variation(images), strict=True):
        channels, height, width = image.shape
        across = down = 0.0
        for channel in image.tolist():
            for row in range(height):
                for column in range(width):
                    if column + 1 < width:
                        across += abs(channel[row][column + 1] - channel[row][column])
                    if row + 1 < height:
                        down += abs(channel[row + 1][column] - channel[row][column])
        expected = across / (channels * height * (width - 1)) + down / (channels * (height - 1) * width)
        assert found.item() == pytest.approx(expected, rel=1e-12)


def test_total_variation_of_a_line_and_a_ramp():
    """A single pixel does not vary; a ramp of slope 0.1 has 0.1, across or down, in one channel or in three."""
    assert total_variation(torch.rand(3, 3, 1, 1)).tolist() == [0.0, 0.0, 0.0]
    ramp = 0.1 * torch.arange(8.0).reshape(1, 1, 1, 8)
    torch.testing.assert_close(total_variation(ramp), torch.tensor([0.1]))
    torch.testing.assert_close(total_variation(ramp.transpose(-1, -2)), torch.tensor([0.1]))
    torch.testing.assert_close(total_variation(ramp.expand(1, 3, 5, 8)), torch.tensor([0.1]))


def test_blend_and_brighten(images):
    """The mask chooses between old and new, pixel by pixel; brightness is added and stays in [0, 1]."""
    new, mask = images.flip(-1), centre_mask(14, 0.3)[..., :1]
    torch.testing.assert_close(blend(images, new, mask), (1 - mask) * images + mask * new, rtol=0, atol=1e-7)
    assert torch.equal(blend(images, new, torch.zeros(1)), images)
    assert torch.equal(blend(images, new, torch.ones(1)), new)
    torch.testing.assert_close(brighten(images, 5 / 255), torch.clamp(images + 5 / 255, max=1.0))
    assert brighten(images, -2.0).max() == 0


@pytest.mark.parametrize("power", [1.0, 2.0, 6.0])
def test_power_norm_by_definition(images, power):
    """The mean over channels and pixels of |2 (x - 0.5)|^power, in a loop."""
    for image, found in zip(images, power_norm(images, power), strict=True):
        values = [abs(2 * (value - 0.5)) ** power for value in image.flatten().tolist()]
        assert found.item() == pytest.approx(sum(values) / len(values))


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 3.0])
def test_variation_norm_by_definition(images, power):
    """The mean over pixels with a right and a lower neighbour of (dx^2 + dy^2)^(power / 2), in a loop."""
    _, channels, height, width = images.shape
    for image, found in zip(images, variation_norm(images, power), strict=True):
        total = sum(
            ((x[r, c + 1] - x[r, c]) ** 2 + (x[r + 1, c] - x[r, c]) ** 2) ** (power / 2)
            for x in image.numpy()
            for r in range(height - 1)
            for c in range(width - 1)
        )
        assert found.item() == pytest.approx(total / (channels * (height - 1) * (width - 1)))


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_variation_norm_of_flat_images_has_a_gradient(power):
    """Where nothing differs the gradient is 0, not NaN; a single row has no pairs."""
    flat = torch.full((1, 1, 4, 4), 0.5, requires_grad=True)
    variation_norm(flat, power).sum().backward()
    assert flat.grad is not None
    assert (flat.grad == 0).all()
    assert variation_norm(torch.rand(1, 1, 1, 5), power).item() == 0


@pytest.mark.parametrize(("sigma", "brightness", "channels"), [(0.4, 0.2, 1), (1.0, 0.1, 3), (0.7, 0.3, 7)])
def test_bilateral_blur_by_definition(sigma, brightness, channels):
    """Every pixel as the weighted mean of its neighbours within three sigma, mirrored at the edges, in a loop."""
    image = torch.rand(channels, 6, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64).numpy()
    found = bilateral_blur(torch.from_numpy(image)[None], sigma, brightness)[0].numpy()
    reach = int(3 * sigma + 0.5)

    def mirror(place, extent):
        place = abs(place)
        return place if place < extent else 2 * (extent - 1) - place

    for row in range(6):
        for column in range(8):
            total, weights, centre = 0.0, 0.0, image[:, row, column]
            for down in range(-reach, reach + 1):
                for right in range(-reach, reach + 1):
                    other = image[:, mirror(row + down, 6), mirror(column + right, 8)]
                    closeness = math.exp(-(down**2 + right**2) / (2 * sigma**2))
                    weight = closeness * math.exp(-((other - centre) ** 2).mean() / (2 * brightness**2))
                    total, weights = total + weight * other, weights + weight
            assert found[:, row, column] == pytest.approx(total / weights)


def test_bilateral_blur_keeps_edges():
    """Noise within a surface goes, a step between two surfaces stays; the Gaussian blur smears it."""
    step = torch.full((1, 1, 16, 16), 0.2)
    step[..., 8:] = 0.8
    noisy = step + 0.02 * torch.randn(step.shape, generator=torch.Generator().manual_seed(0))
    smooth = bilateral_blur(noisy, 1.5, 0.1)
    assert (smooth - step).abs().max() < 0.5 * (noisy - step).abs().max()
    assert (gaussian_blur(noisy, 1.5) - step).abs().max() > 0.2
    assert torch.equal(bilateral_blur(noisy, 0.1, 0.1), noisy)


def test_normalised_gradients_have_deviation_one(images):
    """Each picture by its own deviation, mean and direction kept; a gradient of zero stays zero."""
    found = normalise(images)
    for image, scaled in zip(images, found, strict=True):
        torch.testing.assert_close(scaled, image / image.numpy().std())
    assert (normalise(torch.zeros(1, 3, 4, 4)) == 0).all()

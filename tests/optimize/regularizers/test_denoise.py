"""Split-Bregman denoising: against scikit-image channel by channel, and against its own equations written as loops."""

import numpy as np
import pytest
import torch
from skimage.restoration import denoise_tv_bregman

from mindseye.errors import UserError
from mindseye.optimize.regularizers.denoise import TVDenoiser, denoise_tv
from mindseye.optimize.regularizers.functional import total_variation


def photo_like(height, width, noise=0.1, seed=0):
    """Three channels of edges and gradients under noise, [1, 3, H, W] in [0, 1], double precision."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    disc = (rows - height / 2) ** 2 + (columns - width / 3) ** 2 < (min(height, width) / 3) ** 2
    planes = np.stack([0.2 + 0.6 * disc, columns / width, 0.5 + 0.4 * np.sin(rows / 4)])
    return torch.from_numpy(np.clip(planes + noise * draw.normal(size=planes.shape), 0, 1))[None]


def by_skimage(images, weight, eps=1e-10, most=4000):
    """scikit-image's denoiser, every channel on its own (its colour mode carries state from one to the next)."""
    planes = images.flatten(0, 1).numpy()
    found = [denoise_tv_bregman(plane.copy(), weight=weight, eps=eps, max_num_iter=most) for plane in planes]
    return torch.from_numpy(np.stack(found)).reshape(images.shape)


def rms(a, b):
    """The root of the mean squared difference."""
    return float((a - b).square().mean().sqrt())


@pytest.mark.parametrize("weight", [0.5, 2.0, 5.0, 8.0, 20.0])
def test_converges_to_what_skimage_converges_to(weight):
    """After enough sweeps both stand at the same image, rim included, for a photo-like image and for plain noise."""
    noise = torch.from_numpy(np.random.default_rng(1).uniform(size=(1, 3, 26, 37)))
    for images in (photo_like(26, 37), noise):
        expected = by_skimage(images, weight)
        torch.testing.assert_close(denoise_tv(images, weight, sweeps=400), expected, rtol=0, atol=1e-6)
        single = denoise_tv(images.float(), weight, sweeps=400)
        torch.testing.assert_close(single.double(), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("weight", [2.0, 5.0, 8.0])
def test_default_sweeps_are_as_good_as_skimages_own_stop(weight):
    """The fixed number of sweeps comes about as near to the solution as scikit-image when its change is below 1e-3."""
    for images in (photo_like(64, 80, seed=2), photo_like(80, 64, noise=0.02, seed=3)):
        solution = by_skimage(images, weight, eps=1e-8)
        stopped = by_skimage(images, weight, eps=1e-3, most=100)
        found = denoise_tv(images, weight)
        assert rms(found, solution) < min(1.2 * rms(stopped, solution), 0.005)
        assert rms(found, stopped) < 0.005 < 0.2 * rms(images, stopped)


def test_sweep_by_its_equations():
    """Two sweeps over a small image equal the module's equations, pixel by pixel."""
    weight, data = 3.0, photo_like(5, 6, seed=4)[0, 0].numpy()
    height, width = data.shape
    lam = 2 * weight
    u = np.pad(data, 1, mode="edge")
    u[0, 1:-1], u[1:-1, 0] = data[1], data[:, 1]
    d, b = np.zeros((2, height + 2, width + 2)), np.zeros((2, height + 2, width + 2))
    pixels = [(r, c) for r in range(1, height + 1) for c in range(1, width + 1)]
    for _ in range(2):
        for colour in (0, 1):
            for r, c in (place for place in pixels if sum(place) % 2 == colour):
                e = d - b
                around = u[r - 1, c] + u[r + 1, c] + u[r, c - 1] + u[r, c + 1]
                divergence = e[0, r, c] - e[0, r, c - 1] + e[1, r, c] - e[1, r - 1, c]
                u[r, c] = (weight * data[r - 1, c - 1] + lam * (around - divergence)) / (weight + 4 * lam)
        for r, c in pixels:
            t = np.array([u[r, c + 1] - u[r, c], u[r + 1, c] - u[r, c]]) + b[:, r, c]
            size = lam * np.hypot(*t)
            d[:, r, c] = t * size / (size + 1)
            b[:, r, c] = t - d[:, r, c]
    found = denoise_tv(torch.from_numpy(data)[None, None], weight, sweeps=2)[0, 0]
    torch.testing.assert_close(found, torch.from_numpy(u[1:-1, 1:-1].copy()), rtol=0, atol=1e-12)


def test_an_image_does_not_depend_on_its_batch():
    """Alone or among others, one of them broken, an image comes out bit for bit the same."""
    images = torch.cat([photo_like(21, 18, seed=seed) for seed in range(3)]).float()
    images[1] = float("nan")
    together = denoise_tv(images, 4.0)
    for index in (0, 2):
        assert torch.equal(denoise_tv(images[index : index + 1], 4.0)[0], together[index])
    assert torch.equal(denoise_tv(images[:1, 1:2], 4.0)[0, 0], together[0, 1])


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (5, 1), (2, 2), (3, 2), (7, 4)])
def test_small_images(size):
    """Even a single pixel, row or column is denoised; what is flat stays flat and what varies stays in its range."""
    flat = torch.full((2, 1, *size), 0.3)
    torch.testing.assert_close(denoise_tv(flat, 2.0), flat)
    images = torch.rand(2, 1, *size, generator=torch.Generator().manual_seed(0))
    found = denoise_tv(images, 2.0, sweeps=200)
    assert found.shape == images.shape
    assert found.min() >= images.min() - 1e-4
    assert found.max() <= images.max() + 1e-4


def test_smaller_weights_are_smoother():
    """The total variation falls with the weight, and no sweep at all leaves the images as they are."""
    images = photo_like(32, 32)
    variations = [total_variation(denoise_tv(images, weight, sweeps=60)).item() for weight in (0.5, 2.0, 8.0, 20.0)]
    assert variations == sorted(variations)
    assert variations[-1] < total_variation(images).item()
    torch.testing.assert_close(denoise_tv(images, 2.0, sweeps=0), images)


def test_sweeps_can_be_spread():
    """Sweeps called one by one give the same image; the input is not touched, and no gradient is kept."""
    images = photo_like(12, 15).requires_grad_()
    before = images.detach().clone()
    denoiser = TVDenoiser(images, 3.0)
    for _ in range(7):
        denoiser.sweep()
    assert torch.equal(denoiser.result, denoise_tv(images, 3.0, sweeps=7))
    assert torch.equal(images.detach(), before)
    assert not denoiser.result.requires_grad


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_weights_are_refused(weight):
    """A weight that is not above 0 and finite is named."""
    with pytest.raises(UserError, match="denoise weight"):
        denoise_tv(photo_like(4, 4), weight)


def test_a_single_plane_is_refused():
    """Images without batch and channels are refused, not read as something else."""
    with pytest.raises(UserError, match=r"\[B, C, H, W\]"):
        denoise_tv(torch.zeros(8, 8), 2.0)

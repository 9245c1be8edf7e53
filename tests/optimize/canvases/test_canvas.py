"""Canvases and colours: closed forms of what they render, and that they can be made to show an image."""

import numpy as np
import pytest
import torch

from mindseye.optimize.canvases.alpha import Alpha
from mindseye.optimize.canvases.colour import builtin_colours, measured_colours, plain_colours
from mindseye.optimize.canvases.fourier import Fourier, Phase
from mindseye.optimize.canvases.pixels import Pixels
from mindseye.optimize.canvases.spectrum import frequencies, mean_magnitude


def photos(n=3, side=16, channels=3):
    noise = torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(2))
    return 0.2 + 0.6 * noise


@pytest.mark.parametrize("side", [15, 16])
def test_frequencies_are_numpys(side):
    """Cycles per pixel of every coefficient of a real transform, for even and odd sides."""
    expected = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij"))
    np.testing.assert_allclose(frequencies(side), expected, rtol=1e-6)


def test_one_coefficient_is_one_wave():
    """A single coefficient renders as the cosine that it stands for, scaled by 1 / (4 f^a), through the sigmoid."""
    side, row, column, exponent = 16, 2, 3, 1.25
    coefficients = torch.zeros(1, 1, side, side // 2 + 1, 2)
    coefficients[0, 0, row, column, 0] = 1.0
    canvas = Fourier(coefficients, side, exponent, plain_colours(1))
    y, x = np.mgrid[:side, :side]
    frequency = np.hypot(row / side, column / side)
    wave = 2 * np.cos(2 * np.pi * (row * y + column * x) / side) / side * frequency**-exponent / 4
    np.testing.assert_allclose(canvas.render()[0, 0].detach(), 1 / (1 + np.exp(-wave)), rtol=1e-5)


@pytest.mark.parametrize("side", [15, 16])
def test_fourier_canvas_shows_what_it_is_given(side):
    """replace and render are inverses."""
    images = photos(side=side)
    canvas = Fourier(torch.zeros(3, 3, side, side // 2 + 1, 2), side, 1.0, measured_colours(images))
    canvas.replace(images)
    torch.testing.assert_close(canvas.render().detach(), images, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("side", "small"), [(16, 8), (16, 11), (15, 10), (15, 7)])
def test_a_smaller_rendering_is_the_same_waves_at_fewer_points(side, small):
    """Waves below its Nyquist frequency are sampled at small points a side; one above it is not there at all."""

    def wave(points, row, column):
        y, x = np.mgrid[:points, :points] / points
        return np.cos(2 * np.pi * (row * y + column * x) + 0.7)

    below, above = [(2, 3), (-3, 1), (0, 2), (-1, 0)], [(0, 7), (-7, 2)]
    channels = sum(wave(side, *pair) for pair in below + above) + 0.3
    canvas = Fourier(torch.zeros(1, 1, side, side // 2 + 1, 2), side, 1.0, plain_colours(1))
    canvas.set_channels(torch.tensor(channels, dtype=torch.float32)[None, None])
    expected = 1 / (1 + np.exp(-sum(wave(small, *pair) for pair in below) - 0.3))
    rendered = canvas.planes_at(small / side)
    np.testing.assert_allclose(rendered[0, 0].detach(), expected, atol=1e-5)
    (rendered * torch.rand(rendered.shape, generator=torch.Generator().manual_seed(1))).sum().backward()
    moved = torch.view_as_complex(canvas.coefficients.grad)[0, 0] != 0
    rows, columns = np.fft.fftfreq(side, 1 / side)[:, None], np.arange(side // 2 + 1)[None]
    assert moved.tolist() == ((abs(rows) < small / 2) & (columns < small / 2)).tolist()
    assert torch.equal(canvas.planes_at(1.0), canvas.planes())


def test_what_renders_otherwise_is_rendered_whole():
    """A canvas of the user's own over one of these; and a share of less than a pixel is a pixel."""

    class Mirrored(Fourier):
        def render(self):
            return super().render().flip(-1)

    coefficients = torch.randn(1, 1, 8, 5, 2, generator=torch.Generator().manual_seed(0))
    own = Mirrored(coefficients, 8, 1.0, plain_colours(1))
    assert torch.equal(own.planes_at(0.5), own.render())
    assert Fourier(coefficients, 8, 1.0, plain_colours(1)).planes_at(0.01).shape == (1, 1, 1, 1)
    assert Alpha(Fourier(coefficients.expand(1, 4, 8, 5, 2), 8, 1.0, plain_colours(4))).planes_at(0.5).shape == (
        1,
        4,
        4,
        4,
    )


def test_a_phase_is_rendered_smaller_too():
    """A spectrum of one magnitude and no phase is a point of light in the corner, of a sum of cosines at any size."""
    side, small = 16, 8
    canvas = Phase(torch.zeros(1, 1, side, side // 2 + 1), torch.ones(1, side, side // 2 + 1), plain_colours(1))
    y, x = np.mgrid[:small, :small] / small
    point = sum(np.cos(2 * np.pi * (row * y + column * x)) for row in range(-3, 4) for column in range(-3, 4)) / side
    expected = 1 / (1 + np.exp(-point))
    np.testing.assert_allclose(canvas.planes_at(0.5)[0, 0].detach(), expected, atol=1e-5)


def test_phase_is_complex_and_magnitude_stays():
    """MACO: any phase, not only 0 and pi; the magnitude of the rendered spectrum is the photos' mean."""
    images, side = photos(), 16
    colours = measured_colours(images)
    magnitude = mean_magnitude(images, colours)
    phase = 2 * torch.pi * torch.rand(2, 3, side, side // 2 + 1, generator=torch.Generator().manual_seed(1))
    canvas = Phase(phase, magnitude, colours)
    spectrum = torch.fft.rfft2(colours.from_image(canvas.render().detach()), norm="ortho")
    inner = (
        slice(None),
        slice(None),
        slice(None),
        slice(1, side // 2),
    )  # the outer columns must be symmetric to be real
    torch.testing.assert_close(spectrum.abs()[inner], magnitude.expand_as(phase)[inner], rtol=1e-3, atol=1e-4)
    turned = torch.exp(1j * (spectrum.angle() - phase))[inner]
    torch.testing.assert_close(turned, torch.ones_like(turned), rtol=1e-3, atol=1e-3)


def test_mean_magnitude_by_numpy():
    """The mean over photos of the absolute orthonormal spectrum."""
    images = photos()
    expected = np.abs(np.fft.rfft2(torch.logit(images).numpy(), norm="ortho")).mean(0)
    np.testing.assert_allclose(mean_magnitude(images, plain_colours(3)), expected, rtol=1e-4, atol=1e-5)


def test_measured_colours_decorrelate():
    """M M^T is proportional to the photos' covariance, and the largest column norm is 1."""
    mixing = torch.tensor([[0.5, 0.1, 0.0], [0.5, 0.0, 0.1], [0.4, -0.1, 0.05]])
    images = 0.5 + 0.1 * torch.einsum(
        "dc,nchw->ndhw", mixing, torch.randn(20, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    )
    matrix = measured_colours(images).matrix.double().numpy()
    covariance = np.cov(images.movedim(1, 0).reshape(3, -1).double().numpy())
    product = matrix @ matrix.T
    np.testing.assert_allclose(product / product[0, 0], covariance / covariance[0, 0], rtol=1e-4)
    assert np.linalg.norm(matrix, axis=0).max() == pytest.approx(1)


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_colours_of_any_number_of_channels(channels):
    """Every matrix can be undone, also for photos of one colour."""
    for colours in (
        measured_colours(photos(channels=channels)),
        measured_colours(torch.full((2, channels, 4, 4), 0.3)),
        builtin_colours(channels),
    ):
        images = photos(channels=channels)
        torch.testing.assert_close(colours.to_image(colours.from_image(images)), images, atol=1e-4, rtol=1e-4)


def test_pixels_stay_in_range():
    """A step beyond [0, 1] is cut, and the picture is not rounded to grey levels."""
    canvas = Pixels(torch.full((1, 1, 2, 2), 0.5))
    with torch.no_grad():
        canvas.images += torch.tensor([[[[0.7, -0.9], [1e-6, 0.0]]]])
    canvas.tidy()
    torch.testing.assert_close(
        canvas.render().detach(), torch.tensor([[[[1.0, 0.0], [0.500001, 0.5]]]]), rtol=0, atol=1e-8
    )


@pytest.mark.parametrize("kind", ["pixels", "fourier", "phase"])
def test_coarsen_is_a_low_pass(kind):
    """A change of one frequency keeps the share that the Butterworth response gives it, on every canvas."""
    side, row, column, cutoff = 16, 2, 3, 0.1
    expected = 1 / (1 + (np.hypot(row, column) / side / cutoff) ** 4)
    y, x = np.mgrid[:side, :side]
    if kind == "pixels":
        canvas = Pixels(photos(1))
        change = torch.tensor(np.cos(2 * np.pi * (row * y + column * x) / side), dtype=torch.float32).expand(
            1, 3, -1, -1
        )
    else:
        shape = (1, 3, side, side // 2 + 1)
        fourier = kind == "fourier"
        canvas = (
            Fourier(torch.zeros(*shape, 2), side, 1.0, plain_colours(3))
            if fourier
            else Phase(torch.zeros(shape), torch.ones(shape[1:]), plain_colours(3))
        )
        change = torch.zeros(*shape, 2) if fourier else torch.zeros(shape)
        change[0, 0, row, column] = 1.0
    (coarse,) = canvas.coarsen([change], cutoff)
    torch.testing.assert_close(coarse, change * expected, atol=1e-6, rtol=1e-5)

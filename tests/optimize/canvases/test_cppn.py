"""The CPPN: its pixels one by one from the formula, and constants that keep variance 1."""

import math

import pytest
import torch
from scipy import integrate

from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.colour import plain_colours
from mindseye.optimize.canvases.cppn import ATAN_STD, CPPN, SQUARE_MEAN, SQUARE_STD, coordinates
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe


def cppn(keys=("a", "b"), channels=2, contrast=1.0):
    recipe = Recipe("x", canvas="cppn", cppn_width=4, cppn_depth=2, contrast=contrast)
    palette = Palette(plain_colours(channels))
    return CPPN.build(CanvasRequest(recipe, 6, channels, palette, RandomKeys(0, keys), torch.device("cpu")))


def test_every_pixel_is_the_function_of_its_coordinates():
    """Layer by layer, pixel by pixel, in plain numbers: x grows to the right, y downwards."""
    canvas = cppn()
    rendered = canvas.render()
    places = [math.sqrt(3) * (2 * place / 5 - 1) for place in range(6)]
    for picture in range(2):
        for row, column in [(0, 0), (0, 5), (4, 1)]:
            values = [places[column], places[row]]
            for number in range(3):
                if number:
                    turned = [math.atan(value) for value in values]
                    values = [t / ATAN_STD for t in turned] + [(t * t - SQUARE_MEAN) / SQUARE_STD for t in turned]
                weight = canvas.weights[number][picture].tolist()
                bias = canvas.biases[number][picture, 0].tolist()
                values = [
                    sum(value * weight[i][o] for i, value in enumerate(values)) + bias[o] for o in range(len(bias))
                ]
            expected = [1 / (1 + math.exp(-value)) for value in values]
            assert rendered[picture, :, row, column].tolist() == pytest.approx(expected, abs=1e-5)


def test_constants_are_those_of_a_standard_normal():
    """Deviation of atan(z), mean and deviation of its square, by quadrature."""

    def mean(function):
        density = lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)  # noqa: E731
        return integrate.quad(lambda z: function(math.atan(z)) * density(z), -10, 10)[0]

    square, fourth = mean(lambda t: t**2), mean(lambda t: t**4)
    found = [math.sqrt(square), square, math.sqrt(fourth - square**2)]
    assert found == pytest.approx([ATAN_STD, SQUARE_MEAN, SQUARE_STD], abs=1e-4)


def test_coordinates_have_variance_one():
    """Evenly spread over [-sqrt 3, sqrt 3]; a picture of one pixel lies in the middle."""
    torch.testing.assert_close(coordinates(200).var(0, correction=0), torch.ones(2), atol=0.02, rtol=0)
    assert coordinates(1).tolist() == [[0.0, 0.0]]


def test_a_start_is_nearly_grey():
    """The contrast is about the deviation of the channels before their colours."""
    keys = tuple(str(number) for number in range(30))
    channels = torch.logit(cppn(keys, contrast=0.01).render().detach())
    assert 0.005 < float(channels.square().mean().sqrt()) < 0.02

"""Constraints: the gradient's blur, scale and mask in their order, and when the picture is smoothed."""

from dataclasses import replace

import pytest
import torch

from mindseye.optimize.canvases.pixels import Pixels
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.regularizers.constraints import Constraints
from mindseye.optimize.regularizers.functional import bilateral_blur, centre_mask, gaussian_blur

PLAIN = Recipe("x")


@pytest.fixture
def gradient():
    """Gradients of two pictures of seven channels, the second a hundred times the first."""
    values = torch.randn(2, 7, 12, 12, generator=torch.Generator().manual_seed(0))
    return values * torch.tensor([1.0, 100.0]).view(2, 1, 1, 1)


def test_nothing_asked_leaves_the_gradient(gradient):
    """Without a part the very same tensor comes back."""
    assert Constraints.of(PLAIN).gradient(gradient, 0, 0.5) is gradient


def test_blur_then_scale_then_mask(gradient):
    """The schedule's sigma at this progress; one deviation per picture; the mask last."""
    recipe = replace(PLAIN, gradient_blur=(2.0, 1.0), normalise_gradient=True, mask=0.5)
    found = Constraints.of(recipe).gradient(gradient, 0, 0.5)
    for picture in range(2):
        blurred = gaussian_blur(gradient[picture : picture + 1], 1.5)
        expected = blurred / blurred.numpy().std() * centre_mask(12, 0.5)
        torch.testing.assert_close(found[picture : picture + 1], expected)


def test_bilateral_blur_at_its_steps():
    """After every third step, with the schedule's sigma, and with the recipe's range."""
    images = torch.rand(2, 3, 9, 9, generator=torch.Generator().manual_seed(1))
    constraints = Constraints.of(replace(PLAIN, bilateral=(2.0, 0.0), bilateral_range=0.2, bilateral_every=3))
    canvas = Pixels(images)
    for step in (0, 1, 3):
        constraints.apply(canvas, step, 0.5)
    assert torch.equal(canvas.render(), images)
    constraints.apply(canvas, 2, 0.5)
    torch.testing.assert_close(canvas.render().detach(), bilateral_blur(images, 1.0, 0.2))

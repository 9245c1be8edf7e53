"""The Laplacian pyramid: its sides, its sum by hand, and its frequencies."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from mindseye.optimize.canvases.colour import plain_colours
from mindseye.optimize.canvases.laplacian import Laplacian, level_sides


def test_sides_halve():
    """Rounded up, and never below one pixel."""
    assert level_sides(224, 4) == [224, 112, 56, 28]
    assert level_sides(25, 7) == [25, 13, 7, 4, 2, 1, 1]


def test_a_pyramid_is_the_sum_of_its_levels():
    """Two levels by hand: the fine one plus twice the enlarged coarse one, through the sigmoid."""
    fine, coarse = torch.randn(1, 1, 8, 8), torch.randn(1, 1, 4, 4)
    canvas = Laplacian([fine, coarse], 2.0, plain_colours(1))
    enlarged = functional.interpolate(coarse, size=(8, 8), mode="bilinear", align_corners=False)
    torch.testing.assert_close(canvas.render().detach(), torch.sigmoid(fine + 2 * enlarged))


@pytest.mark.parametrize(("side", "levels"), [(16, 1), (15, 3), (16, 6)])
def test_any_number_of_levels_shows_any_picture(side, levels):
    """replace and render are inverses, for even and odd sides."""
    images = 0.2 + 0.6 * torch.rand(2, 3, side, side)
    canvas = Laplacian([torch.zeros(2, 3, s, s) for s in level_sides(side, levels)], 1.25, plain_colours(3))
    canvas.replace(images)
    torch.testing.assert_close(canvas.render().detach(), images, atol=1e-5, rtol=0)


def test_coarsen_knows_the_size_of_each_levels_pixels():
    """The same wave of the picture is passed alike, whether the fine or the coarse level holds it."""
    side, cycles, cutoff = 32, 3, 0.1
    expected = 1 / (1 + (cycles / side / cutoff) ** 4)
    changes = [
        torch.tensor(np.cos(2 * np.pi * cycles * np.arange(s) / s), dtype=torch.float32).expand(1, 1, s, s)
        for s in (32, 16)
    ]
    canvas = Laplacian([torch.zeros_like(change) for change in changes], 1.0, plain_colours(1))
    for change, coarse in zip(changes, canvas.coarsen(changes, cutoff)):
        torch.testing.assert_close(coarse, change * expected, atol=1e-5, rtol=1e-4)

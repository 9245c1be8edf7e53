"""Octaves: the sides at which a canvas is seen, step by step, for networks of any size and of one size."""

import pytest
import torch

from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.targets import target_views
from mindseye.optimize.transforms.octaves import Octaves
from mindseye.optimize.transforms.views import Views

DICE = RandomKeys(0, ("a",))


def test_sides_by_definition():
    """Four equal parts of the steps, round(side / 1.4^(3 - part))."""
    octaves = Octaves(4, 1.4, 40)
    sides = [octaves.side(step, 224) for step in range(40)]
    assert sides == [82] * 10 + [114] * 10 + [160] * 10 + [224] * 10
    assert octaves.side(40, 224) == 224


def test_steps_that_do_not_divide():
    """Every part has its turn, in order, and the last one ends at the whole canvas."""
    sides = [Octaves(3, 2.0, 10).side(step, 100) for step in range(10)]
    assert sides == sorted(sides)
    assert set(sides) == {25, 50, 100}
    assert max(sides.count(side) for side in set(sides)) - min(sides.count(side) for side in set(sides)) <= 1


def test_one_octave_changes_nothing():
    """Without octaves the views are the very same object."""
    views = Views.of(Recipe("x"), 32)
    assert views.at(0, 48) is views


def test_a_network_of_any_size_sees_smaller_views():
    """The view itself is small at first; it shows the whole canvas, averaged."""
    views = Views.of(Recipe("x", octaves=2, octave_scale=2.0, steps=4), 32)
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert [views(image, step, DICE).shape[-1] for step in range(4)] == [16, 16, 32, 32]
    assert [views.share(step) for step in range(4)] == [0.5, 0.5, 1.0, 1.0]
    assert torch.equal(views(image, 3, DICE), image)
    assert float(views(image, 0, DICE).mean()) == pytest.approx(float(image.mean()), abs=1e-2)
    assert views.plain(image).shape[-1] == 32


def test_a_network_of_one_size_comes_closer():
    """Views keep their size and show all of the canvas at first, then the share that fits into them."""
    views = Views.of(Recipe("x", octaves=3, octave_scale=2.0, steps=3), 32, fixed=True)
    assert {views.share(step) for step in range(3)} == {1.0}
    assert [views.at(step, 64).crop for step in range(3)] == [(1.0, 1.0), (1.0, 1.0), (0.5, 0.5)]
    assert {views(torch.rand(1, 1, 64, 64), step, DICE).shape[-1] for step in range(3)} == {32}


def test_fewer_steps_for_each_octave():
    """Each has a third of the steps of the one before: 900, 300 and 100 of 1,300."""
    octaves = Octaves(3, 2.0, 1300, 3.0)
    sides = [octaves.side(step, 64) for step in range(1300)]
    assert sides == [16] * 900 + [32] * 300 + [64] * 100
    assert octaves.sides(64) == [16, 32, 64]


def test_members_are_seen_at_the_size_asked_for():
    """The target's views of the photos know no octaves; without views they are the photos, averaged to that size."""
    photos = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for size in (32, 16):
        look = target_views(Recipe("x", octaves=3, target_views=2, crop=(0.8, 1.0)), size, 0)
        assert [view.shape[-1] for view in look(0, photos)] == [size, size]
    (whole,) = target_views(Recipe("x"), 32, 0)(0, photos)
    assert torch.equal(whole, photos)
    (half,) = target_views(Recipe("x"), 16, 0)(0, photos)
    assert half.shape == (2, 3, 16, 16)
    assert float(half.mean()) == pytest.approx(float(photos.mean()), abs=1e-3)

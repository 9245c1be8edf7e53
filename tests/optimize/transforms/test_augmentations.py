"""The six augmentations: which of them are left, and copies against torchvision and by hand."""

from dataclasses import fields, replace

import pytest
import torch
from torchvision.transforms.v2 import functional

from mindseye.errors import UserError
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.augmentations import (
    ALL,
    AUGMENTATIONS,
    CONDITIONS,
    NONE,
    augmented_copy,
    select_augmentations,
)
from mindseye.optimize.transforms.views import Views

CLASS = load_recipe("class")
PLAIN = Recipe("plain")
DICE = RandomKeys(0, ("copies of 0",))
PICTURE = torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(0))


def differing(one, other):
    return {field.name for field in fields(Recipe) if getattr(one, field.name) != getattr(other, field.name)}


def test_recipe_class_has_all_six():
    assert select_augmentations(CLASS, ALL) == CLASS
    assert set(AUGMENTATIONS) == {"crop", "flip", "rotate", "perspective", "blur", "greyscale"}


@pytest.mark.parametrize(("name", "key"), AUGMENTATIONS.items())
def test_one_alone(name, key):
    """The five others are off, nothing else changes, and the views still differ."""
    alone = select_augmentations(CLASS, name)
    assert differing(alone, CLASS) == set(AUGMENTATIONS.values()) - {key}
    views = Views.of(alone, 16)
    first, second = (views(PICTURE[None], step, RandomKeys(step, ("0",))) for step in (0, 7))
    assert name == "greyscale" or not torch.equal(first, second)


def test_none_leaves_one_view_where_all_would_be_the_same():
    """Without chance eight views are one; with a shift, or octaves that move a window about, they are not."""
    off = select_augmentations(CLASS, NONE)
    assert differing(off, CLASS) == {*AUGMENTATIONS.values(), "views"}
    assert off.views == 1
    views = Views.of(off, 24)
    assert torch.equal(views(PICTURE[None], 3, DICE)[0], PICTURE)
    for change in ({"shift": 0.1}, {"noise": 0.1}, {"octaves": 2}):
        assert select_augmentations(replace(CLASS, **change), NONE).views == CLASS.views


def test_refusals():
    """An augmentation that the recipe has not, or nobody has."""
    with pytest.raises(UserError, match="plain has no crop"):
        select_augmentations(PLAIN, "crop")
    with pytest.raises(UserError, match="none of the six"):
        select_augmentations(PLAIN, ALL)
    with pytest.raises(UserError, match=f"one of {', '.join(CONDITIONS)}, not 'cropp'"):
        select_augmentations(CLASS, "cropp")


def test_the_first_copy_is_the_picture_and_others_depend_on_nothing_beside():
    """Each copy is of the picture's size, in [0, 1], and the same whenever it is asked for."""
    assert torch.equal(augmented_copy(PICTURE, 0, CLASS, DICE), PICTURE)
    copies = [augmented_copy(PICTURE, number, CLASS, DICE) for number in range(1, 6)]
    assert all(copy.shape == PICTURE.shape and copy.min() >= 0 and copy.max() <= 1 for copy in copies)
    assert all(not torch.equal(one, other) for place, one in enumerate(copies) for other in copies[:place])
    assert torch.equal(augmented_copy(PICTURE, 3, CLASS, DICE), copies[2])
    assert not torch.equal(augmented_copy(PICTURE, 3, CLASS, RandomKeys(0, ("copies of 1",))), copies[2])


def test_copies_of_each_kind_by_hand():
    """A certain flip mirrors; greyscale is the luminance of BT.601; a blur of one sigma is torchvision's."""
    flipped = augmented_copy(PICTURE, 1, replace(PLAIN, flip=1.0), DICE)
    assert torch.allclose(flipped, PICTURE.flip(-1), atol=1e-5)
    grey = augmented_copy(PICTURE, 1, replace(PLAIN, greyscale=1.0), DICE)
    assert torch.allclose(
        grey, (0.299 * PICTURE[0] + 0.587 * PICTURE[1] + 0.114 * PICTURE[2]).expand(3, -1, -1), atol=1e-5
    )
    blurred = augmented_copy(PICTURE, 1, replace(PLAIN, view_blur=(1.0, 1.0)), DICE)
    assert torch.allclose(blurred, functional.gaussian_blur(PICTURE, [7, 7], [1.0, 1.0]), atol=1e-5)


def test_copies_have_the_six_and_nothing_else():
    """Noise, jitter of colours and shifts are no augmentations."""
    loud = replace(PLAIN, noise=0.5, colour_jitter=0.5, shift=0.3, scale=(0.5, 1.5), pad=0.2)
    assert torch.equal(augmented_copy(PICTURE, 1, loud, DICE), PICTURE)


@pytest.mark.parametrize("channels", [1, 7])
def test_any_number_of_channels(channels):
    picture = torch.rand(channels, 16, 16)
    assert augmented_copy(picture, 2, CLASS, DICE).shape == picture.shape

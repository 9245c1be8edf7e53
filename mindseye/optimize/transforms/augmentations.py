"""The six augmentations of class pictures, after Erkan: which of them a recipe paints under, and copies under all of them."""

from dataclasses import replace

from torch import Tensor

from mindseye.errors import UserError
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.views import Views

AUGMENTATIONS = {
    "crop": "crop",
    "flip": "flip",
    "rotate": "rotate",
    "perspective": "perspective",
    "blur": "view_blur",
    "greyscale": "greyscale",
}
"""By name, the recipe's number: random resized crop, horizontal flip, rotation, perspective, Gaussian blur, greyscale."""

ALL, NONE = "all", "none"
CONDITIONS = (ALL, NONE, *AUGMENTATIONS)

RANDOM = (*AUGMENTATIONS.values(), "shift", "scale", "noise", "colour_jitter", "octaves", "alpha", "transforms")
"""The numbers that can make two views of one step differ."""

# A recipe's own defaults leave every part off.
OFF = Recipe("off")


def select_augmentations(recipe: Recipe, condition: str) -> Recipe:
    """A recipe with all of the six augmentations that it has, with one of them alone, or with none; the rest stays.

    Where nothing random is left, the views of a step would all be the same, and one is made instead.

    Raises:
        UserError: if the recipe has no such augmentation, or there is none of that name.
    """
    if condition not in CONDITIONS:
        raise UserError(f"augmentation is one of {', '.join(CONDITIONS)}, not {condition!r}")
    has = [name for name, key in AUGMENTATIONS.items() if getattr(recipe, key) != getattr(OFF, key)]
    if condition in AUGMENTATIONS and condition not in has:
        raise UserError(f"recipe {recipe.name} has no {condition}: --set {AUGMENTATIONS[condition]}=... gives it one")
    if condition == ALL and not has:
        raise UserError(f"recipe {recipe.name} has none of the six augmentations ({', '.join(AUGMENTATIONS)})")
    kept = has if condition == ALL else [condition]
    changed = replace(recipe, **{key: getattr(OFF, key) for name, key in AUGMENTATIONS.items() if name not in kept})
    is_random = any(getattr(changed, key) != getattr(OFF, key) for key in RANDOM)
    return changed if is_random else replace(changed, views=1)


def augmented_copy(picture: Tensor, number: int, recipe: Recipe, random: RandomKeys) -> Tensor:
    """A picture under a fresh draw of all six augmentations that a recipe has, of the picture's size and nothing else changed.

    Args:
        picture: [channels, side, side] in [0, 1], and so is the copy.
        number: of the copy; 0 is the picture as it is.
        random: of the one picture, with a key of its own: that of its painting would draw the views it was painted under.
    """
    if not number:
        return picture
    views = Views(
        picture.shape[-1],
        crop=recipe.crop,
        flip=recipe.flip,
        rotate=recipe.rotate,
        perspective=recipe.perspective,
        blur=recipe.view_blur,
        greyscale=recipe.greyscale,
    )
    return views(picture[None], number, random)[0].clamp(0, 1)

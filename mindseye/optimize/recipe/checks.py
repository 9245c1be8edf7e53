"""Checks of a recipe: known keys, values of the right kind and range, and parts that go together."""

import difflib
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from mindseye.errors import UserError
from mindseye.optimize.recipe.recipe import Recipe, Scheduled

CHOICES = {
    "weighting": ("median", "paper", "uniform"),
    "canvas": ("fourier", "pixels", "laplacian", "maco", "cppn", "prior"),
    "start": ("noise", "weighted", "grey", "photo"),
    "colours": ("images", "imagenet", "none"),
    "optimizer": ("adam", "sgd"),
    "padding": ("reflection", "grey"),
    "precision": ("auto", "float32", "bfloat16"),
}
AT_LEAST_ONE = (
    "steps", "snapshots", "members", "top_k", "levels", "cppn_width", "cppn_depth", "views", "octaves", "octave_scale", "lp_power",
    "tv_power", "blur_every", "bilateral_every", "denoise_every", "brightness_every",
)  # fmt: skip
LARGEST = {"greyscale": 1.0, "perspective": 0.6, "shared": 0.99}
"""Beyond a perspective of 2/3 the corners may fold the square over itself."""
FACET_TERMS = ("match", "dot", "adaptive", "penalty", "total_variation")
IMAGELESS = ("cppn", "prior")
"""Canvases that cannot be made to show a given picture."""
MOVING = ("crop", "scale", "pad", "flip", "rotate", "shift", "perspective")
"""What makes a random view show another part of the canvas, or it from elsewhere."""
SMOOTHERS = ("blur", "bilateral", "denoise", "brightness")


def recipe_from(values: Mapping[str, Any], name: str) -> Recipe:
    """A checked recipe from plain values.

    Raises:
        UserError: naming the first key that is unknown or has an impossible value.
    """
    kinds = {field.name: field.type for field in fields(Recipe)}
    unknown = [key for key in values if key not in kinds]
    if unknown:
        near = difflib.get_close_matches(unknown[0], kinds, n=3, cutoff=0.4) or sorted(kinds)
        raise UserError(f"a recipe has no {unknown[0]!r}; near: {', '.join(near)}")
    recipe = Recipe(name=str(values.get("name", name)))
    checked = {key: _checked(key, kinds[key], value) for key, value in values.items()}
    recipe = replace(recipe, **checked)
    _check_choices(recipe)
    _check_ranges(recipe)
    _check_parts(recipe)
    return recipe


def check_for_facets(recipe: Recipe) -> None:
    """Refuse a recipe that wants what facets do not have: a photo to start from, or an objective of its own.

    Raises:
        UserError: saying what is missing.
    """
    if recipe.start == "photo":
        raise UserError(f"recipe {recipe.name} starts from a photo; facets start from noise, grey or weighted")
    if all(recipe.schedule(key).is_zero for key in FACET_TERMS):
        raise UserError(f"for facets, recipe {recipe.name} wants at least one of {', '.join(FACET_TERMS)} above 0")


def check_for_objectives(recipe: Recipe) -> None:
    """Refuse a recipe that gives the objective of a command no weight.

    Raises:
        UserError: saying what to set.
    """
    if recipe.schedule("objective").is_zero:
        raise UserError(f"recipe {recipe.name} gives the objective no weight: --set objective=1")


def check_one_size(recipe: Recipe, what: str) -> None:
    """Refuse a recipe under which a network that takes any size has maps of several sizes, for what names positions of one.

    Raises:
        UserError: naming what it is refused for, and the recipe value.
    """
    if recipe.octaves > 1:
        raise UserError(
            f"recipe value octaves is {recipe.octaves}: maps then change their size, and {what} names positions of a map of "
            "one size; --set octaves=1"
        )


def check_whole_views(recipe: Recipe, what: str) -> None:
    """Refuse a recipe under which the network sees anything but the whole canvas as it lies.

    Raises:
        UserError: naming what it is refused for, and the recipe values.
    """
    check_one_size(recipe, what)
    still = Recipe(recipe.name)
    moving = [key for key in MOVING if getattr(recipe, key) != getattr(still, key)]
    if moving:
        keys = " ".join(f"--set {key}={_compact(getattr(still, key))}" for key in moving)
        raise UserError(f"recipe {recipe.name} has random views, and {what} compares position by position: {keys}")


def check_start(recipe: Recipe, has_photo: bool) -> None:
    """Refuse a recipe that starts from a picture where there is none, and a canvas that cannot, where there is one.

    Raises:
        UserError: saying which.
    """
    if has_photo and recipe.canvas in IMAGELESS:
        raise UserError(
            f"a canvas {recipe.canvas} cannot start from a picture: leave --init out, or use another canvas"
        )
    if not has_photo and recipe.start in ("photo", "weighted"):
        what = "a photo: name one with --init" if recipe.start == "photo" else "facets' members: --set start=noise"
        raise UserError(f"recipe {recipe.name} starts from {what}")


def _checked(key: str, kind: Any, value: Any) -> Any:
    is_list = isinstance(value, list | tuple)
    is_pair = is_list and len(value) == 2 and all(_is_number(part) for part in value)
    if kind is str and isinstance(value, str):
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and _is_number(value) and float(value).is_integer():
        return int(value)
    if kind in (float, Scheduled) and _is_number(value):
        return float(value)
    if kind in (Scheduled, tuple[float, float]) and is_pair:
        return (float(value[0]), float(value[1]))
    if (
        kind == tuple[int, ...]
        and is_list
        and all(_is_number(part) and float(part).is_integer() and part >= 1 for part in value)
    ):
        return tuple(int(part) for part in value)
    wanted = {
        str: "a word",
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        tuple[float, float]: "[smallest, largest]",
        tuple[int, ...]: "a list of whole numbers above zero",
    }.get(kind, "a number or [start, end]")
    raise UserError(f"recipe value {key} wants {wanted}, not {value!r}")


def _compact(value: float | tuple[float, ...]) -> str:
    """A number or a list of them as ``--set`` takes it, without spaces."""
    return f"[{','.join(f'{part:g}' for part in value)}]" if isinstance(value, tuple) else f"{value:g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_choices(recipe: Recipe) -> None:
    for key, choices in CHOICES.items():
        if getattr(recipe, key) not in choices:
            raise UserError(f"recipe value {key} is one of {', '.join(choices)}, not {getattr(recipe, key)!r}")
    if not recipe.name:
        raise UserError("a recipe needs a name")


def _check_ranges(recipe: Recipe) -> None:
    for key in AT_LEAST_ONE:
        if not getattr(recipe, key) >= 1:
            raise UserError(f"recipe value {key} must be at least 1, not {getattr(recipe, key)}")
    low, high = recipe.crop
    if not 0 < low <= high <= 1:
        raise UserError(f"recipe value crop wants 0 < smallest <= largest <= 1, not {list(recipe.crop)}")
    low, high = recipe.scale
    if not 0 < low <= high:
        raise UserError(f"recipe value scale wants 0 < smallest <= largest, not {list(recipe.scale)}")
    low, high = recipe.view_blur
    if low > high:
        raise UserError(f"recipe value view_blur wants smallest <= largest, not {list(recipe.view_blur)}")
    for key in ("mask", "denoise"):
        schedule = recipe.schedule(key)
        if not schedule.is_zero and min(schedule.start, schedule.end) == 0:
            raise UserError(
                f"recipe value {key} may be 0 throughout, but not at one end only: {list(getattr(recipe, key))}"
            )
    for field in fields(Recipe):
        value = getattr(recipe, field.name)
        numbers = value if isinstance(value, tuple) else (value,)
        for number in numbers:
            if _is_number(number) and not 0 <= number < float("inf"):
                raise UserError(f"recipe value {field.name} must be zero or more and finite, not {number}")
    for key, largest in LARGEST.items():
        if getattr(recipe, key) > largest:
            raise UserError(f"recipe value {key} is at most {largest:g}, not {getattr(recipe, key)}")
    for key in ("gamma", "bilateral_range"):
        if not getattr(recipe, key) > 0:
            raise UserError(f"recipe value {key} must be above 0, not {getattr(recipe, key)}")


def _check_parts(recipe: Recipe) -> None:
    if all(recipe.schedule(key).is_zero for key in ("objective", *FACET_TERMS)):
        raise UserError(f"a recipe wants at least one of {', '.join(('objective', *FACET_TERMS))} above 0")
    if recipe.canvas in IMAGELESS:
        if recipe.start != "noise":
            raise UserError(f"a canvas {recipe.canvas} cannot start from a picture: start is noise, not {recipe.start}")
        for key in SMOOTHERS:
            if not recipe.schedule(key).is_zero:
                raise UserError(
                    f"a canvas {recipe.canvas} cannot be smoothed or brightened after a step: set {key} to 0"
                )
    if recipe.canvas == "prior" and not recipe.prior:
        raise UserError("a canvas prior wants a decoder: prior = file.py:factory, or a TorchScript archive (.pt, .ts)")
    if recipe.alpha and recipe.canvas in ("maco", "prior"):
        raise UserError(f"a canvas {recipe.canvas} has no alpha; fourier, pixels, laplacian and cppn have")
    if recipe.alpha and recipe.brightness:
        raise UserError("brightness and alpha do not go together")
    if not (recipe.alpha or recipe.schedule("alpha_area").is_zero):
        raise UserError("alpha_area weighs the opacity of a canvas with alpha = true")
    if recipe.shared and recipe.canvas not in ("fourier", "laplacian"):
        raise UserError(f"a canvas {recipe.canvas} cannot share a part; fourier and laplacian can")

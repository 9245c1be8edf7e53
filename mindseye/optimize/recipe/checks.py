"""Checks of a recipe as a whole: parts that go together, and what a command wants of it."""

from mindseye.errors import UserError
from mindseye.optimize.canvases.canvas import Decorrelated
from mindseye.optimize.canvases.compose import CANVASES, canvas_name, find_canvas
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.regularizers.regularizer import make_regularizers
from mindseye.optimize.transforms.transform import make_transforms

FACET_TERMS = ("match", "dot", "adaptive", "penalty", "total_variation")
MOVING = ("crop", "scale", "pad", "flip", "rotate", "shift", "perspective")
"""What makes a random view show another part of the canvas, or it from elsewhere."""
SMOOTHERS = ("blur", "bilateral", "denoise", "brightness")


def check_parts(recipe: Recipe) -> None:
    """Refuse a recipe whose values do not go together, or ask for what its canvas says that it cannot do.

    Raises:
        UserError: saying which, and what could be.
    """
    if all(recipe.schedule(key).is_zero for key in ("objective", *FACET_TERMS)):
        raise UserError(f"a recipe wants at least one of {', '.join(('objective', *FACET_TERMS))} above 0")
    _check_canvas(recipe)
    if recipe.alpha and recipe.brightness:
        raise UserError("brightness and alpha do not go together")
    if not (recipe.alpha or recipe.schedule("alpha_area").is_zero):
        raise UserError("alpha_area weighs the opacity of a canvas with alpha = true")
    make_transforms(recipe.transforms)
    changers = [part for part in make_regularizers(recipe.regularizers) if part.changes_images()]
    if changers and not find_canvas(recipe.canvas).can_show():
        raise UserError(
            f"a canvas {canvas_name(recipe)} cannot be changed after a step, as the regularizer {type(changers[0]).__name__} does"
        )


def _check_canvas(recipe: Recipe) -> None:
    canvas, name = find_canvas(recipe.canvas), canvas_name(recipe)
    if not canvas.can_show():
        if recipe.start != "noise":
            raise UserError(f"a canvas {name} cannot start from a picture: start is noise, not {recipe.start}")
        for key in SMOOTHERS:
            if not recipe.schedule(key).is_zero:
                raise UserError(f"a canvas {name} cannot be smoothed or brightened after a step: set {key} to 0")
    if canvas.wants_prior and not recipe.prior:
        raise UserError(
            f"a canvas {name} wants a decoder: prior = file.py:factory, or a TorchScript archive (.pt, .ts)"
        )
    if recipe.alpha and not canvas.can_have_alpha:
        able = [name for name, kind in CANVASES.items() if kind.can_have_alpha]
        raise UserError(f"a canvas {name} has no alpha; {_enumerate(able)} have")
    if recipe.shared and not (canvas.can_share and issubclass(canvas, Decorrelated)):
        able = [name for name, kind in CANVASES.items() if kind.can_share]
        raise UserError(f"a canvas {name} cannot share a part; {_enumerate(able)} can")


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


def check_whole_views(recipe: Recipe, what: str) -> None:
    """Refuse a recipe under which the network sees anything but the whole canvas as it lies.

    Raises:
        UserError: naming what it is refused for, and the recipe values.
    """
    still = Recipe(recipe.name)
    moving = [key for key in (*MOVING, "octaves") if getattr(recipe, key) != getattr(still, key)]
    if moving == ["octaves"]:
        raise UserError(
            f"recipe value octaves is {recipe.octaves}: maps then change their size, and {what} names positions of a map of "
            "one size; --set octaves=1"
        )
    if moving:
        keys = " ".join(f"--set {key}={_compact(getattr(still, key))}" for key in moving)
        raise UserError(f"recipe {recipe.name} has random views, and {what} compares position by position: {keys}")


def check_start(recipe: Recipe, has_photo: bool) -> None:
    """Refuse a recipe that starts from a picture where there is none, and a canvas that cannot, where there is one.

    Raises:
        UserError: saying which.
    """
    if has_photo and not find_canvas(recipe.canvas).can_show():
        raise UserError(
            f"a canvas {canvas_name(recipe)} cannot start from a picture: leave --init out, or use another canvas"
        )
    if not has_photo and recipe.start in ("photo", "weighted"):
        what = "a photo: name one with --init" if recipe.start == "photo" else "facets' members: --set start=noise"
        raise UserError(f"recipe {recipe.name} starts from {what}")


def _compact(value: float | tuple[float, ...]) -> str:
    """A number or a list of them as ``--set`` takes it, without spaces."""
    return f"[{','.join(f'{part:g}' for part in value)}]" if isinstance(value, tuple) else f"{value:g}"


def _enumerate(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

"""Recipes: every number of a painting, as data."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from mindseye.errors import UserError
from mindseye.optimize.schedules import Schedule

Scheduled = float | tuple[float, float]

CHOICES = {
    "weighting": ("median", "paper", "uniform"),
    "canvas": ("fourier", "pixels", "maco"),
    "start": ("noise", "weighted", "grey"),
    "colours": ("images", "imagenet", "none"),
    "optimizer": ("adam", "sgd"),
}


@dataclass(frozen=True)
class Recipe:
    """All numbers of a run. A pair [start, end] runs linearly from the first step to the last.

    The mask's sigma is a share of the canvas side, the blur's is in px, brightness and noise are in [0, 1]; 0 switches a part off.
    """

    name: str
    about: str = ""

    steps: int = 150
    size: int = 0
    """Side of the canvas in px; 0: the size that the network sees."""

    members: int = 10
    weighting: str = "median"
    gamma: float = 1e-5
    target_views: int = 0
    """How many random views of each member the target is averaged over; 0: the photo as it is."""
    top_k: int = 50

    canvas: str = "fourier"
    start: str = "noise"
    spectrum: float = 1.25
    """Exponent a of the 1/f^a scale of a Fourier canvas."""
    contrast: float = 0.01
    """Standard deviation of the noise that a Fourier canvas starts from."""
    colours: str = "images"

    match: Scheduled = 0.0
    match_stages: bool = True
    match_rgb: float = 1.0
    """Weight of the RGB values among the matched layers, each of which weighs 1."""
    positions: int = 0
    """Most positions that are sorted per channel at a step; 0: all of them."""
    dot: Scheduled = 0.0
    adaptive: Scheduled = 0.0
    adaptive_learned: bool = True
    penalty: Scheduled = 0.0
    total_variation: Scheduled = 0.0

    optimizer: str = "adam"
    lr: Scheduled = 0.03
    coarse: float = 0.0
    """Share of the steps during which fine detail is held back: the finest frequency that moves freely rises."""
    momentum: float = 0.9
    nesterov: bool = True

    crop: tuple[float, float] = (1.0, 1.0)
    flip: float = 0.0
    rotate: float = 0.0
    shift: float = 0.0
    noise: float = 0.0
    colour_jitter: float = 0.0

    mask: Scheduled = 0.0
    blur: Scheduled = 0.0
    blur_every: int = 10
    denoise: Scheduled = 0.0
    denoise_every: int = 10
    brightness: float = 0.0
    brightness_every: int = 50

    def schedule(self, key: str) -> Schedule:
        """The schedule of a number, constant where the recipe gives a single value."""
        value = getattr(self, key)
        return Schedule(*value) if isinstance(value, tuple) else Schedule(value, value)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values for a manifest."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def recipe_names() -> list[str]:
    """The names of the recipes that come with the package."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def recipe_text(name: str) -> str:
    """The TOML text of a recipe that comes with the package.

    Raises:
        UserError: if there is none of that name.
    """
    if name not in recipe_names():
        raise UserError(f"no recipe {name!r}; there are: {', '.join(recipe_names())} (or a path to a .toml file)")
    text: str = (_folder() / f"{name}.toml").read_text("utf-8")
    return text


def load_recipe(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe by name or by the path of a TOML file, with single numbers changed.

    Raises:
        UserError: for an unknown name or key, a value of the wrong kind or range, or a file that is no TOML.
    """
    path = Path(name)
    is_file = name.endswith(".toml") or path.is_file()
    if is_file and not path.is_file():
        raise UserError(f"recipe file {name!r} does not exist")
    try:
        text = path.read_text("utf-8") if is_file else recipe_text(name)
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"recipe {name!r} is no readable TOML: {error}") from error
    return recipe_from(values | dict(changes or {}), path.stem if is_file else name)


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
    _check_ranges(recipe)
    return recipe


def parse_changes(pairs: Sequence[str]) -> dict[str, Any]:
    """Read ``KEY=VALUE`` pairs, the values as TOML (a bare word is a string).

    Raises:
        UserError: for a pair without an equals sign or a key.
    """
    changes: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UserError(f"--set wants KEY=VALUE, not {pair!r}")
        try:
            changes[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            changes[key.strip()] = value.strip()
    return changes


def _folder() -> Any:
    return resources.files("mindseye") / "recipes"


def _checked(key: str, kind: Any, value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_pair = isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(part) for part in value)
    if kind is str and isinstance(value, str):
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and is_number and float(value).is_integer():
        return int(value)
    if kind is float and is_number:
        return float(value)
    if kind == Scheduled and is_number:
        return float(value)
    if kind in (Scheduled, tuple[float, float]) and is_pair:
        return (float(value[0]), float(value[1]))
    wanted = {str: "a word", bool: "true or false", int: "a whole number", float: "a number"}.get(
        kind, "a number or [start, end]"
    )
    raise UserError(f"recipe value {key} wants {wanted}, not {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_ranges(recipe: Recipe) -> None:
    for key, choices in CHOICES.items():
        if getattr(recipe, key) not in choices:
            raise UserError(f"recipe value {key} is one of {', '.join(choices)}, not {getattr(recipe, key)!r}")
    for key in ("steps", "members", "top_k", "blur_every", "denoise_every", "brightness_every"):
        if getattr(recipe, key) < 1:
            raise UserError(f"recipe value {key} must be at least 1, not {getattr(recipe, key)}")
    low, high = recipe.crop
    if not 0 < low <= high <= 1:
        raise UserError(f"recipe value crop wants 0 < smallest <= largest <= 1, not {list(recipe.crop)}")
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
    if all(recipe.schedule(key).is_zero for key in ("match", "dot", "adaptive", "penalty", "total_variation")):
        raise UserError("a recipe wants at least one of match, dot, adaptive, penalty and total_variation above 0")
    if not recipe.gamma > 0:
        raise UserError(f"recipe value gamma must be above 0, not {recipe.gamma}")
    if not recipe.name:
        raise UserError("a recipe needs a name")

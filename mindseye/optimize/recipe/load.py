"""Recipes made: by name, from a file or from plain values, with single values changed, and checked as a whole."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mindseye.optimize.canvases.prior import ARCHIVES
from mindseye.optimize.recipe.checks import check_parts
from mindseye.optimize.recipe.files import read_recipe
from mindseye.optimize.recipe.recipe import OWN, Recipe
from mindseye.user_code import whole_path


def load_recipe(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe by name or by the path of a TOML file, with single values changed.

    Raises:
        UserError: for an unknown name or key, a value of the wrong kind or range, or a file that is no TOML.
    """
    return recipe_from(read_recipe(name) | dict(changes or {}))


def recipe_from(values: Mapping[str, Any], name: str = "") -> Recipe:
    """A checked recipe from values by key, plain ones or parts of the user's own. name: where the values have none.

    Raises:
        UserError: naming the first key that is unknown or has an impossible value, or the parts that do not go together.
    """
    recipe = Recipe(**{"name": name, **values})
    check_parts(recipe)
    return recipe


def with_whole_paths(recipe: Recipe) -> Recipe:
    """A recipe with the whole paths of the files that it names, so that a run can be continued from elsewhere."""
    is_archive = recipe.prior.endswith(ARCHIVES)
    prior = str(Path(recipe.prior).absolute()) if is_archive else whole_path(recipe.prior)
    own: dict[str, Any] = {key: tuple(_whole(part) for part in getattr(recipe, key)) for key in OWN}
    return replace(recipe, prior=prior, canvas=_whole(recipe.canvas), **own)


def _whole(part: Any) -> Any:
    return whole_path(part) if isinstance(part, str) else part

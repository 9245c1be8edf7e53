"""The recipe that is asked for: by name, file or value, with single numbers changed."""

from collections.abc import Mapping
from typing import Any

from mindseye.errors import UserError
from mindseye.optimize.recipe.load import load_recipe, recipe_from, with_whole_paths
from mindseye.optimize.recipe.recipe import Recipe


def chosen_recipe(
    recipe: str | Recipe, changes: Mapping[str, Any] | None = None, numbers: Mapping[str, Any] | None = None
) -> Recipe:
    """A recipe with single values changed; the files that it names by their whole paths.

    recipe: its name, the path of a TOML file, or a value. changes, numbers: what is replaced; None in numbers replaces
    nothing.

    Raises:
        UserError: for an unknown recipe or key, or an impossible value.
    """
    if changes is not None and not isinstance(changes, Mapping):
        raise UserError(f"changes are values by key, such as {{'lr': 0.05}}, not {changes!r}")
    replaced = dict(changes or {}) | {key: value for key, value in (numbers or {}).items() if value is not None}
    if isinstance(recipe, str):
        return with_whole_paths(load_recipe(recipe, replaced))
    if not isinstance(recipe, Recipe):
        raise UserError(f"recipe is a name, a TOML file or a Recipe, not {recipe!r}")
    return with_whole_paths(recipe_from(recipe.values() | replaced))

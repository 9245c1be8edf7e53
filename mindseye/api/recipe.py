"""Recipes as one call: ``mindseye.recipe("paper")``."""

from typing import Any

from mindseye.optimize.recipe.files import recipe_names
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.workflows.recipe import chosen_recipe


def recipe(name: str, **changes: Any) -> Recipe:
    """A recipe by name or from a TOML file, with single numbers changed: ``recipe("paper", steps=500)``.

    Raises:
        UserError: for an unknown recipe or number, or an impossible value.
    """
    return chosen_recipe(name, changes)


def recipes() -> dict[str, Recipe]:
    """The recipes that come along, by name."""
    return {name: chosen_recipe(name) for name in recipe_names()}

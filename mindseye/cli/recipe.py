"""``mindseye recipe``."""

import argparse
from typing import Any

from mindseye.cli.options import DONE, add_command

EXAMPLES = """examples:
  mindseye recipe
  mindseye recipe paper > mine.toml && mindseye visualize photos --recipe mine.toml"""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "List the recipes, or print one as TOML to edit and pass back with --recipe FILE."
    parser = add_command(commands, "recipe", act, about, EXAMPLES)
    parser.add_argument("name", nargs="?", metavar="NAME")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.optimize.recipe.files import read_recipe, recipe_names, recipe_text

    if options.name:
        print(recipe_text(options.name), end="")
    else:
        names = recipe_names()
        width = max(map(len, names))
        for name in names:
            print(f"{name:<{width}}  {read_recipe(name)['about']}")
    return DONE

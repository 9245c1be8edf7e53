"""``mindseye recipe``."""

import argparse
from pathlib import Path
from typing import Any

from mindseye.cli.options import DONE, add_command

EXAMPLES = """examples:
  mindseye recipe
  mindseye recipe paper > mine.toml
  mindseye recipe mine.toml                             whether what was edited is a recipe
  mindseye visualize photos --recipe mine.toml"""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "List the recipes, or print one as TOML to edit and pass back with --recipe FILE, or check a file."
    parser = add_command(commands, "recipe", act, about, EXAMPLES)
    name = "of a recipe, or the path of a TOML file, which is checked and printed"
    parser.add_argument("name", nargs="?", metavar="NAME", help=name)


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.optimize.recipe.files import is_recipe_file, read_recipe, recipe_names, recipe_text

    if options.name and is_recipe_file(options.name):
        from mindseye.optimize.recipe.load import load_recipe

        load_recipe(options.name)
        print(Path(options.name).read_text("utf-8"), end="")
    elif options.name:
        print(recipe_text(options.name), end="")
    else:
        names = recipe_names()
        width = max(map(len, names))
        for name in names:
            print(f"{name:<{width}}  {read_recipe(name)['about']}")
    return DONE

"""Recipes as TOML: those that come with the package, the user's own files, and single numbers changed."""

import difflib
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from mindseye.errors import UserError
from mindseye.wording import did_you_mean


def recipe_names() -> list[str]:
    """The names of the recipes that come with the package."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def recipe_text(name: str) -> str:
    """The TOML text of a recipe that comes with the package.

    Raises:
        UserError: if there is none of that name.
    """
    if name not in recipe_names():
        meant = did_you_mean(difflib.get_close_matches(name, recipe_names(), n=2))
        names = f"there are: {', '.join(recipe_names())} (or a path to a .toml file)"
        raise UserError(f"no recipe {name!r}; {meant + ' ' if meant else ''}{names}")
    text: str = (_folder() / f"{name}.toml").read_text("utf-8")
    return text


def read_recipe(name: str) -> dict[str, Any]:
    """The values of a recipe by name or by the path of a TOML file, over those of its ``base``, and its ``name``; not checked.

    Raises:
        UserError: for an unknown name, a file that is no TOML, or one that is based on itself.
    """
    return _read(name, ())


def _read(name: str, above: tuple[str, ...]) -> dict[str, Any]:
    """The values of a recipe. above: the recipes that are based on it."""
    path = Path(name)
    is_file = name.endswith(".toml") or path.is_file()
    if is_file and not path.is_file():
        raise UserError(f"recipe file {name!r} does not exist")
    try:
        text = path.read_text("utf-8") if is_file else recipe_text(name)
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"recipe {name!r} is no readable TOML: {error}") from error
    base = values.pop("base", None)
    if base is None:
        below = {}
    elif isinstance(base, str) and base not in above:
        beside = path.parent / base
        below = _read(str(beside) if is_file and beside.is_file() else base, (*above, name, base))
    else:
        why = "which is based on it" if isinstance(base, str) else "which is no name"
        raise UserError(
            f"recipe {name!r} has base = {base!r}, {why}: it is another recipe, or the path of its TOML file"
        )
    return below | {"name": path.stem if is_file else name} | values


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

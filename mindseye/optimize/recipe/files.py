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


def is_recipe_file(name: str) -> bool:
    """Whether a recipe is named by the path of a file."""
    return name.endswith(".toml") or Path(name).is_file()


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
    return _from_file(Path(name), ()) if is_recipe_file(name) else _from_package(name)


def _from_package(name: str) -> dict[str, Any]:
    values = {"name": name} | tomllib.loads(recipe_text(name))
    base = values.pop("base", None)
    return values if base is None else _from_package(base) | values


def _from_file(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """The values of a file over those of its base. above: the files that are based on it."""
    if not path.is_file():
        raise UserError(f"recipe file {str(path)!r} does not exist")
    if path.resolve() in above:
        raise UserError(f"recipe {str(path)!r} is based on itself")
    try:
        values = {"name": path.stem} | tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"recipe {str(path)!r} is no readable TOML: {error}") from error
    base = values.pop("base", None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise UserError(f"recipe {str(path)!r}: base is the name of a recipe or the path of a TOML file, not {base!r}")
    beside = path.parent / base
    try:
        is_file = base.endswith(".toml")
        file = beside if beside.is_file() else Path(base)
        below = _from_file(file, (*above, path.resolve())) if is_file else _from_package(base)
    except UserError as error:
        raise UserError(f"base of {str(path)!r}: {error}") from None
    below.pop("about", None)
    return below | values


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

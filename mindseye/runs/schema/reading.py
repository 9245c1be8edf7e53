"""A JSON file of any older schema as a typed value."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from mindseye.errors import UserError

Content = Mapping[str, Any]
Upgrades = Mapping[int, Callable[[Content], dict[str, Any]]]
"""How a file of a schema becomes one of the next."""
T = TypeVar("T")


def read_content(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        FileNotFoundError: if there is none.
        UserError: if it cannot be read.
    """
    try:
        return json.loads(path.read_text("utf-8"), parse_constant=lambda name: None)  # NaN is no JSON
    except FileNotFoundError:
        raise
    except NotADirectoryError as error:  # the path of a file, where a folder was meant
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    except (ValueError, OSError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({error}); start anew with --force") from error


def parse_content(adapter: TypeAdapter[T], content: Any, where: Path | str, schema: int, upgrades: Upgrades) -> T:
    """What a file of this or an older schema says.

    Args:
        adapter: of a dataclass; a key of the file is the name of a field. Keys that it does not have are left out.
        content: as ``json.loads`` gives it.
        where: how an error calls the file.
        schema: the one that is written now. upgrades: from each older one.

    Raises:
        UserError: if it is no such file, naming the field that is wrong, or one of a newer schema.
    """
    written = content.get("schema") if isinstance(content, dict) else None
    if not isinstance(written, int) or written < 1:
        raise UserError(f"{where} was not written by mindseye: it has no schema; start anew with --force")
    if written > schema:
        raise UserError(f"{where} was written by a newer mindseye (schema {written}); update it")
    for older in range(written, schema):
        content = upgrades[older](content)
    try:
        return adapter.validate_python(content | {"schema": schema})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{where} is damaged: {name}: {first['msg']}; start anew with --force") from error


def rename_key(entry: Any, old: str, new: str) -> Any:
    """An entry of an older file with a key under its new name; what has no such key stays as it is."""
    if not isinstance(entry, dict) or old not in entry:
        return entry
    return {new if key == old else key: value for key, value in entry.items()}


def rename_in_list(entries: Any, old: str, new: str) -> Any:
    """The same for each entry of a list."""
    return [rename_key(entry, old, new) for entry in entries] if isinstance(entries, list) else entries

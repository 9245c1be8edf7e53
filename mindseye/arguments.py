"""What callers pass, checked by kind: a value of another kind is refused in one line that names the parameter."""

import os
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from mindseye.errors import UserError


def check_count(name: str, value: Any, least: int = 0, optional: bool = False) -> None:
    """Refuse what is no whole number of ``least`` or more. optional: None is left open.

    Raises:
        UserError: naming it.
    """
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not (is_whole and value >= least) and not (optional and value is None):
        limit = {0: "of zero or more", 1: "above zero"}.get(least, f"of {least} or more")
        raise UserError(f"{name} is a whole number {limit}, not {value!r}")


def check_number(name: str, value: Any, optional: bool = False) -> None:
    """Refuse what is no finite number. optional: None is left open.

    Raises:
        UserError: naming it.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and isfinite(value)) and not (optional and value is None):
        raise UserError(f"{name} is a number, not {value!r}")


def check_words(name: str, value: Any) -> None:
    """Refuse what is no text; None is left open.

    Raises:
        UserError: naming it.
    """
    if value is not None and not isinstance(value, str):
        raise UserError(f"{name} is given in words, not as {value!r}")


def check_seed(seed: Any) -> int:
    """A seed.

    Raises:
        UserError: if it is none.
    """
    if not (isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**32):
        raise UserError(f"seed is a whole number from 0 to {2**32 - 1}, not {seed!r}")
    return seed


def as_path(name: str, value: Any) -> Path | None:
    """A path, or None.

    Raises:
        UserError: for what names no file, naming the parameter.
    """
    return None if value is None else required_path(name, value)


def required_path(name: str, value: Any) -> Path:
    """A path that must be given.

    Raises:
        UserError: for what names no file, naming the parameter.
    """
    if not isinstance(value, str | os.PathLike):
        raise UserError(f"{name} is a path, not {value!r}")
    return Path(value)


def as_list(name: str, value: Any, single: Any) -> list[Any]:
    """One value or several, as a list; None for none.

    single: what one of them is, a type or a union of types; what several hold is for the caller to look at.

    Raises:
        UserError: for what is neither, naming the parameter.
    """
    if value is None:
        return []
    if isinstance(value, single):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
        raise UserError(f"{name} is one value or a list of them, not {value!r}")
    return list(value)

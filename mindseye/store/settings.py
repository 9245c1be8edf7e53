"""Where the cache lies and how large it may grow."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

from mindseye.errors import UserError

FOLDER, LIMIT = "MINDSEYE_CACHE", "MINDSEYE_CACHE_LIMIT"
DEFAULT_LIMIT = 10 * 10**9

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def cache_folder(environment: Mapping[str, str] = os.environ, platform_folder: Path | None = None) -> Path:
    """``$MINDSEYE_CACHE``, else ``mindseye`` in the user's folder of caches, as the operating system has it.

    Earlier versions kept the cache in ``~/.cache/mindseye`` on every system: one that is there is used on, where the
    system's own folder has none yet.

    Args:
        environment: where the variable is looked up.
        platform_folder: the system's folder; by default what platformdirs says.

    Raises:
        UserError: if there is no such folder, for a user without a home.
    """
    if environment.get(FOLDER):
        return Path(os.path.abspath(environment[FOLDER]))  # noqa: PTH100
    folder = platform_folder or user_cache_path("mindseye", appauthor=False)
    if not folder.is_absolute():  # "~" stays as it is for a user without a home
        raise UserError(f"no home folder to keep a cache in: name one in ${FOLDER}")
    earlier = Path("~/.cache/mindseye")
    try:
        earlier = earlier.expanduser()
    except RuntimeError:
        return folder
    is_told = Path(environment.get("XDG_CACHE_HOME", "")).is_absolute()
    return earlier if earlier.is_dir() and not folder.exists() and not is_told else folder


def limit_from(environment: Mapping[str, str] = os.environ) -> int | None:
    """``$MINDSEYE_CACHE_LIMIT`` in bytes; None where it is not set.

    Raises:
        UserError: if it is no size.
    """
    text = environment.get(LIMIT)
    return parse_size(text, f"${LIMIT}") if text else None


def parse_size(text: str, name: str = "a size") -> int:
    """Bytes from ``500MB``, ``1.5 GiB`` or ``20000``.

    Raises:
        UserError: naming what was meant to be a size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UserError(f"{name} is a number of bytes such as 500MB, 20GB or 16GiB, not {text!r}")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2].upper()])


def size_text(count: float) -> str:
    """Bytes for people: ``1.3 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"

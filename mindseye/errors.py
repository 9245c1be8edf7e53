"""The one exception that is the user's to mend, and whose line of code an error passed."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent


class UserError(Exception):
    """A mistake in what the user asked for or gave, told in one line that names the thing and the way out.

    The command line prints it without a traceback and ends with exit code 2.
    """


def one_line(error: BaseException) -> str:
    """An error's first line, the system's own words for an operating system's error, never empty."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, MemoryError):
        return "too large for the memory"
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def is_of_package(file: str) -> bool:
    """Whether a line of a traceback is this package's, wherever that is installed."""
    return _PACKAGE in Path(file).parents


def is_of_library(file: str) -> bool:
    """Whether a line of a traceback is Python's, or of something else that is installed; neither the package's nor a user's."""
    libraries = ("site-packages", "dist-packages", f"{os.sep}lib{os.sep}python", "<")
    return not is_of_package(file) and any(part in file for part in libraries)

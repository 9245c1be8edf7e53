"""Which classes of a collection a user means."""

import os
from pathlib import Path

from mindseye.errors import UserError


def class_words(text: str | os.PathLike[str]) -> list[str]:
    """What ``--classes FILE|GLOB`` says: the lines of a file, where there is one of this name, else the words themselves.

    Raises:
        UserError: if the file cannot be read or names no class.
    """
    path = Path(text)
    if not path.is_file():
        return [os.fspath(text)]
    try:
        lines = [line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise UserError(f"classes {str(path)!r}: {error}; give a text file with a class per line") from error
    words = [line for line in lines if line]
    if not words:
        raise UserError(f"classes {str(path)!r} names no class: write one to a line")
    return words

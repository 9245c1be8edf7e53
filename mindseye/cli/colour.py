"""Colour, where a terminal shows it: rich, which draws the bars, would take longer to import than help takes to appear."""

import os
from typing import Literal, TextIO

CODES = {"heading": "1", "mistake": "1;31", "result": "1;32"}


def styled(text: str, style: Literal["heading", "mistake", "result"], stream: TextIO) -> str:
    """A text as it is written to a stream: in colour on a terminal, plain anywhere else, and where NO_COLOR is set."""
    return f"\x1b[{CODES[style]}m{text}\x1b[0m" if _has_colour(stream) else text


def _has_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # no stream at all, or one that is closed
        return False

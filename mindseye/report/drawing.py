"""What every figure is drawn with: roles of colours, sizes of type, and text that fits its room."""

from collections.abc import Sequence
from typing import Literal, TypeVar

from mindseye.report.typeface import printable, text_width

Colour = tuple[int, int, int]
Role = Literal[
    "paper", "raised", "rule", "faint", "ink", "warning", "noise", "members", "start", "channel", "null", "band"
]
Paint = Colour | Role
"""A colour, or what it is for: the theme of the figure then says which it is."""
Item = TypeVar("Item")

PAPER: Role = "paper"
RAISED: Role = "raised"
RULE: Role = "rule"
FAINT: Role = "faint"
INK: Role = "ink"
WARNING: Role = "warning"

TITLE, HEADING, BODY, SMALL = 46, 28, 24, 21
"""Sizes of type in px; at 300 dpi the smallest is five points."""
MARGIN = 60
DPI, LARGEST = 300, 4000
"""Pixels per inch of a figure, and the longest side that it may have."""


def shorten(text: str, width: int, size: int, bold: bool = False) -> str:
    """`text`, with its middle replaced by "…" where it is wider than `width` px: both ends of a name tell it apart."""
    text = printable(text)
    if text_width(text, size, bold) <= width:
        return text
    kept, too_many = 0, len(text)
    while too_many - kept > 1:
        middle = (kept + too_many) // 2
        fits = text_width(_ends(text, middle), size, bold) <= width
        kept, too_many = (middle, too_many) if fits else (kept, middle)
    return _ends(text, kept)


def _ends(text: str, kept: int) -> str:
    tail = kept // 2
    return text[: kept - tail] + "…" + text[len(text) - tail :]


def wrap(text: str, width: int, size: int, lines: int) -> list[str]:
    """`text` broken at spaces into at most `lines` lines of `width` px; what is left over is shortened in the last."""
    rows: list[str] = []
    words = printable(text).split(" ")
    while words and len(rows) < lines - 1:
        count = 1
        while count < len(words) and text_width(" ".join(words[: count + 1]), size) <= width:
            count += 1
        rows.append(shorten(" ".join(words[:count]), width, size))
        words = words[count:]
    return [*rows, shorten(" ".join(words), width, size)] if words else rows


def sample_evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most ``most`` items (two at least), evenly spread in their order, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]

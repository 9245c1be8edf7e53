"""The type of the figures: DejaVu Sans, and for what it lacks the first font of the machine that has it."""

import math
import unicodedata
from contextlib import suppress
from functools import cache
from pathlib import Path

from PIL import ImageFont

FALLBACKS = (
    "Noto Sans CJK",
    "Source Han Sans",
    "Noto Sans",
    "WenQuanYi",
    "Droid Sans Fallback",
    "PingFang",
    "Hiragino Sans",
    "Heiti",
    "Apple SD Gothic",
    "Microsoft YaHei",
    "Yu Gothic",
    "MS Gothic",
    "Malgun Gothic",
    "Arial Unicode",
    "Noto Emoji",
    "Symbola",
    "Segoe UI Symbol",
    "Apple Symbols",
    "Unifont",
    "STIXGeneral",
)
"""Begins of the names of fonts that are asked, in this order, for letters that DejaVu Sans lacks (Chinese, Japanese, Korean).

Fonts of coloured emoji are bitmaps of one size, which cannot be drawn at another."""

JOINERS = frozenset("\u200c\u200d")
"""What joins letters or keeps them apart, and has no shape of its own: Persian, Hindi and compound emoji are written with it."""

Run = tuple[str, Path]
"""A piece of text, and the file of the font that it is drawn with."""


@cache
def base_file(bold: bool = False) -> Path:
    """DejaVu Sans, from matplotlib's own files: it covers far more scripts than Pillow's built-in font."""
    import matplotlib

    return Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


@cache
def fallback_files() -> tuple[Path, ...]:
    """The fonts of this machine that ``FALLBACKS`` names, in that order; upright ones of normal weight."""
    from matplotlib.font_manager import (
        findSystemFonts,
        fontManager,
    )  # lists the machine's fonts at first, which takes a while

    listed = {entry.fname for entry in fontManager.ttflist}
    for file in sorted(
        set(findSystemFonts()) - listed
    ):  # matplotlib keeps its list, and does not see what is installed later
        with suppress(Exception):  # of a broken font it raises many kinds
            fontManager.addfont(file)
    upright = [
        entry for entry in fontManager.ttflist if entry.style == "normal" and str(entry.weight) in ("400", "normal")
    ]
    return tuple(
        dict.fromkeys(Path(entry.fname) for name in FALLBACKS for entry in upright if entry.name.startswith(name))
    )


@cache
def letters_of(file: Path) -> frozenset[int]:
    """The code points that a font has."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(str(file)).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


@cache
def sized_font(file: Path, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font at a size in px; Pillow's own where the file cannot be read."""
    try:
        return ImageFont.truetype(file, size)
    except OSError:
        return ImageFont.load_default(size)


def printable(text: str) -> str:
    """`text` on one line, with what can't be drawn (control characters, halves of surrogates) marked."""
    flat = " ".join(text.split())
    return "".join(
        letter if letter.isprintable() or letter in JOINERS else "\N{REPLACEMENT CHARACTER}" for letter in flat
    )


def runs_of(text: str, bold: bool = False) -> list[Run]:
    """A printable text in pieces, each with the font that has its letters.

    Of letters that no font has, their numbers (U+732B, of several in a row U+5199·771F); of signs, their names ([butterfly]).
    """
    base = base_file(bold)
    if text.isascii() or set(map(ord, text)) <= letters_of(base):
        return [(text, base)]
    runs: list[Run] = []
    is_numbered = False
    for letter in text:
        if _is_attached(letter):  # goes with the letter before it, whose font joins them
            if runs and not is_numbered:
                runs[-1] = (runs[-1][0] + letter, runs[-1][1])
            continue
        file = next((file for file in (base, *fallback_files()) if ord(letter) in letters_of(file)), None)
        shown = letter if file else _substitute(letter, is_numbered)
        is_numbered = file is None and not shown.startswith("[")
        file = file or base
        if runs and runs[-1][1] == file:
            runs[-1] = (runs[-1][0] + shown, file)
        else:
            runs.append((shown, file))
    return runs


def _is_attached(letter: str) -> bool:
    return letter in JOINERS or "\N{VARIATION SELECTOR-1}" <= letter <= "\N{VARIATION SELECTOR-16}"


def _substitute(letter: str, follows: bool) -> str:
    """What stands for a letter that no font has. follows: whether it follows another such."""
    if unicodedata.category(letter) == "So" and (name := unicodedata.name(letter, "")):
        return f"[{name.lower()}]"
    return f"{'·' if follows else 'U+'}{ord(letter):04X}"


def text_width(text: str, size: int, bold: bool = False) -> int:
    """Width in px of `text` as `Sheet.text` draws it."""
    return math.ceil(sum(sized_font(file, size).getlength(run) for run, file in runs_of(printable(text), bold)))


def metrics(size: int, bold: bool = False) -> tuple[int, int]:
    """How far a line of text reaches above and below its base line, in px."""
    font = sized_font(base_file(bold), size)
    if isinstance(font, ImageFont.FreeTypeFont):
        return font.getmetrics()
    return size, size // 4  # Pillow's own, where the files of matplotlib are gone

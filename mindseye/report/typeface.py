"""The type of the figures: DejaVu Sans, and for what it lacks the first font of the machine that has it."""

import math
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
    "Unifont",
    "STIXGeneral",
)
"""Begins of the names of fonts that are asked, in this order, for letters that DejaVu Sans lacks (Chinese, Japanese, Korean)."""

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
    from matplotlib.font_manager import fontManager  # lists the machine's fonts at first, which takes a while

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
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in flat)


def runs_of(text: str, bold: bool = False) -> list[Run]:
    """A printable text in pieces, each with the font that has its letters; of a letter that none has, its number (U+732B)."""
    base = base_file(bold)
    if text.isascii() or set(map(ord, text)) <= letters_of(base):
        return [(text, base)]
    runs: list[Run] = []
    for letter in text:
        file = next((file for file in (base, *fallback_files()) if ord(letter) in letters_of(file)), None)
        shown = letter if file else f"U+{ord(letter):04X}"
        file = file or base
        if runs and runs[-1][1] == file:
            runs[-1] = (runs[-1][0] + shown, file)
        else:
            runs.append((shown, file))
    return runs


def text_width(text: str, size: int, bold: bool = False) -> int:
    """Width in px of `text` as `Sheet.text` draws it."""
    return math.ceil(sum(sized_font(file, size).getlength(run) for run, file in runs_of(printable(text), bold)))


def metrics(size: int, bold: bool = False) -> tuple[int, int]:
    """How far a line of text reaches above and below its base line, in px."""
    font = sized_font(base_file(bold), size)
    if isinstance(font, ImageFont.FreeTypeFont):
        return font.getmetrics()
    return size, size // 4  # Pillow's own, where the files of matplotlib are gone

"""What every sheet is drawn with: theme, type, and shapes with smooth edges, on a Pillow image."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Item = TypeVar("Item")

PAPER: Colour = (17, 18, 21)
RAISED: Colour = (34, 36, 42)
RULE: Colour = (54, 57, 65)
FAINT: Colour = (142, 147, 158)
INK: Colour = (238, 239, 242)
WARNING: Colour = (255, 178, 62)

TITLE, HEADING, BODY, SMALL = 46, 28, 24, 20
MARGIN = 60

CORNERS = {
    "square": [(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)],
    "triangle": [(0, -1.45), (1.3, 0.95), (-1.3, 0.95)],
    "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
}
"""Of the marks that are no discs: places, in radii of a disc of about the same area."""

_SUPERSAMPLING = 4


def printable(text: str) -> str:
    """`text` on one line, with what can't be drawn (control characters, halves of surrogates) marked."""
    flat = " ".join(text.split())
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in flat)


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans at `size` px, from matplotlib's own files: it covers far more scripts than Pillow's built-in font."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    try:
        return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", name), size)
    except OSError:
        return ImageFont.load_default(size)


def text_width(text: str, size: int, bold: bool = False) -> int:
    """Width in px of `text` as `Sheet.text` draws it."""
    return math.ceil(font(size, bold).getlength(printable(text)))


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


class Brush:
    """Draws shapes in the sheet's coordinates on an enlarged copy of one box of it."""

    def __init__(self, image: Image.Image, origin: tuple[int, int]) -> None:
        self._draw = ImageDraw.Draw(image)
        self._origin = origin

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (x - self._origin[0]) * _SUPERSAMPLING, (y - self._origin[1]) * _SUPERSAMPLING

    def _corners(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        right, bottom = self._at(x + width, y + height)
        return (*self._at(x, y), right - 1, bottom - 1)  # Pillow counts the last pixel in

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, width: float = 2) -> None:
        """A polyline of `width` px."""
        thick = round(width * _SUPERSAMPLING)
        self._draw.line([self._at(*point) for point in points], colour, thick, joint="curve")

    def dashes(self, points: Sequence[tuple[float, float]], colour: Colour, width: float, dash: float) -> None:
        """A polyline broken into dashes of `dash` px with gaps as long."""
        for (x0, y0), (x1, y1) in pairwise(points):
            length = math.hypot(x1 - x0, y1 - y0)
            for index in range(math.ceil(length / (2 * dash))):
                a, b = 2 * dash * index / length, min(dash * (2 * index + 1) / length, 1)
                self.line([(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (a, b)], colour, width)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle."""
        self._draw.ellipse(self._corners(x - radius, y - radius, 2 * radius, 2 * radius), colour)

    def mark(self, x: float, y: float, radius: float, colour: Colour, shape: str) -> None:
        """A disc, square, triangle or diamond, as large to the eye as a disc of this radius."""
        if shape == "disc":
            self.disc(x, y, radius, colour)
            return
        corners = [self._at(x + across * radius, y + down * radius) for across, down in CORNERS[shape]]
        self._draw.polygon(corners, colour)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour, radius: float = 0) -> None:
        """A filled box with rounded corners."""
        self._draw.rounded_rectangle(self._corners(x, y, width, height), radius * _SUPERSAMPLING, colour)


class Sheet:
    """A figure being drawn. Coordinates are px from the upper left corner."""

    def __init__(self, width: int, height: int, colour: Colour = PAPER) -> None:
        self.image = Image.new("RGB", (max(1, width), max(1, height)), colour)
        self._draw = ImageDraw.Draw(self.image)

    @property
    def width(self) -> int:
        """Width in px."""
        return self.image.width

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int = BODY,
        *,
        colour: Colour = INK,
        bold: bool = False,
        width: int | None = None,
        anchor: str = "la",
        halo: int = 0,
    ) -> None:
        """One line of text with Pillow's `anchor` at (x, y), shortened in its middle to `width` px.

        A halo of that many px in the sheet's own colour keeps it legible over lines.
        """
        shown = printable(text) if width is None else shorten(text, width, size, bold)
        self._draw.text((x, y), shown, colour, font(size, bold), anchor, stroke_width=halo, stroke_fill=PAPER)

    def paste(self, x: float, y: float, image: Image.Image) -> None:
        """Put `image` with its upper left corner at (x, y)."""
        self.image.paste(image, (round(x), round(y)))

    def rule(self, x0: float, y0: float, x1: float, y1: float, colour: Colour = RULE) -> None:
        """A hairline."""
        self._draw.line((round(x0), round(y0), round(x1), round(y1)), colour, 1)

    @contextmanager
    def smooth(self, x: int, y: int, width: int, height: int) -> Iterator[Brush]:
        """A brush for the box at (x, y): its shapes are drawn enlarged and reduced, which smooths their edges."""
        box = (x, y, x + width, y + height)
        enlarged = self.image.crop(box).resize(
            (width * _SUPERSAMPLING, height * _SUPERSAMPLING), Image.Resampling.NEAREST
        )
        yield Brush(enlarged, (x, y))
        self.image.paste(enlarged.reduce(_SUPERSAMPLING), (x, y))

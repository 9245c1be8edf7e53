"""A figure while it is drawn: its pixels, and the same as items that a vector file is written from."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mindseye.report.drawing import BODY, INK, RULE, Colour, Paint, shorten
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.typeface import metrics, printable, runs_of, sized_font, text_width

_SUPERSAMPLING = 4
CORNERS: dict[str, tuple[tuple[float, float], ...]] = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "triangle": ((0, -1.3), (1.2, 0.8), (-1.2, 0.8)),
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
}
_ACROSS = {"l": 0.0, "m": 0.5, "r": 1.0}

Point = tuple[float, float]


@dataclass(frozen=True)
class Text:
    """A line of text from (x, y) on its base line, in px. width: how far it reaches."""

    x: float
    y: float
    text: str
    size: int
    colour: Colour
    bold: bool
    width: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of its letters, without the room that a line leaves above capitals."""
        return self.x, self.y - 0.76 * self.size, self.x + self.width, self.y + 0.24 * self.size


@dataclass(frozen=True)
class Picture:
    """An image with its upper left corner at (x, y)."""

    x: int
    y: int
    image: Image.Image


@dataclass(frozen=True)
class Line:
    """A polyline."""

    points: tuple[Point, ...]
    colour: Colour
    width: float


@dataclass(frozen=True)
class Shape:
    """A filled polygon; with a ``radius`` a box of rounded corners, or, of one point, a disc."""

    points: tuple[Point, ...]
    colour: Colour
    radius: float = 0


Item = Text | Picture | Line | Shape


class Brush:
    """Draws shapes in the sheet's coordinates on an enlarged copy of one box of it."""

    def __init__(self, sheet: "Sheet", image: Image.Image, origin: tuple[int, int]) -> None:
        self._sheet, self._draw, self._origin = sheet, ImageDraw.Draw(image), origin

    def _at(self, x: float, y: float) -> Point:
        return (x - self._origin[0]) * _SUPERSAMPLING, (y - self._origin[1]) * _SUPERSAMPLING

    def _corners(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        right, bottom = self._at(x + width, y + height)
        return (*self._at(x, y), right - 1, bottom - 1)  # Pillow counts the last pixel in

    def line(self, points: Sequence[Point], colour: Paint, width: float = 2) -> None:
        """A polyline of `width` px."""
        shown = self._sheet.theme.paint(colour)
        self._draw.line([self._at(*point) for point in points], shown, round(width * _SUPERSAMPLING), joint="curve")
        self._sheet.items.append(Line(tuple(points), shown, width))

    def dashes(self, points: Sequence[Point], colour: Paint, width: float, dash: float) -> None:
        """A polyline broken into dashes of `dash` px with gaps as long."""
        for (x0, y0), (x1, y1) in pairwise(points):
            length = math.hypot(x1 - x0, y1 - y0)
            for index in range(math.ceil(length / (2 * dash))):
                a, b = 2 * dash * index / length, min(dash * (2 * index + 1) / length, 1)
                self.line([(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (a, b)], colour, width)

    def disc(self, x: float, y: float, radius: float, colour: Paint) -> None:
        """A filled circle."""
        shown = self._sheet.theme.paint(colour)
        self._draw.ellipse(self._corners(x - radius, y - radius, 2 * radius, 2 * radius), shown)
        self._sheet.items.append(Shape(((x, y),), shown, radius))

    def mark(self, x: float, y: float, radius: float, colour: Paint, shape: str) -> None:
        """A disc, square, triangle or diamond, as large to the eye as a disc of this radius."""
        if shape == "disc":
            self.disc(x, y, radius, colour)
            return
        shown = self._sheet.theme.paint(colour)
        corners = tuple((x + across * radius, y + down * radius) for across, down in CORNERS[shape])
        self._draw.polygon([self._at(*corner) for corner in corners], shown)
        self._sheet.items.append(Shape(corners, shown))

    def box(self, x: float, y: float, width: float, height: float, colour: Paint, radius: float = 0) -> None:
        """A filled box with rounded corners."""
        shown = self._sheet.theme.paint(colour)
        self._draw.rounded_rectangle(self._corners(x, y, width, height), radius * _SUPERSAMPLING, shown)
        self._sheet.items.append(Shape(((x, y), (x + width, y + height)), shown, radius))


class Sheet:
    """A figure being drawn. Coordinates are px from the upper left corner; ``image`` has the pixels, ``items`` what was drawn."""

    def __init__(self, width: int, height: int, theme: Theme = LIGHT) -> None:
        self.theme = theme
        self.image = Image.new("RGB", (max(1, width), max(1, height)), theme.paint("paper"))
        self.items: list[Item] = []
        self._draw = ImageDraw.Draw(self.image)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.image, dtype=dtype)

    @property
    def width(self) -> int:
        """Width in px."""
        return self.image.width

    @property
    def height(self) -> int:
        """Height in px."""
        return self.image.height

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int = BODY,
        *,
        colour: Paint = INK,
        bold: bool = False,
        width: int | None = None,
        anchor: str = "la",
        halo: int = 0,
    ) -> None:
        """One line of text with Pillow's `anchor` at (x, y), shortened in its middle to `width` px.

        A halo of that many px in the sheet's own colour keeps it legible over lines.
        """
        shown = printable(text) if width is None else shorten(text, width, size, bold)
        if not shown:
            return
        above, below = metrics(size, bold)
        reach = text_width(shown, size, bold)
        left = x - _ACROSS[anchor[0]] * reach
        base = y + {"a": above, "m": (above - below) / 2, "s": 0, "d": -below}[anchor[1]]
        paint, paper = self.theme.paint(colour), self.theme.paint("paper")
        place = left
        for run, file in runs_of(shown, bold):
            font = sized_font(file, size)
            self._draw.text((place, base), run, paint, font, "ls", stroke_width=halo, stroke_fill=paper)
            place += font.getlength(run)
        self.items.append(Text(left, base, shown, size, paint, bold, reach))

    def paste(self, x: float, y: float, image: Image.Image) -> None:
        """Put `image` with its upper left corner at (x, y)."""
        self.image.paste(image, (round(x), round(y)))
        self.items.append(Picture(round(x), round(y), image))

    def rule(self, x0: float, y0: float, x1: float, y1: float, colour: Paint = RULE) -> None:
        """A hairline."""
        shown = self.theme.paint(colour)
        self._draw.line((round(x0), round(y0), round(x1), round(y1)), shown, 1)
        self.items.append(Line(((x0, y0), (x1, y1)), shown, 1))

    @contextmanager
    def smooth(self, x: int, y: int, width: int, height: int) -> Iterator[Brush]:
        """A brush for the box at (x, y): its shapes are drawn enlarged and reduced, which smooths their edges."""
        box = (x, y, x + width, y + height)
        enlarged = self.image.crop(box).resize(
            (width * _SUPERSAMPLING, height * _SUPERSAMPLING), Image.Resampling.NEAREST
        )
        yield Brush(self, enlarged, (x, y))
        self.image.paste(enlarged.reduce(_SUPERSAMPLING), (x, y))

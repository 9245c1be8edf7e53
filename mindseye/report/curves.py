"""Measures over depth: a narrow panel beside the rows of a sheet, a point per layer at its row's height."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mindseye.report.drawing import BODY, FAINT, INK, MARGIN, RULE, SMALL, Role, wrap
from mindseye.report.numbers import SHOWN, Reading, format_number, judge_name, loss_terms, reading
from mindseye.report.palette import facet_mark
from mindseye.report.sheet import Sheet
from mindseye.report.typeface import text_width
from mindseye.runs.schema import FacetEntry, LayerEntry, Manifest

PANEL = 226
GAP = 60
HEADING = 62
"""Height in px of what stands above a panel."""
MOST = 3

MEMBERS: Role = "members"
START: Role = "start"


@dataclass(frozen=True)
class Curve:
    """One measure over the layers: per layer the numbers of every facet, by the facet's index."""

    title: str
    note: str
    meaning: str
    points: list[dict[int, Reading]]

    def span(self) -> tuple[float, float]:
        """The axis: [0, 1], widened to whole numbers where the curve leaves it."""
        values = [value for row in self.points for numbers in row.values() for value in _known_values(numbers)]
        return float(math.floor(min([0, *values]))), float(math.ceil(max([1, *values])))

    def means(self, role: str) -> list[float | None]:
        """Mean over the facets at each layer, None where none has this number."""
        rows = [
            [value for numbers in row.values() if (value := getattr(numbers, role)) is not None] for row in self.points
        ]
        return [sum(row) / len(row) if row else None for row in rows]


def curves(manifest: Manifest) -> list[Curve]:
    """At most three curves: what judges say where they looked, otherwise how far the target was reached."""
    rows = manifest.layers
    judge = next((name for layer in rows for facet in layer.facets if (name := judge_name(facet.measures))), "")
    every = [
        _measured(rows, "probability", judge, "the members' label, named by another network"),
        _measured(rows, "home_folder", "of the nearest", "share of nearest photos of the same folder"),
        _measured(rows, "home_facet", "of the nearest", "share of nearest photos of the same facet"),
        _measured(rows, "percentile", "among photos", "nearness to the photos; a photo has 0.5"),
        _measured(rows, "cosine", "to the target", "likeness of activations and target"),
        _curve(rows, "loss left", "end ÷ start", "of the distance to the target", _loss_left),
    ]
    measured = [curve for curve in every if _has_numbers(curve)]
    judged = [curve for curve in measured if curve in every[:4]]
    if len(judged) > MOST:
        judged.remove(every[2])
    return judged or measured[:1]


def width(count: int) -> int:
    """Width in px of `count` panels with their legend, which needs the room of two."""
    return max(count, 2) * (PANEL + GAP) if count else 0


def draw_curve(sheet: Sheet, curve: Curve, x: int, rows: Sequence[int], top: int, bottom: int) -> None:
    """Draw the panel with its left edge at `x`, between `top` and `bottom`, the layers at the heights `rows`."""
    axis = _Axis(x, *curve.span())
    sheet.text(x, top - HEADING, curve.title, BODY, bold=True, width=PANEL + GAP - 12)
    sheet.text(x, top - 30, curve.note, SMALL, colour=FAINT, width=PANEL + GAP - 12)
    for tick in (axis.low, (axis.low + axis.high) / 2, axis.high):
        sheet.rule(axis.at(tick), top, axis.at(tick), bottom, RULE)
        sheet.text(axis.at(tick), bottom + 8, f"{tick:g}", SMALL, colour=FAINT, anchor="ma")
    with sheet.smooth(x - 12, top, PANEL + 24, bottom - top) as brush:
        for role, colour, dash in (("start", START, 2.0), ("members", MEMBERS, 7.0)):
            points = [(axis.at(value), row) for value, row in _known(curve.means(role), rows)]
            ends = [(points[0][0], top), *points, (points[-1][0], bottom)] if points else []
            brush.dashes(ends, colour, 2, dash)
        means = _known(curve.means("picture"), rows)
        brush.line([(axis.at(value), row) for value, row in means], INK, 3)
        for row, entries in zip(rows, curve.points, strict=True):
            for index, numbers in entries.items():
                if numbers.picture is not None:
                    brush.mark(axis.at(numbers.picture), row, 4, sheet.theme.facet(index), facet_mark(index))
        for value, row in means:
            brush.disc(axis.at(value), row, 7, INK)
    for value, row in means:
        # The number stands on the side of its point where the panel has room.
        aside, anchor = (-14, "rd") if axis.at(value) > x + PANEL * 0.6 else (14, "ld")
        sheet.text(axis.at(value) + aside, row - 8, format_number(value), SMALL, bold=True, anchor=anchor, halo=3)


@dataclass(frozen=True)
class _Axis:
    left: int
    low: float
    high: float

    def at(self, value: float) -> float:
        """Where `value` lies, in px."""
        return self.left + (value - self.low) / (self.high - self.low) * PANEL


def _known(values: Sequence[float | None], rows: Sequence[int]) -> list[tuple[float, int]]:
    return [(value, row) for value, row in zip(values, rows, strict=True) if value is not None]


def draw_legend(sheet: Sheet, panels: Sequence[Curve], x: int, y: int, bottom: int) -> None:
    """What the panels' marks and measures mean, from (x, y) down: a line of marks, then text as far as ``bottom``."""
    room, most = sheet.width - MARGIN - x, max(len(panels), (bottom - y - 40) // (SMALL + 6))
    texts = [f"{curve.title}: {curve.meaning}" for curve in panels]
    lines = [line for text in texts for line in wrap(text, room, SMALL, most)]
    if len(lines) > most:
        lines = [line for text in texts for line in wrap(text, room, SMALL, most // len(panels))]
    for index, line in enumerate(lines):
        sheet.text(x, y + 40 + index * (SMALL + 6), line, SMALL, colour=FAINT)
    for text, colour, dash in (("pictures", INK, 0.0), ("members", MEMBERS, 7.0), ("start", START, 2.0)):
        with sheet.smooth(x, y, 40, 20) as brush:
            if dash:
                brush.dashes([(x, y + 10), (x + 34, y + 10)], colour, 2, dash)
            else:
                brush.line([(x, y + 10), (x + 34, y + 10)], colour, 3)
                brush.disc(x + 17, y + 10, 6, colour)
        sheet.text(x + 46, y + 10, text, SMALL, colour=FAINT, anchor="lm")
        x += 66 + text_width(text, SMALL)


def _measured(rows: Sequence[LayerEntry], key: str, note: str, meaning: str) -> Curve:
    measure = next(measure for measure in SHOWN if measure.key == key)
    return _curve(rows, measure.title, note, meaning, lambda facet: reading(facet.measures, measure))


def _curve(
    rows: Sequence[LayerEntry], title: str, note: str, meaning: str, read: Callable[[FacetEntry], Reading]
) -> Curve:
    points = [{facet.index: read(facet) for facet in layer.facets} for layer in rows]
    return Curve(title, note, meaning, points)


def _has_numbers(curve: Curve) -> bool:
    return any(numbers.picture is not None for row in curve.points for numbers in row.values())


def _loss_left(facet: FacetEntry) -> Reading:
    """What is left of the term of the loss that is a distance to the target."""
    terms = loss_terms(facet)
    start, end = terms.get("match") or terms.get("adaptive") or (0.0, 0.0)
    return Reading(picture=end / start, start=1.0) if start > 0 else Reading()


def _known_values(numbers: Reading) -> list[float]:
    return [value for value in (numbers.picture, numbers.members, numbers.start) if value is not None]

"""The curve of entanglement over depth, with every channel of each layer below it; and the same numbers as a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from PIL import Image
from rich.console import Console
from rich.table import Table

from mindseye.report.drawing import BODY, FAINT, INK, MARGIN, RAISED, RULE, SMALL, Colour, Sheet, wrap
from mindseye.report.headings import HEADER, draw_header
from mindseye.report.manifest import (
    Json,
    channel_means,
    channel_stats,
    entanglement,
    image_set,
    layer_name,
    layers,
    model_name,
)
from mindseye.report.numbers import finite, shown

CHANNEL: Colour = (96, 178, 224)
NULL: Colour = (142, 147, 158)
NULL_BAND: Colour = (46, 49, 57)
WIDEST, COLUMN = 2400, 200
AXIS = 130
CURVE, CHANNELS = 380, 460
BETWEEN = 90
ROW = SMALL + 12
MEANING = (
    "Entanglement of a channel: the share of its variation over the photos that the facets explain, times how unlike the "
    "facets are that it prefers, two by two. 0: it prefers facets of one meaning, or tells none apart. 0.50: the facets tell "
    "all, and it prefers two evenly that have nothing in common. Shuffled: the same channels with their photos mixed up, "
    "which is what chance gives."
)
ROWS = (
    ("explained", "explained", "share of a channel's variation that facets explain"),
    ("spread", "spread", "how unlike the facets are that a channel prefers, 0 to 1"),
    ("selectivity", "selectivity", "1: answers to one facet alone, 0: to all alike"),
    ("class selectivity", "class_selectivity", "the same for the photos' labels"),
    ("stability", "stability", "same preferences with 80 % of the photos"),
)


@dataclass(frozen=True)
class _Axis:
    """A vertical axis from 0 to `top`, its foot at `bottom`, `height` px."""

    top: float
    bottom: int
    height: int

    def at(self, value: float) -> float:
        return self.bottom - value / self.top * self.height

    def ticks(self) -> list[float]:
        step = nice_step(self.top / 4)
        return [step * index for index in range(int(self.top / step + 1e-9) + 1)]


def nice_step(least: float) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that is not below `least`, which is positive."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def is_weighed(manifest: Json) -> bool:
    """Whether the run measured how entangled its channels are."""
    return any(entanglement(layer) for layer in layers(manifest))


def draw_entanglement(manifest: Json) -> Image.Image:
    """The layers from left to right: mean entanglement with its interval and the null, then every channel, then why."""
    rows = [layer for layer in layers(manifest) if entanglement(layer)]
    shown_rows = [row for row in ROWS if any(channel_means(layer, row[1]) for layer in rows)]
    left = MARGIN + 250
    width = max(min(WIDEST, left + COLUMN * len(rows) + MARGIN), 1500)
    step = (width - left - MARGIN) / max(1, len(rows))
    columns = [left + step * (index + 0.5) for index in range(len(rows))]
    meaning = wrap(MEANING, width - 2 * MARGIN, SMALL, 4)
    top = MARGIN + HEADER + 20 + len(meaning) * (SMALL + 8) + 90
    below = top + CURVE + BETWEEN
    names = below + CHANNELS + 20
    sheet = Sheet(width, names + 70 + len(shown_rows) * ROW + 66 + MARGIN)
    where = image_set(manifest)
    title = f"Entanglement by layer · {model_name(manifest)}" + (f" · {where}" if where else "")
    draw_header(sheet, manifest, title, MARGIN, MARGIN)
    for index, line in enumerate(meaning):
        sheet.text(MARGIN, MARGIN + HEADER + 20 + index * (SMALL + 8), line, SMALL, colour=FAINT)
    _draw_curve(sheet, rows, columns, left, top)
    _draw_channels(sheet, rows, columns, left, below, step)
    for x, layer in zip(columns, rows, strict=True):
        sheet.text(x, names, layer_name(layer), SMALL, bold=True, width=int(step) - 16, anchor="ma")
        count = entanglement(layer).get("channels", 0)
        sheet.text(x, names + SMALL + 8, f"{count} channels", SMALL, colour=FAINT, width=int(step) - 16, anchor="ma")
    for index, (name, key, _) in enumerate(shown_rows):
        _draw_row(sheet, rows, columns, name, key, names + 70 + index * ROW, int(step))
    foot = names + 70 + len(shown_rows) * ROW + 12
    words = " · ".join(f"{name}: {meaning}" for name, _, meaning in shown_rows)
    for index, line in enumerate(wrap(f"mean over channels (shuffled) · {words}", width - 2 * MARGIN, SMALL, 3)):
        sheet.text(MARGIN, foot + index * (SMALL + 6), line, SMALL, colour=FAINT)
    return sheet.image


def entanglement_table(manifest: Json) -> str:
    """A row per layer: mean entanglement, its interval, the null, and the channels' other numbers beside theirs."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("layer", "channels", "entanglement", "95 %", "shuffled", "explained", "spread", "selectivity"):
        table.add_column(heading, no_wrap=True)
    for layer in layers(manifest):
        found = entanglement(layer)
        numbers = {key: shown(finite(found.get(key))) for key in ("mean", "low", "high", "null")}
        table.add_row(
            layer_name(layer),
            str(found.get("channels", "–")),
            numbers["mean"],
            f"{numbers['low']} to {numbers['high']}",
            numbers["null"],
            *(_pair(layer, key) for key in ("explained", "spread", "selectivity")),
        )
    text = StringIO()
    Console(file=text, width=200, color_system=None).print(table)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return "\n".join(["means over the channels; in brackets, shuffled over the photos", *lines])


def _draw_curve(sheet: Sheet, rows: Sequence[Json], columns: Sequence[float], left: int, top: int) -> None:
    found = [entanglement(layer) for layer in rows]
    values = {key: [finite(one.get(key)) for one in found] for key in ("mean", "low", "high", "null")}
    values |= {key: [finite(one.get(key)) for one in found] for key in ("null_low", "null_high")}
    largest = max([value for row in values.values() for value in row if value is not None], default=0.0)
    axis = _Axis(1.1 * largest or 1.0, top + CURVE, CURVE)
    _draw_frame(sheet, axis, left, "mean of the layer", ["with its 95 % interval"])
    _draw_legend(sheet, left, top - 50)
    if not largest:
        sheet.text(left + 40, top + CURVE / 2, "no channel has a number: see the run's notes", BODY, colour=FAINT)
        return
    with sheet.smooth(left, top - 20, sheet.width - left, CURVE + 30) as brush:
        for x, low, high in zip(columns, values["null_low"], values["null_high"], strict=True):
            if low is not None and high is not None:
                brush.box(x - 26, axis.at(high), 52, max(2.0, axis.at(low) - axis.at(high)), NULL_BAND)
        null, mean = (_points(columns, values[key], axis) for key in ("null", "mean"))
        brush.dashes(null, NULL, 2, 7)
        if len(mean) > 1:
            brush.line(mean, INK, 3)
        for x, low, high in zip(columns, values["low"], values["high"], strict=True):
            if low is not None and high is not None:
                brush.line([(x, axis.at(low)), (x, axis.at(high))], INK, 2)
                for end in (low, high):
                    brush.line([(x - 9, axis.at(end)), (x + 9, axis.at(end))], INK, 2)
        for x, y in null:
            brush.disc(x, y, 4, NULL)
        for x, y in mean:
            brush.disc(x, y, 8, INK)
    for x, value in zip(columns, values["mean"], strict=True):
        if value is not None:
            sheet.text(x + 16, axis.at(value) - 4, shown(value), SMALL, bold=True, anchor="ld", halo=3)


def _draw_channels(
    sheet: Sheet, rows: Sequence[Json], columns: Sequence[float], left: int, top: int, step: float
) -> None:
    """Every channel as a dot: those with about the same entanglement side by side, and the widest row as wide as there is room."""
    every = [
        [value for one in channel_stats(layer) if (value := finite(one.get("entanglement"))) is not None]
        for layer in rows
    ]
    largest = max([value for found in every for value in found], default=0.0)
    axis = _Axis(1.05 * largest or 1.0, top + CHANNELS, CHANNELS)
    _draw_frame(sheet, axis, left, "every channel", ["a dot each; thin line:", "the mean, dashes: shuffled"])
    with sheet.smooth(left, top - 10, sheet.width - left, CHANNELS + 20) as brush:
        for x, found, layer in zip(columns, every, rows, strict=True):
            for offset, value in beeswarm(found, axis.top / (CHANNELS / 9), step / 2 - 14, 9.0):
                brush.disc(x + offset, axis.at(value), 3.6, CHANNEL)
            numbers = entanglement(layer)
            half = step / 2 - 10
            mean, null = (finite(numbers.get(key)) for key in ("mean", "null"))
            if mean is not None:
                brush.line([(x - half, axis.at(mean)), (x + half, axis.at(mean))], INK, 1.5)
            if null is not None:
                brush.dashes([(x - half, axis.at(null)), (x + half, axis.at(null))], NULL, 2, 7)


def beeswarm(values: Sequence[float], height: float, room: float, width: float) -> list[tuple[float, float]]:
    """(offset in px, value) of each: values within a `height` side by side, `width` px apart, at most `room` px to either side."""
    bins: dict[int, list[float]] = {}
    for value in sorted(values):
        bins.setdefault(int(value / height), []).append(value)
    found = []
    for members in bins.values():
        gap = min(width, 2 * room / max(1, len(members) - 1))
        found += [((place - (len(members) - 1) / 2) * gap, value) for place, value in enumerate(members)]
    return found


def _draw_frame(sheet: Sheet, axis: _Axis, left: int, title: str, lines: Sequence[str]) -> None:
    top = axis.bottom - axis.height
    sheet.text(MARGIN, top, title, BODY, bold=True)
    for index, line in enumerate(lines):
        sheet.text(MARGIN, top + 38 + index * (SMALL + 6), line, SMALL - 3, colour=FAINT)
    for tick in axis.ticks():
        sheet.rule(left, axis.at(tick), sheet.width - MARGIN, axis.at(tick), RULE if tick else FAINT)
        sheet.text(left - 12, axis.at(tick), f"{tick:.3g}", SMALL, colour=FAINT, anchor="rm")


def _draw_legend(sheet: Sheet, x: int, y: int) -> None:
    with sheet.smooth(x, y - 12, 700, 30) as brush:
        brush.line([(x, y), (x + 44, y)], INK, 3)
        brush.disc(x + 22, y, 7, INK)
        brush.box(x + 260, y - 10, 44, 20, NULL_BAND)
        brush.dashes([(x + 260, y), (x + 304, y)], NULL, 2, 7)
    sheet.text(x + 58, y, "measured", SMALL, colour=FAINT, anchor="lm")
    sheet.text(x + 318, y, "shuffled, with 95 % of the shuffles", SMALL, colour=FAINT, anchor="lm")


def _draw_row(
    sheet: Sheet, rows: Sequence[Json], columns: Sequence[float], name: str, key: str, y: int, step: int
) -> None:
    sheet.rule(MARGIN, y - 4, sheet.width - MARGIN, y - 4, RAISED)
    sheet.text(MARGIN, y, name, SMALL, colour=FAINT)
    for x, layer in zip(columns, rows, strict=True):
        sheet.text(x, y, _pair(layer, key), SMALL, anchor="ma", width=step - 12)


def _pair(layer: Json, key: str) -> str:
    """A mean, and in brackets that of the shuffled channels."""
    one = channel_means(layer, key)
    value, null = (finite(one.get(role)) for role in ("mean", "null"))
    return f"{shown(value)} ({shown(null)})" if one else "–"


def _points(columns: Sequence[float], values: Sequence[float | None], axis: _Axis) -> list[tuple[float, float]]:
    return [(x, axis.at(value)) for x, value in zip(columns, values, strict=True) if value is not None]

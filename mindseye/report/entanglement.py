"""The curve of entanglement over depth, with every channel of each layer below it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mindseye.report.drawing import BODY, FAINT, INK, MARGIN, RAISED, RULE, SMALL, Role, wrap
from mindseye.report.headings import HEADER, draw_header
from mindseye.report.manifest import title_of
from mindseye.report.numbers import format_number
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.runs.schema import Entanglement, LayerEntry, Manifest
from mindseye.wording import counted

CHANNEL: Role = "channel"
NULL: Role = "null"
NULL_BAND: Role = "band"
WIDEST, COLUMN = 2400, 200
CURVE, CHANNELS = 380, 460
BETWEEN = 90
ROW = SMALL + 12
MEANING = (
    "Entanglement of a channel: the share of its variation over the photos that the facets explain, times how unlike the "
    "facets are that it prefers, two by two. 0: it prefers facets of one meaning, or tells none apart. 0.50: the facets tell "
    "all, and it prefers two evenly that have nothing in common. Shuffled: the same channels with their photos mixed up, "
    "which is what chance gives. A layer above that tells facets apart; whether those that its channels prefer are more alike "
    "than chance would have it, say its meanings, below, beside theirs in brackets."
)
ROWS = (
    ("explained", "explained", "share of a channel's variation that facets explain"),
    ("spread", "spread", "how unlike the facets are that a channel prefers, 0 to 1"),
    ("meanings", "meanings", "how many separate facets its preferences come to"),
    ("selectivity", "selectivity", "1: answers to one facet alone, 0: to all alike"),
    ("class selectivity", "class_selectivity", "the same for the photos' labels"),
    ("stability", "stability", "same preferences with 80 % of the photos"),
)


@dataclass(frozen=True)
class _Axis:
    """A vertical axis from 0 to ``top``, its foot at ``bottom``, ``height`` px."""

    top: float
    bottom: int
    height: int

    def at(self, value: float) -> float:
        return self.bottom - value / self.top * self.height

    def ticks(self) -> list[float]:
        step = nice_step(self.top / 4)
        return [step * index for index in range(int(self.top / step + 1e-9) + 1)]


def nice_step(least: float) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that is not below ``least``, which is positive."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def has_entanglement(manifest: Manifest) -> bool:
    """Whether the run measured how entangled its channels are."""
    return any(layer.entanglement for layer in manifest.layers)


def draw_entanglement(manifest: Manifest, theme: Theme = LIGHT) -> Sheet:
    """The layers from left to right: mean entanglement with its interval and the null, then every channel, then why."""
    rows = [layer for layer in manifest.layers if layer.entanglement]
    measured = [row for row in ROWS if any(layer.channel_means.get(row[1]) for layer in rows)]
    left = MARGIN + 310
    width = max(min(WIDEST, left + COLUMN * len(rows) + MARGIN), 1500)
    step = (width - left - MARGIN) / max(1, len(rows))
    columns = [left + step * (index + 0.5) for index in range(len(rows))]
    meaning = wrap(MEANING, width - 2 * MARGIN, SMALL, 6)
    top = MARGIN + HEADER + 20 + len(meaning) * (SMALL + 8) + 90
    below = top + CURVE + BETWEEN
    names = below + CHANNELS + 20
    sheet = Sheet(width, names + 70 + len(measured) * ROW + 66 + MARGIN, theme)
    draw_header(sheet, manifest, f"Entanglement by layer · {title_of(manifest)}", MARGIN, MARGIN)
    for index, line in enumerate(meaning):
        sheet.text(MARGIN, MARGIN + HEADER + 20 + index * (SMALL + 8), line, SMALL, colour=FAINT)
    _draw_curve(sheet, rows, columns, left, top)
    _draw_channels(sheet, rows, columns, left, below, step)
    for x, layer in zip(columns, rows, strict=True):
        sheet.text(x, names, layer.layer, SMALL, bold=True, width=int(step) - 16, anchor="ma")
        count = _entanglement(layer).channels
        sheet.text(
            x, names + SMALL + 8, counted(count, "channels"), SMALL, colour=FAINT, width=int(step) - 16, anchor="ma"
        )
    for index, (name, key, _) in enumerate(measured):
        _draw_row(sheet, rows, columns, name, key, names + 70 + index * ROW, int(step))
    foot = names + 70 + len(measured) * ROW + 12
    words = " · ".join(f"{name}: {meaning}" for name, _, meaning in measured)
    for index, line in enumerate(wrap(f"mean over channels (chance) · {words}", width - 2 * MARGIN, SMALL, 3)):
        sheet.text(MARGIN, foot + index * (SMALL + 6), line, SMALL, colour=FAINT)
    return sheet


def _draw_curve(sheet: Sheet, rows: Sequence[LayerEntry], columns: Sequence[float], left: int, top: int) -> None:
    keys = ("mean", "low", "high", "null", "null_low", "null_high")
    values = {key: [getattr(_entanglement(layer), key) for layer in rows] for key in keys}
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
            sheet.text(x + 16, axis.at(value) - 4, format_number(value), SMALL, bold=True, anchor="ld", halo=3)


def _draw_channels(
    sheet: Sheet, rows: Sequence[LayerEntry], columns: Sequence[float], left: int, top: int, step: float
) -> None:
    """Every channel as a dot: those with about the same entanglement side by side, and the widest row as wide as there is room."""
    values = [[stats.entanglement for stats in layer.channel_stats if stats.entanglement is not None] for layer in rows]
    largest = max([value for row in values for value in row], default=0.0)
    axis = _Axis(1.05 * largest or 1.0, top + CHANNELS, CHANNELS)
    _draw_frame(sheet, axis, left, "every channel", ["a dot each;", "thin line: the mean,", "dashes: chance"])
    with sheet.smooth(left, top - 10, sheet.width - left, CHANNELS + 20) as brush:
        for x, row, layer in zip(columns, values, rows, strict=True):
            for offset, value in beeswarm(row, axis.top / (CHANNELS / 9), step / 2 - 14, 9.0):
                brush.disc(x + offset, axis.at(value), 3.6, CHANNEL)
            half = step / 2 - 10
            mean, null = _entanglement(layer).mean, _entanglement(layer).null
            if mean is not None:
                brush.line([(x - half, axis.at(mean)), (x + half, axis.at(mean))], INK, 1.5)
            if null is not None:
                brush.dashes([(x - half, axis.at(null)), (x + half, axis.at(null))], NULL, 2, 7)


def beeswarm(values: Sequence[float], height: float, room: float, width: float) -> list[tuple[float, float]]:
    """(offset in px, value) of each: values within ``height`` side by side, ``width`` px apart, at most ``room`` px to a side."""
    bins: dict[int, list[float]] = {}
    for value in sorted(values):
        bins.setdefault(int(value / height), []).append(value)
    points = []
    for row in bins.values():
        gap = min(width, 2 * room / max(1, len(row) - 1))
        points += [((place - (len(row) - 1) / 2) * gap, value) for place, value in enumerate(row)]
    return points


def _draw_frame(sheet: Sheet, axis: _Axis, left: int, title: str, lines: Sequence[str]) -> None:
    top = axis.bottom - axis.height
    sheet.text(MARGIN, top, title, BODY, bold=True)
    for index, line in enumerate(lines):
        sheet.text(MARGIN, top + 38 + index * (SMALL + 6), line, SMALL, colour=FAINT)
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
    sheet.text(x + 318, y, "chance, with 95 % of the shuffles", SMALL, colour=FAINT, anchor="lm")


def _draw_row(
    sheet: Sheet, rows: Sequence[LayerEntry], columns: Sequence[float], name: str, key: str, y: int, step: int
) -> None:
    sheet.rule(MARGIN, y - 4, sheet.width - MARGIN, y - 4, RAISED)
    sheet.text(MARGIN, y, name, SMALL, colour=FAINT)
    for x, layer in zip(columns, rows, strict=True):
        sheet.text(x, y, mean_and_null(layer, key), SMALL, anchor="ma", width=step - 12)


def mean_and_null(layer: LayerEntry, measure: str) -> str:
    """A mean over a layer's channels, and in brackets that of the shuffled channels; a dash where it was not taken."""
    means = layer.channel_means.get(measure)
    return f"{format_number(means.get('mean'))} ({format_number(means.get('null'))})" if means else "–"


def _entanglement(layer: LayerEntry) -> Entanglement:
    return layer.entanglement or Entanglement()


def _points(columns: Sequence[float], values: Sequence[float | None], axis: _Axis) -> list[tuple[float, float]]:
    return [(x, axis.at(value)) for x, value in zip(columns, values, strict=True) if value is not None]

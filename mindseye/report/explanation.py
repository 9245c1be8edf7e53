"""The figure of an explained photo: its maps by all methods side by side, a block for each network."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from mindseye.report.drawing import BODY, FAINT, HEADING, MARGIN, SMALL, TITLE, WARNING, wrap
from mindseye.report.heat import Values, as_image, bar, heat, overlay
from mindseye.report.manifest import is_untrained
from mindseye.report.numbers import format_number
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import failure_tile, fit_tile, grey_tile
from mindseye.runs.schema import ExplainedModelEntry, ExplainedPhotoEntry, Manifest, MapEntry

SIDE = 280
GAP = 28
ACROSS = 10
"""Methods beside each other; more go into further rows."""
HEADER = round(1.6 * TITLE) + SMALL
LINES = 10
LINE = SMALL + 7
BAR = 14
MAPS = HEADING + 8 + 2 * (SIDE + 10) + BAR + 6
"""Height of a block without what stands below its bars."""


def draw_explanation(
    folder: Path, manifest: Manifest, photo: ExplainedPhotoEntry, squares: Mapping[str, Tensor], theme: Theme = LIGHT
) -> Sheet:
    """The figure of one photo.

    folder, manifest: of a run of ``explain``. photo: one of its ``photos``. squares: the photo as each network sees it,
    by its name, uint8 [channels, side, side]. Maps are read from the folder; of one that is gone a grey tile says so.
    """
    methods = manifest.methods
    rows = [methods[start : start + ACROSS] for start in range(0, len(methods), ACROSS)]
    blocks = [(model, row, place == 0) for model in manifest.models for place, row in enumerate(rows)]
    heights = [MAPS + LINE * (2 + _lines(photo, model, row)) for model, row, _ in blocks]
    width = MARGIN + (1 + len(rows[0])) * (SIDE + GAP) - GAP + MARGIN
    sheet = Sheet(max(width, 900), MARGIN + HEADER + 20 + sum(heights) + MARGIN, theme)
    room = sheet.width - 2 * MARGIN
    sheet.text(MARGIN, MARGIN, Path(photo.path).name, TITLE, bold=True, width=room)
    about = f"target: {manifest.target} · seed {manifest.seed}"
    sheet.text(MARGIN, MARGIN + round(1.4 * TITLE), about, SMALL, colour=FAINT, width=room)
    y = MARGIN + HEADER + 20
    for (model, row, is_first), height in zip(blocks, heights, strict=True):
        _draw_block(sheet, folder, photo, model, row, squares, y, is_first)
        y += height
    return sheet


def _lines(photo: ExplainedPhotoEntry, model: ExplainedModelEntry, methods: Sequence[str]) -> int:
    """How many lines of numbers and settings the fullest map of a row has."""
    return max([2, *(len(_about(entry)) for method, entry in _maps(photo, model).items() if method in methods)])


def _maps(photo: ExplainedPhotoEntry, model: ExplainedModelEntry) -> dict[str, MapEntry]:
    """The maps of a photo for one network, by method."""
    return {entry.method: entry for entry in photo.maps if entry.model == model.name}


def _draw_block(
    sheet: Sheet,
    folder: Path,
    photo: ExplainedPhotoEntry,
    model: ExplainedModelEntry,
    methods: Sequence[str],
    squares: Mapping[str, Tensor],
    y: int,
    is_first: bool,
) -> None:
    """One network's photo and maps; further rows have no photo."""
    maps = _maps(photo, model)
    square = squares.get(model.name)
    if is_first:
        _draw_about(sheet, model, next(iter(maps.values()), None), square, y)
    for place, method in enumerate(methods):
        x = MARGIN + (place + 1) * (SIDE + GAP)
        sheet.text(x, y, method, BODY, bold=True, width=SIDE + GAP)
        _draw_map(sheet, folder, model, method, maps.get(method), square, x, y + HEADING + 8)


def _draw_about(
    sheet: Sheet, model: ExplainedModelEntry, example: MapEntry | None, square: Tensor | None, y: int
) -> None:
    """The photo as the network sees it, what is explained, and its score."""
    sheet.text(MARGIN, y, model.name, BODY, bold=True, width=SIDE)
    y += HEADING + 8
    sheet.paste(
        MARGIN,
        y,
        grey_tile(SIDE, "cannot be read", sheet.theme)
        if square is None
        else fit_tile(as_image(square), SIDE, sheet.theme),
    )
    y += SIDE + 16
    if is_untrained(model):
        sheet.text(MARGIN, y, "random weights", SMALL, colour=WARNING, bold=True)
        y += LINE
    if example is None:
        return
    for line in wrap(example.target, SIDE, HEADING, 2):
        sheet.text(MARGIN, y, line, HEADING, bold=True, width=SIDE)
        y += HEADING + 10
    score = example.numbers.get("score")
    lines = [] if score is None else [f"score {format_number(score)}"]
    lines += [f"read from {model.target.layer}"] if model.target else []
    for line in lines:
        sheet.text(MARGIN, y, line, SMALL, colour=FAINT, width=SIDE)
        y += LINE


def _draw_map(
    sheet: Sheet,
    folder: Path,
    model: ExplainedModelEntry,
    method: str,
    entry: MapEntry | None,
    square: Tensor | None,
    x: int,
    y: int,
) -> None:
    """A heat map, the same over the photo, the bar of its colours, and the numbers and settings."""
    values = _values(folder, entry)
    if entry is None or square is None or values is None:
        sheet.paste(x, y, _absent(model.refused.get(method), entry.reason if entry else None, sheet.theme))
        return
    end, signed = float(entry.limit or 0), entry.signed
    sheet.paste(x, y, fit_tile(heat(values, end, signed), SIDE, sheet.theme))
    y += SIDE + 10
    sheet.paste(x, y, fit_tile(overlay(as_image(square), values, end, signed), SIDE, sheet.theme))
    y += SIDE + 10
    sheet.paste(x, y, bar(SIDE, BAR, signed))
    y += BAR + 6
    sheet.text(x, y, format_number(-end if signed else 0.0), SMALL, colour=FAINT)
    if signed:
        sheet.text(x + SIDE // 2, y, "0", SMALL, colour=FAINT, anchor="ma")
    sheet.text(x + SIDE, y, format_number(end), SMALL, colour=FAINT, anchor="ra")
    for line in _about(entry):
        y += LINE
        sheet.text(x, y, line, SMALL, colour=FAINT, width=SIDE)


def _absent(refused: str | None, reason: str | None, theme: Theme) -> Image.Image:
    """The tile in place of a map: why the network does not allow the method, or why it gave none."""
    if refused:
        return grey_tile(SIDE, f"not for this network: {refused}", theme, WARNING)
    return failure_tile(SIDE, reason, theme) if reason else grey_tile(SIDE, "no map", theme)


def _values(folder: Path, entry: MapEntry | None) -> Values | None:
    """A map's values [height, width]; None where its file is gone or damaged."""
    if entry is None or entry.status != "done" or entry.map is None:
        return None
    try:
        values: Values = np.load(folder / entry.map, allow_pickle=False)
    except (OSError, ValueError):
        return None
    return values


def _about(entry: MapEntry) -> list[str]:
    """Lines below a map."""
    return wrap(about_map(entry), SIDE, SMALL, LINES) if entry.status == "done" else []


def about_map(entry: MapEntry) -> str:
    """The range of a map's values, the settings of its method, and the numbers beside the score."""
    parts = [f"values {' to '.join(map(format_number, entry.range))}"] if entry.range else []
    parts += [f"{name} {_plain(value)}" for name, value in entry.settings.items()]
    parts += [f"{name} {format_number(value)}" for name, value in entry.numbers.items() if name != "score"]
    return " · ".join(parts).replace("_", " ")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return " x ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)

"""The sheet of a transfer's failures: every image that a judge took for something else, by the class it was to show."""

from collections.abc import Callable
from itertools import groupby

import torch
from PIL import Image
from torch import Tensor

from mindseye.report.drawing import FAINT, HEADING, INK, MARGIN, SMALL, wrap
from mindseye.report.examples import crop_box
from mindseye.report.headings import HEADER, draw_header
from mindseye.report.markdown import CONDITIONS, format_percent
from mindseye.report.numbers import format_number
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import fit_tile
from mindseye.report.typeface import text_width
from mindseye.runs.schema import FailedImage, Manifest, TransferResult

SIDE, NAME = 150, SMALL
GAP = 14
ACROSS, NARROWEST = 14, 11
COUNTS = 340
ROW = SIDE + 2 * (NAME + 6) + GAP
CLASS = 52
MOST = 5 * ACROSS


def draw_failures(
    manifest: Manifest, result: TransferResult, image: Callable[[int], Tensor], theme: Theme = LIGHT
) -> Sheet:
    """The sheet of what one judge failed to name.

    manifest: of the painter's run. result: of transfer.json. image: gives an image [channels, side, side] in [0, 1] by its
    place among all. At most 70 are shown of a class.
    """
    groups = [(name, list(group)) for name, group in groupby(result.failures, lambda failure: failure.class_name)]
    right = [entry.class_name for entry in result.classes if entry.n and entry.top1.mean == 1]
    across = max(min(ACROSS, max(len(group) for _, group in groups)), NARROWEST)
    width = 2 * MARGIN + across * (SIDE + GAP) - GAP
    foot = [line for text in _foot(right) for line in wrap(text, width - 2 * MARGIN, SMALL, 3)]
    top = MARGIN + HEADER + SMALL + 3 * GAP
    heights = [CLASS + -(-min(len(group), MOST) // across) * ROW for _, group in groups]
    sheet = Sheet(width, top + sum(heights) + len(foot) * (SMALL + 8) + MARGIN, theme)
    draw_header(sheet, manifest, _title(result), MARGIN, MARGIN)
    sheet.text(MARGIN, MARGIN + HEADER, _subtitle(result), SMALL, colour=FAINT, width=width - 2 * MARGIN)
    for (name, group), height in zip(groups, heights, strict=True):
        count = next((entry.n for entry in result.classes if entry.class_name == name), len(group))
        _draw_class(sheet, name, group, count, top, across, image)
        top += height
    for index, line in enumerate(foot):
        sheet.text(MARGIN, top + index * (SMALL + 8), line, SMALL, colour=FAINT)
    return sheet


def _draw_class(
    sheet: Sheet, name: str, group: list[FailedImage], count: int, top: int, across: int, image: Callable[[int], Tensor]
) -> None:
    more = f", {len(group) - MOST} not shown" if len(group) > MOST else ""
    room = sheet.width - 2 * MARGIN - COUNTS
    sheet.text(MARGIN, top, name, HEADING, bold=True, width=room)
    x = MARGIN + min(text_width(name, HEADING, bold=True), room) + GAP
    sheet.text(x, top + 7, f"{len(group)} of {count} failed{more}", SMALL, colour=FAINT)
    for place, failure in enumerate(group[:MOST]):
        x = MARGIN + place % across * (SIDE + GAP)
        y = top + CLASS + place // across * ROW
        sheet.paste(x, y, fit_tile(_pixels(image(failure.index)), SIDE, sheet.theme))
        as_painted = failure.copy == 0
        label = failure.seen.partition(",")[0]
        sheet.text(x, y + SIDE + 4, label, NAME, colour=INK if as_painted else FAINT, bold=as_painted, width=SIDE)
        numbers = f"{format_number(failure.probability)} / {format_number(failure.wanted)}"
        sheet.text(x, y + SIDE + NAME + 10, numbers, NAME, colour=FAINT, width=SIDE)


def _pixels(picture: Tensor) -> Image.Image:
    _, height, width = picture.shape
    return crop_box((picture * 255).round().to(torch.uint8), (0, 0, height, width))


def _title(result: TransferResult) -> str:
    return f"Painted by {result.painter}, mistaken by {result.judge}"


def _subtitle(result: TransferResult) -> str:
    missed = f"{len(result.failures)} of {result.n} images failed"
    condition = CONDITIONS.get(result.condition, result.condition)
    return f"{condition} · {missed} · named rightly: {format_percent(result.top1)} %"


def _foot(right: list[str]) -> list[str]:
    lines = [
        "Below each image: what the judge takes it for, and its probability of that / of the class that was painted. "
        "Bright names: the picture as painted; faint ones: copies of it, augmented again."
    ]
    return lines + ([f"Always named rightly: {'; '.join(right)}."] if right else [])

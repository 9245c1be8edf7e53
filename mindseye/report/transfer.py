"""The sheets of a transfer's failures: every image that a judge took for something else, by the class it was to show."""

from collections.abc import Callable, Sequence
from itertools import groupby

import torch
from PIL import Image
from torch import Tensor

from mindseye.report.drawing import FAINT, HEADING, INK, LARGEST, MARGIN, SMALL, wrap
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
    manifest: Manifest,
    result: TransferResult,
    image: Callable[[int], Tensor],
    theme: Theme = LIGHT,
    part: Sequence[FailedImage] | None = None,
) -> Sheet:
    """The sheet of what one judge failed to name.

    manifest: of the painter's run. result: of transfer.json. image: gives an image [channels, side, side] in [0, 1] by its
    place among all. part: the failures that stand on this sheet, of `split_failures` (default: all). At most 70 are shown of a
    class.
    """
    layout = _Layout(result)
    groups = _by_class(result.failures if part is None else part)
    height = layout.top + sum(layout.height(group) for _, group in groups) + layout.foot_height
    sheet = Sheet(layout.width, height, theme)
    draw_header(sheet, manifest, _title(result), MARGIN, MARGIN)
    sheet.text(MARGIN, MARGIN + HEADER, _subtitle(result), SMALL, colour=FAINT, width=layout.width - 2 * MARGIN)
    top = layout.top
    for name, group in groups:
        count = next((entry.n for entry in result.classes if entry.class_name == name), len(group))
        _draw_class(sheet, name, group, count, top, layout.across, image)
        top += layout.height(group)
    for index, line in enumerate(layout.foot):
        sheet.text(MARGIN, top + index * (SMALL + 8), line, SMALL, colour=FAINT)
    return sheet


def split_failures(result: TransferResult) -> list[list[FailedImage]]:
    """The failures by sheet, whole classes each, so that no sheet is larger than 4000 px."""
    layout = _Layout(result)
    parts: list[list[FailedImage]] = []
    room = 0
    for _, group in _by_class(result.failures):
        height = layout.height(group)
        if height > room:
            parts.append([])
            room = LARGEST - layout.top - layout.foot_height
        parts[-1] += group
        room -= height
    return parts


class _Layout:
    """Where what stands on the sheets of a result, which are all of one width."""

    def __init__(self, result: TransferResult) -> None:
        largest = max((len(group) for _, group in _by_class(result.failures)), default=0)
        self.across = max(min(ACROSS, largest), NARROWEST)
        self.width = 2 * MARGIN + self.across * (SIDE + GAP) - GAP
        right = [entry.class_name for entry in result.classes if entry.n and entry.top1.mean == 1]
        self.foot = [line for text in _foot(right) for line in wrap(text, self.width - 2 * MARGIN, SMALL, 3)]
        self.top = MARGIN + HEADER + SMALL + 3 * GAP
        self.foot_height = len(self.foot) * (SMALL + 8) + MARGIN

    def height(self, group: Sequence[FailedImage]) -> int:
        """Of the rows of one class, with its name."""
        return CLASS + -(-min(len(group), MOST) // self.across) * ROW


def _by_class(failures: Sequence[FailedImage]) -> list[tuple[str, list[FailedImage]]]:
    return [(name, list(group)) for name, group in groupby(failures, lambda failure: failure.class_name)]


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

"""The sheet of named objectives: a card each, with the picture, its small start and its numbers; what belongs together in a row."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from mindseye.report.drawing import FAINT, HEADING, INK, MARGIN, SMALL, TITLE, WARNING, wrap
from mindseye.report.headings import HEADER, draw_header, draw_objective_name
from mindseye.report.manifest import (
    name_in_group,
    objective_name,
    picture_groups,
    preprocessing_line,
    seen_side,
    title,
)
from mindseye.report.numbers import ROBUSTNESS, VALUE, Prediction, format_number, predictions, reading
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import mosaic, photo_tile, picture_or_failure, picture_tile
from mindseye.report.typeface import text_width
from mindseye.runs.schema import Manifest, PictureEntry

SIDE = 288
START = 88
INSET = 12
GAP = 40
NAME = 40
GROUP = 64
LINE = SMALL + 8
PREDICTION = 3 * LINE + INSET
WIDEST = 3600
ALONE = 1800
NARROWEST = 980
JUDGES = 3


@dataclass(frozen=True)
class _Row:
    """Cards side by side. group: the name of what they share. opens: whether it stands above them. judges: of the fullest."""

    group: str
    opens: bool
    cards: list[PictureEntry]
    judges: int

    def height(self) -> int:
        """From its upper edge to the next row's, in px."""
        return self.opens * GROUP + NAME + SIDE + INSET + START + INSET + self.judges * PREDICTION + GAP


def draw_gallery(folder: Path, manifest: Manifest, theme: Theme = LIGHT) -> Sheet:
    """The sheet of all pictures of the run in ``folder``: variants of an objective, and the row between two, side by side."""
    card = _card_width(manifest)
    rows = list(_rows(manifest, card + GAP))
    across = max([len(row.cards) for row in rows], default=1)
    room = min(max(text_width(title(manifest), TITLE, bold=True), NARROWEST), ALONE)
    width = 2 * MARGIN + max(across * (card + GAP) - GAP, room)
    foot = [line for text in _foot(manifest) for line in wrap(text, width - 2 * MARGIN, SMALL, 3)]
    top = MARGIN + HEADER + GAP
    sheet = Sheet(width, top + sum(row.height() for row in rows) + len(foot) * LINE + MARGIN, theme)
    draw_header(sheet, manifest, title(manifest), MARGIN, MARGIN)
    for row in rows:
        y = top
        if row.opens:
            sheet.text(MARGIN, y, row.group, HEADING, bold=True, width=width - 2 * MARGIN)
            y += GROUP - INSET
        for column, picture in enumerate(row.cards):
            x = MARGIN + column * (card + GAP)
            name = name_in_group(picture) if row.group else objective_name(picture)
            draw_objective_name(sheet, picture, name, x, y, card)
            _draw_card(sheet, folder, picture, x, y + NAME, card)
        top += row.height()
    for index, line in enumerate(foot):
        sheet.text(MARGIN, top + index * LINE, line, SMALL, colour=FAINT)
    return sheet


def _card_width(manifest: Manifest) -> int:
    """All cards are as wide as the widest: one with a photo, or with members, holds two tiles."""
    paired = any(picture.photo or picture.members for picture in manifest.pictures)
    return 2 * SIDE + INSET if paired else SIDE


def _rows(manifest: Manifest, step: int) -> Iterator[_Row]:
    """The cards as they stand, ``step`` px apart: of each group in a row of its own, those that stand alone one by one."""
    for named, groups in groupby(picture_groups(manifest), lambda group: bool(group[0])):
        if named:
            for group, cards in groups:
                yield from _split_rows(group, cards, max(1, WIDEST // step))
        else:
            yield from _split_rows("", [picture for _, cards in groups for picture in cards], max(1, ALONE // step))


def _split_rows(group: str, cards: list[PictureEntry], across: int) -> Iterator[_Row]:
    for first in range(0, len(cards), across):
        part = cards[first : first + across]
        judges = max(min(len(predictions(picture.measures)), JUDGES) for picture in part)
        yield _Row(group, bool(group) and not first, part, judges)


def _draw_card(sheet: Sheet, folder: Path, picture: PictureEntry, x: int, y: int, width: int) -> None:
    left = x
    if picture.photo is not None or picture.members:
        paths = [member.path for member in picture.members]
        sheet.paste(
            x,
            y,
            mosaic(paths, SIDE, 3, 4, sheet.theme)
            if picture.photo is None
            else photo_tile(picture.photo, SIDE, sheet.theme),
        )
        left += SIDE + INSET
    sheet.paste(left, y, picture_or_failure(folder, picture, SIDE, sheet.theme))
    y += SIDE + INSET
    sheet.paste(x, y, picture_tile(folder, picture.start, START, sheet.theme))
    _draw_numbers(sheet, picture, x + START + INSET, y, width - START - INSET)
    y += START + INSET
    for index, prediction in enumerate(predictions(picture.measures)[:JUDGES]):
        _draw_prediction(sheet, prediction, x, y + index * PREDICTION, width)


def _draw_numbers(sheet: Sheet, picture: PictureEntry, x: int, y: int, width: int) -> None:
    """What the objective says, from start to picture, and how much of it other views of the picture lose."""
    value, gap = reading(picture.measures, VALUE), reading(picture.measures, ROBUSTNESS)
    if value.picture is None:
        return
    before = f"{format_number(value.start)} →"
    sheet.text(x, y, "value", SMALL, colour=FAINT)
    sheet.text(x, y + LINE, before, SMALL, colour=FAINT, width=width)
    fell = value.start is not None and value.picture < value.start  # an objective is the better the larger
    after = x + text_width(before, SMALL) + SMALL // 3
    colour = WARNING if fell else INK
    sheet.text(after, y + LINE, format_number(value.picture), SMALL, colour=colour, bold=not fell)
    sheet.text(x, y + 2 * LINE, f"gap {format_number(gap.picture)}", SMALL, colour=FAINT, width=width)


def _draw_prediction(sheet: Sheet, prediction: Prediction, x: int, y: int, width: int) -> None:
    """The judge; what it takes the picture for; the label that it was asked for, and its probability, start → picture."""
    sheet.text(x, y, prediction.judge, SMALL, colour=FAINT, width=width)
    seen = [f"{label.partition(',')[0]} {format_number(share)}" for label, share in prediction.labels[:2]]
    both = ", ".join(seen)
    sheet.text(x, y + LINE, both if text_width(both, SMALL) <= width else seen[0], SMALL, width=width)
    probability = prediction.probability
    if probability.picture is not None:
        numbers = f"{format_number(probability.start)} → {format_number(probability.picture)}"
        taken = text_width(numbers, SMALL, bold=True) + INSET
        name = f"p {prediction.target}"
        sheet.text(x, y + 2 * LINE, name, SMALL, colour=FAINT, width=max(1, width - taken))
        sheet.text(x + width, y + 2 * LINE, numbers, SMALL, bold=True, anchor="ra")


def _foot(manifest: Manifest) -> list[str]:
    """What the marks mean, as far as the sheet has them, and the network's preprocessing."""
    pictures = manifest.pictures
    parts = ["Small: the same patches in random order." if manifest.patches else "Small: the start."]
    if any(picture.photo for picture in pictures):
        parts.append("Left: the photo.")
    elif any(picture.members for picture in pictures):
        parts.append("Left: the photos that the picture stands for.")
    if any(reading(picture.measures, VALUE).picture is not None for picture in pictures):
        parts.append(
            "value: what the objective says of start → picture. gap: the share of it that the picture loses when turned, "
            "tilted, darkened or brightened."
        )
    if any(predictions(picture.measures) for picture in pictures):
        parts.append("Below: what another network sees in the picture, and p of the wanted label in start → picture.")
    return [" ".join(parts), preprocessing_line(manifest.model, seen_side(manifest))]

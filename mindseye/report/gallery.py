"""The sheet of named objectives: a card each, with the picture, its small start and its numbers; what belongs together in a row."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from PIL import Image

from mindseye.report.drawing import FAINT, HEADING, INK, MARGIN, SMALL, TITLE, Sheet, text_width, wrap
from mindseye.report.headings import HEADER, draw_header, draw_objective_name
from mindseye.report.manifest import (
    Json,
    failure,
    members,
    name_in_group,
    objective_name,
    photo_path,
    picture_groups,
    pictures,
    preprocessing,
    title,
)
from mindseye.report.numbers import ROBUSTNESS, VALUE, Sighting, reading, shown, sightings
from mindseye.report.tiles import failed, mosaic, photo, picture

SIDE = 288
START = 88
INSET = 12
GAP = 40
NAME = 40
GROUP = 64
LINE = SMALL + 8
SIGHTING = 3 * LINE + INSET
WIDEST = 3600
ALONE = 1800
NARROWEST = 980
JUDGES = 3


@dataclass(frozen=True)
class _Row:
    """Cards side by side. group: the name of what they share. opens: whether it stands above them."""

    group: str
    opens: bool
    cards: list[Json]
    sightings: int

    def height(self) -> int:
        """From its upper edge to the next row's, in px."""
        return self.opens * GROUP + NAME + SIDE + INSET + START + INSET + self.sightings * SIGHTING + GAP


def draw_gallery(folder: Path, manifest: Json) -> Image.Image:
    """The sheet of all pictures of the run in `folder`: variants of an objective, and the row between two, side by side."""
    card = _card_width(manifest)
    rows = list(_rows(manifest, card + GAP))
    across = max([len(row.cards) for row in rows], default=1)
    room = min(max(text_width(title(manifest), TITLE, bold=True), NARROWEST), ALONE)
    width = 2 * MARGIN + max(across * (card + GAP) - GAP, room)
    foot = [line for text in _foot(manifest) for line in wrap(text, width - 2 * MARGIN, SMALL, 3)]
    top = MARGIN + HEADER + GAP
    sheet = Sheet(width, top + sum(row.height() for row in rows) + len(foot) * LINE + MARGIN)
    draw_header(sheet, manifest, title(manifest), MARGIN, MARGIN)
    for row in rows:
        y = top
        if row.opens:
            sheet.text(MARGIN, y, row.group, HEADING, bold=True, width=width - 2 * MARGIN)
            y += GROUP - INSET
        for column, one in enumerate(row.cards):
            x = MARGIN + column * (card + GAP)
            name = name_in_group(one) if row.group else objective_name(one)
            draw_objective_name(sheet, one, name, x, y, card)
            _draw_card(sheet, folder, one, x, y + NAME, card)
        top += row.height()
    for index, line in enumerate(foot):
        sheet.text(MARGIN, top + index * LINE, line, SMALL, colour=FAINT)
    return sheet.image


def _card_width(manifest: Json) -> int:
    """All cards are as wide as the widest: one with a photo, or with members, holds two tiles."""
    paired = any(photo_path(one) or members(one) for one in pictures(manifest))
    return 2 * SIDE + INSET if paired else SIDE


def _rows(manifest: Json, step: int) -> Iterator[_Row]:
    """The cards as they stand, `step` px apart: of each group in a row of its own, those that stand alone one by one."""
    for named, groups in groupby(picture_groups(manifest), lambda group: bool(group[0])):
        if named:
            for group, cards in groups:
                yield from _broken(group, cards, max(1, WIDEST // step))
        else:
            yield from _broken("", [one for _, cards in groups for one in cards], max(1, ALONE // step))


def _broken(group: str, cards: list[Json], across: int) -> Iterator[_Row]:
    for first in range(0, len(cards), across):
        part = cards[first : first + across]
        judges = max(min(len(sightings(one)), JUDGES) for one in part)
        yield _Row(group, bool(group) and not first, part, judges)


def _draw_card(sheet: Sheet, folder: Path, one: Json, x: int, y: int, width: int) -> None:
    source = photo_path(one)
    left = x
    if source is not None or members(one):
        sheet.paste(x, y, photo(source, SIDE) if source is not None else mosaic(members(one), SIDE, 3, 4))
        left += SIDE + INSET
    reason = failure(one)
    sheet.paste(left, y, failed(SIDE, reason) if reason else picture(folder, one.get("picture"), SIDE))
    y += SIDE + INSET
    sheet.paste(x, y, picture(folder, one.get("start"), START))
    _draw_numbers(sheet, one, x + START + INSET, y, width - START - INSET)
    y += START + INSET
    for index, sighting in enumerate(sightings(one)[:JUDGES]):
        _draw_sighting(sheet, sighting, x, y + index * SIGHTING, width)


def _draw_numbers(sheet: Sheet, one: Json, x: int, y: int, width: int) -> None:
    """What the objective says, from start to picture, and how much of it other views of the picture lose."""
    value, gap = reading(one, VALUE), reading(one, ROBUSTNESS)
    if value.picture is None:
        return
    before = f"{shown(value.start)} →"
    sheet.text(x, y, "value", SMALL, colour=FAINT)
    sheet.text(x, y + LINE, before, SMALL, colour=FAINT, width=width)
    sheet.text(x + text_width(before, SMALL) + SMALL // 3, y + LINE, shown(value.picture), SMALL, colour=INK, bold=True)
    sheet.text(x, y + 2 * LINE, f"gap {shown(gap.picture)}", SMALL, colour=FAINT, width=width)


def _draw_sighting(sheet: Sheet, sighting: Sighting, x: int, y: int, width: int) -> None:
    """The judge; what it takes the picture for; the label that was wanted, and its probability, start → picture."""
    sheet.text(x, y, sighting.judge, SMALL, colour=FAINT, width=width)
    seen = [f"{label.partition(',')[0]} {shown(probability)}" for label, probability in sighting.sees[:2]]
    both = ", ".join(seen)
    sheet.text(x, y + LINE, both if text_width(both, SMALL) <= width else seen[0], SMALL, width=width)
    wanted = sighting.probability
    if wanted.picture is not None:
        numbers = f"{shown(wanted.start)} → {shown(wanted.picture)}"
        taken = text_width(numbers, SMALL, bold=True) + INSET
        name = f"p {sighting.wanted}"
        sheet.text(x, y + 2 * LINE, name, SMALL, colour=FAINT, width=max(1, width - taken))
        sheet.text(x + width, y + 2 * LINE, numbers, SMALL, bold=True, anchor="ra")


def _foot(manifest: Json) -> list[str]:
    """What the marks mean, as far as the sheet has them, and the network's preprocessing."""
    every = pictures(manifest)
    parts = ["Small: the same patches in random order." if manifest.get("patches") else "Small: the start."]
    if any(photo_path(one) for one in every):
        parts.append("Left: the photo.")
    elif any(members(one) for one in every):
        parts.append("Left: the photos that the picture stands for.")
    if any(reading(one, VALUE).picture is not None for one in every):
        parts.append(
            "value: what the objective says of start → picture. gap: the share of it that the picture loses when turned, "
            "tilted, darkened or brightened."
        )
    if any(sightings(one) for one in every):
        parts.append("Below: what another network sees in the picture, and p of the wanted label in start → picture.")
    return [" ".join(parts), preprocessing(manifest)]

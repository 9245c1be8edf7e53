"""The sheet of one layer's facets: a row each, with members, weighted start, picture and numbers."""

from pathlib import Path

from mindseye.report.drawing import FAINT, HEADING, INK, MARGIN, RAISED, SMALL, wrap
from mindseye.report.headings import HEADER, draw_facet_name, draw_header, draw_loss
from mindseye.report.manifest import deepest_layer, preprocessing_line, seen_side, title_of
from mindseye.report.numbers import format_number, readings
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import photo_tile, picture_or_failure, picture_tile
from mindseye.report.where import where_tiles
from mindseye.runs.schema import FacetEntry, LayerEntry, Manifest
from mindseye.wording import counted

SIDE = 288
START = 200
GAP = 48
BETWEEN = 48
ABOUT = 300
THUMB = 136
THUMB_GAP = 16
ACROSS = 5
CHANNELS = 6
CELL = 120
TITLES = 204
FOOT = 48
FACET, MEMBERS, WHERE = "facet", "nearest members, bar: weight", "where, in the nearest four"
START_OF, PICTURE, NUMBERS = "start", "picture", "numbers"
"""Headings of the columns; the numbers have headings of their own."""


def draw_facets(folder: Path, manifest: Manifest, layer: LayerEntry | None = None, theme: Theme = LIGHT) -> Sheet:
    """The sheet of ``layer``'s facets, by default the deepest layer's, of the run in ``folder``."""
    layer = layer or deepest_layer(manifest)
    measured = any(readings(facet.measures) for facet in layer.facets)
    located = any(facet.where for facet in layer.facets)
    lefts, width = _lefts(measured, located)
    top = MARGIN + HEADER + 92
    sheet = Sheet(width, top + len(layer.facets) * (SIDE + BETWEEN) + FOOT + MARGIN, theme)
    draw_header(sheet, manifest, title_of(manifest, layer.layer), MARGIN, MARGIN)
    for name in [name for name in lefts if name != NUMBERS]:
        sheet.text(lefts[name], top - 20, name, SMALL, colour=FAINT, anchor="ls")
    for column, name in enumerate(("picture", "members", "start") if measured else ()):
        right = lefts[NUMBERS] + TITLES + (column + 1) * CELL
        sheet.text(right, top - 20, name, SMALL, colour=FAINT, anchor="rs")
    for row, facet in enumerate(layer.facets):
        _draw_row(sheet, folder, manifest, facet, lefts, top + row * (SIDE + BETWEEN))
    for index, line in enumerate(
        wrap(preprocessing_line(manifest.model, seen_side(manifest)), sheet.width - 2 * MARGIN, SMALL, 2)
    ):
        sheet.text(MARGIN, sheet.image.height - MARGIN - FOOT + index * (SMALL + 8), line, SMALL, colour=FAINT)
    return sheet


def _lefts(measured: bool, located: bool) -> tuple[dict[str, int], int]:
    """Left edge of every column by its heading, and the sheet's width."""
    widths = {FACET: ABOUT, MEMBERS: ACROSS * (THUMB + THUMB_GAP) - THUMB_GAP}
    widths |= {WHERE: 2 * THUMB + THUMB_GAP} if located else {}
    widths |= {START_OF: START, PICTURE: SIDE} | ({NUMBERS: TITLES + 3 * CELL} if measured else {})
    lefts, left = {}, MARGIN
    for name, width in widths.items():
        lefts[name] = left
        left += width + GAP
    return lefts, left - GAP + MARGIN


def _draw_row(sheet: Sheet, folder: Path, manifest: Manifest, facet: FacetEntry, lefts: dict[str, int], y: int) -> None:
    _draw_about(sheet, facet, lefts[FACET], y)
    _draw_members(sheet, facet, lefts[MEMBERS], y)
    for index, tile in enumerate(where_tiles(folder, manifest, facet, THUMB, sheet.theme) if WHERE in lefts else ()):
        left, top = (place * (THUMB + THUMB_GAP) for place in (index % 2, index // 2))
        sheet.paste(lefts[WHERE] + left, y + top, tile)
    sheet.paste(lefts[START_OF], y, picture_tile(folder, facet.start, START, sheet.theme))
    draw_loss(sheet, facet, lefts[START_OF], y + START + 10, START + GAP - 12, 3)
    sheet.paste(lefts[PICTURE], y, picture_or_failure(folder, facet, SIDE, sheet.theme))
    if NUMBERS in lefts:
        _draw_numbers(sheet, facet, lefts[NUMBERS], y)


def _draw_about(sheet: Sheet, facet: FacetEntry, x: int, y: int) -> None:
    draw_facet_name(sheet, facet, x, y, ABOUT, HEADING)
    lines = [counted(facet.size, "photos")] if facet.size else []
    lines += [] if facet.silhouette is None else [f"silhouette {facet.silhouette:.2f}"]
    lines += [] if facet.effective_members is None else [f"{facet.effective_members:.1f} effective members"]
    for index, line in enumerate(lines):
        sheet.text(x, y + 44 + index * (SMALL + 7), line, SMALL, colour=FAINT, width=ABOUT)
    _draw_channels(sheet, facet, x, y + 150)


def _draw_channels(sheet: Sheet, facet: FacetEntry, x: int, y: int) -> None:
    """The facet's top channels in two columns, each with its share of the target."""
    if facet.channels:
        heading = f"top {min(len(facet.channels), CHANNELS)} of {len(facet.channels)} channels, share"
        sheet.text(x, y, heading, SMALL, colour=FAINT, width=ABOUT)
    for index, entry in enumerate(facet.channels[:CHANNELS]):
        part = "" if entry.share is None else f"{entry.share:.1%}"
        left, top = x + index % 2 * (ABOUT // 2), y + 32 + index // 2 * (SMALL + 8)
        sheet.text(left, top, str(entry.channel), SMALL, bold=True)
        sheet.text(left + 128, top, part, SMALL, colour=FAINT, anchor="ra")


def _draw_members(sheet: Sheet, facet: FacetEntry, x: int, y: int) -> None:
    members = facet.members[: 2 * ACROSS]
    largest = max([*(member.weight or 0.0 for member in members), 1e-12])
    for index, member in enumerate(members):
        left = x + index % ACROSS * (THUMB + THUMB_GAP)
        top = y + index // ACROSS * (THUMB + THUMB_GAP)
        sheet.paste(left, top, photo_tile(member.path, THUMB, sheet.theme))
        with sheet.smooth(left, top + THUMB + 4, THUMB, 6) as brush:
            brush.box(left, top + THUMB + 4, THUMB, 5, RAISED, 2)
            length = max(3, THUMB * (member.weight or 0.0) / largest)
            brush.box(left, top + THUMB + 4, length, 5, sheet.theme.facet(facet.index), 2)


def _draw_numbers(sheet: Sheet, facet: FacetEntry, x: int, y: int) -> None:
    """A table: measures down; picture, members and start across."""
    for row, (title, numbers) in enumerate(readings(facet.measures)):
        top = y + row * (SMALL + 12)
        sheet.text(x, top, title, SMALL, colour=FAINT, width=TITLES)
        for column, value in enumerate((numbers.picture, numbers.members, numbers.start)):
            right, colour = x + TITLES + (column + 1) * CELL, FAINT if column else INK
            sheet.text(right, top, format_number(value), SMALL, colour=colour, bold=not column, anchor="ra")

"""The sheet of networks: a row per run over the same photos, a column per facet, matched by the photos in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors import SafetensorError

from mindseye.facets.matching import Group, match_groups
from mindseye.report.drawing import FAINT, HEADING, MARGIN, SMALL, TITLE, WARNING, wrap
from mindseye.report.embedding import read_embedding
from mindseye.report.headings import HEADER, draw_facet_name
from mindseye.report.manifest import (
    clustered_layer,
    deepest_layer,
    is_untrained,
    layer_lines,
    names_objectives,
    photo_folder,
    provenance,
)
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import grey_tile, photo_tile, picture_or_failure
from mindseye.report.typeface import text_width
from mindseye.runs.folder import FINISHED, RunFolder
from mindseye.runs.schema import FacetEntry, LayerEntry, Manifest
from mindseye.wording import counted

MOST = 40
"""Runs on one sheet: hundreds would fill the memory."""
GAP, LEAST, LARGEST, WIDEST, TALLEST = 14, 72, 224, 3600, 3700
NAMES = 44
FOOT = 96
LEGEND = (
    "Down: networks, each painted at the layer below its name. Across: facets, matched by the photos in them; on top the "
    "photo nearest to the centre of the facet of the topmost network that has it."
)


@dataclass(frozen=True)
class NetworkRow:
    """A run as a row: the facets of its deepest layer, and the photos of each."""

    folder: Path
    manifest: Manifest
    layer: LayerEntry
    groups: list[Group]

    @classmethod
    def of(cls, folder: Path, manifest: Manifest) -> "NetworkRow":
        """The row of the run in ``folder``."""
        layer = deepest_layer(manifest)
        return cls(folder, manifest, layer, _groups(folder, manifest, layer))


@dataclass(frozen=True)
class Columns:
    """Facets across. heads: the topmost facet of each column. cells: per row, its facets by their column."""

    heads: list[FacetEntry]
    cells: list[dict[int, FacetEntry]]


def draw_networks(folders: Sequence[Path], theme: Theme = LIGHT) -> Sheet | None:
    """The sheet of the runs in ``folders``; None where there is nothing to compare.

    That is where they are more than ``MOST``, or one of them is no finished run of facets, or is of other photos.

    Raises:
        UserError: if a folder holds no readable run.
    """
    if not 0 < len(folders) <= MOST:
        return None
    if not all(RunFolder(folder).exists() for folder in folders):
        return None  # of examples or a transfer
    runs = [(folder, RunFolder(folder).read()) for folder in folders]
    if (
        not all(has_facets(manifest) for _, manifest in runs)
        or len({photo_set_of(manifest) for _, manifest in runs}) != 1
    ):
        return None
    return draw_rows([NetworkRow.of(folder, manifest) for folder, manifest in runs], theme)


def arrange(rows: Sequence[NetworkRow]) -> Columns:
    """The columns of some rows, in the order of the first row's facets.

    Each further row is matched with the topmost facets of the columns that there are; what has no partner there opens
    a column of its own.
    """
    heads: list[FacetEntry] = []
    groups: list[Group] = []
    cells: list[dict[int, FacetEntry]] = []
    for row in rows:
        partners = match_groups(groups, row.groups, len(row.manifest.images.paths))
        own: dict[int, FacetEntry] = {}
        for place, facet in enumerate(row.layer.facets):
            if place not in partners:
                partners[place] = len(heads)
                heads.append(facet)
                groups.append(row.groups[place])
            own[partners[place]] = facet
        cells.append(own)
    return Columns(heads, cells)


def draw_rows(rows: Sequence[NetworkRow], theme: Theme = LIGHT) -> Sheet:
    """The sheet of one or more rows over the same photos."""
    columns = arrange(rows)
    alike = len({provenance(row.manifest) for row in rows}) == 1
    abouts = [_about(row, alike) for row in rows]
    grid = _grid(rows, abouts, len(columns.heads))
    bottom = grid.y(len(rows)) - GAP
    sheet = Sheet(max(grid.x(len(columns.heads)) - GAP + MARGIN, 1100), bottom + FOOT + MARGIN, theme)
    room = sheet.width - 2 * MARGIN
    line = provenance(rows[0].manifest) if alike else counted(rows[0].manifest.images.count, "photos")
    sheet.text(MARGIN, MARGIN, _title(rows), TITLE, bold=True, width=room)
    sheet.text(MARGIN, MARGIN + round(1.4 * TITLE), line, SMALL, colour=FAINT, width=room)
    for column, facet in enumerate(columns.heads):
        _draw_head(sheet, replace(facet, index=column), grid.x(column), grid)
    for place, row in enumerate(rows):
        _draw_about(sheet, row, abouts[place], grid.y(place), grid)
        for column in range(len(columns.heads)):
            cell = columns.cells[place].get(column)
            tile = (
                picture_or_failure(row.folder, cell, grid.side, theme)
                if cell
                else grey_tile(grid.side, "no such facet", theme)
            )
            sheet.paste(grid.x(column), grid.y(place), tile)
    for index, text in enumerate(wrap(LEGEND, room, SMALL, 2)):
        sheet.text(MARGIN, bottom + 48 + index * (SMALL + 8), text, SMALL, colour=FAINT)
    return sheet


@dataclass(frozen=True)
class _Grid:
    """Where the tiles stand: ``side`` px each, the first photo at (left, top), the rows of networks below the photos."""

    side: int
    left: int
    top: int = MARGIN + HEADER + 76

    def x(self, column: int) -> int:
        return self.left + column * (self.side + GAP)

    def y(self, row: int) -> int:
        """Upper edge of a network's row; the photos above stand a wider gap apart."""
        return self.top + self.side + 3 * GAP + row * (self.side + GAP)


def _grid(rows: Sequence[NetworkRow], abouts: Sequence[Sequence[str]], columns: int) -> _Grid:
    """Tiles smaller the more columns there are, to the right of the longest name or line about a network."""
    names = [text_width(row.manifest.model.name, HEADING, bold=True) for row in rows]
    lines = [text_width(line, SMALL) for about in abouts for line in about]
    tall = (TALLEST - MARGIN - HEADER) // (len(rows) + 1) - GAP
    return _Grid(max(LEAST, min(LARGEST, WIDEST // columns - GAP, tall)), MARGIN + min(440, max(names + lines)) + NAMES)


def has_facets(manifest: Manifest) -> bool:
    """Whether it is a finished run of facets, which can be compared with others."""
    return manifest.status in FINISHED and not names_objectives(manifest) and bool(deepest_layer(manifest).facets)


def photo_set_of(manifest: Manifest) -> tuple[frozenset[str], object]:
    """What is the same for two runs over the same photos: the paths, and for arrays, which have none, the fingerprint."""
    images = manifest.images
    return frozenset(images.paths), None if images.root else manifest.options.get("images_digest")


def _groups(folder: Path, manifest: Manifest, layer: LayerEntry) -> list[Group]:
    """The photos of each facet: all that were put into it, or its members where that is not kept."""
    members: list[Group] = [frozenset(member.path for member in facet.members) for facet in layer.facets]
    try:
        _, facet_of = read_embedding(folder, clustered_layer(manifest).layer)
    except (LookupError, SafetensorError, OSError):
        return members
    paths = manifest.images.paths
    if len(paths) != len(facet_of):
        return members
    return [
        frozenset(path for path, index in zip(paths, facet_of.tolist(), strict=True) if index == facet.index)
        for facet in layer.facets
    ]


def _title(rows: Sequence[NetworkRow]) -> str:
    names = list(dict.fromkeys(row.manifest.model.name for row in rows))
    see = f"What {names[0]} sees" if len(names) == 1 else f"What {len(names)} networks see"
    return f"{see} in {photo_folder(rows[0].manifest.images) or 'these photos'}"


def _about(row: NetworkRow, alike: bool) -> list[str]:
    """The lines below a network's name: its layer, what that is, and the run where runs differ."""
    shape = " · ".join(layer_lines(replace(row.layer, kind="")))
    return [row.layer.layer, *([shape] if shape else []), *([] if alike else [provenance(row.manifest)])]


def _draw_head(sheet: Sheet, facet: FacetEntry, x: int, grid: _Grid) -> None:
    side, rule = grid.side, grid.top + grid.side + GAP
    draw_facet_name(sheet, facet, x, grid.top - 40, side)
    sheet.paste(
        x,
        grid.top,
        photo_tile(facet.members[0].path, side, sheet.theme)
        if facet.members
        else grey_tile(side, "no members", sheet.theme),
    )
    with sheet.smooth(x, rule, side, 4) as brush:
        brush.box(x, rule, side, 4, sheet.theme.facet(facet.index), 2)


def _draw_about(sheet: Sheet, row: NetworkRow, lines: Sequence[str], y: int, grid: _Grid) -> None:
    """Name and lines of a network, in the middle of its row's height, with the warning that random weights demand."""
    room = grid.left - MARGIN - NAMES // 2
    warnings = ["random weights"] if is_untrained(row.manifest.model) else []
    at = y + (grid.side - HEADING - 12 - (len(warnings) + len(lines)) * (SMALL + 8)) // 2
    sheet.text(MARGIN, at, row.manifest.model.name, HEADING, bold=True, width=room)
    for index, line in enumerate([*warnings, *lines]):
        colour = WARNING if index < len(warnings) else FAINT
        sheet.text(MARGIN, at + HEADING + 12 + index * (SMALL + 8), line, SMALL, colour=colour, width=room)

"""The sheet by depth: layers down, early to late; facets across, their members on top; the measures beside the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mindseye.report import curves
from mindseye.report.drawing import FAINT, HEADING, MARGIN, SMALL, wrap
from mindseye.report.headings import HEADER, draw_facet_name, draw_header
from mindseye.report.manifest import layer_lines, title
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import mosaic, picture_or_failure, picture_tile
from mindseye.report.typeface import text_width
from mindseye.runs.schema import FacetEntry, LayerEntry, Manifest
from mindseye.wording import counted

LABELS = 112
FOOT = 96
WIDEST = 3600


@dataclass(frozen=True)
class _Grid:
    """Where the tiles stand: ``side`` px each, ``gap`` px apart, the first member tile at (left, top)."""

    side: int
    gap: int
    left: int
    top: int

    def x(self, column: int) -> int:
        return self.left + column * (self.side + self.gap)

    def y(self, row: int) -> int:
        """Upper edge of layer ``row``; the members above the layers stand a wider gap apart."""
        return self.top + self.side + 3 * self.gap + row * (self.side + self.gap)


def draw_depth(folder: Path, manifest: Manifest, theme: Theme = LIGHT, indices: Sequence[int] | None = None) -> Sheet:
    """The sheet by depth of the run in ``folder``, after Fig. 4 of Stergiou, "The Mind's Eye" (ICIP 2021).

    indices: of the facets that it shows; by default all. Its curves are of all.
    """
    rows, panels = manifest.layers, curves.curves(manifest)
    columns = [facet for facet in _columns(rows) if indices is None or facet.index in indices]
    side = max(132, min(224, WIDEST // max(1, len(columns)) - 14))
    names = min(440, max([190, *(text_width(layer.layer, HEADING, bold=True) for layer in rows)])) + 36
    grid = _Grid(side, max(8, side // 16), MARGIN + names, MARGIN + HEADER + LABELS)
    right = grid.x(len(columns)) - grid.gap + curves.width(len(panels))
    bottom = grid.y(len(rows)) - grid.gap
    sheet = Sheet(max(right + MARGIN, 1100), bottom + FOOT + MARGIN, theme)
    draw_header(sheet, manifest, title(manifest), MARGIN, MARGIN)
    for column, facet in enumerate(columns):
        _draw_members(sheet, facet, grid.x(column), grid)
    for row, layer in enumerate(rows):
        _draw_layer(sheet, layer, grid.y(row), grid)
        by_index = {facet.index: facet for facet in layer.facets}
        for column, top in enumerate(columns):
            sheet.paste(grid.x(column), grid.y(row), _tile(folder, by_index.get(top.index), side, theme))
    heights = [grid.y(row) + side // 2 for row in range(len(rows))]
    for index, panel in enumerate(panels):
        x = grid.x(len(columns)) - grid.gap + curves.GAP + index * (curves.PANEL + curves.GAP)
        curves.draw_curve(sheet, panel, x, heights, grid.y(0), bottom)
    if panels:
        x = grid.x(len(columns)) - grid.gap + curves.GAP
        curves.draw_legend(sheet, panels, x, grid.top - 58, grid.y(0) - curves.HEADING)
    _draw_footer(sheet, bottom + 60)
    return sheet


def _columns(rows: list[LayerEntry]) -> list[FacetEntry]:
    """The facets across: those of the deepest layer, then any that only an earlier one has."""
    by_index: dict[int, FacetEntry] = {}
    for layer in reversed(rows):
        for facet in layer.facets:
            by_index.setdefault(facet.index, facet)
    return [by_index[index] for index in sorted(by_index)]


def _draw_members(sheet: Sheet, facet: FacetEntry, x: int, grid: _Grid) -> None:
    colour = sheet.theme.facet(facet.index)
    draw_facet_name(sheet, facet, x, grid.top - 62, grid.side)
    sheet.text(
        x, grid.top - 31, counted(facet.size, "photos") if facet.size else "", SMALL, colour=FAINT, width=grid.side
    )
    sheet.paste(
        x,
        grid.top,
        mosaic([member.path for member in facet.members], grid.side, 3 if grid.side >= 160 else 2, 4, sheet.theme),
    )
    with sheet.smooth(x, grid.top + grid.side + grid.gap, grid.side, 4) as brush:
        brush.box(x, grid.top + grid.side + grid.gap, grid.side, 4, colour, 2)


def _draw_layer(sheet: Sheet, layer: LayerEntry, y: int, grid: _Grid) -> None:
    room = grid.left - MARGIN - 28
    lines = layer_lines(layer)
    at = y + grid.side // 2 - (HEADING + 8 + len(lines) * (SMALL + 8)) // 2
    sheet.text(MARGIN, at, layer.layer, HEADING, bold=True, width=room)
    for index, line in enumerate(lines):
        sheet.text(MARGIN, at + HEADING + 12 + index * (SMALL + 8), line, SMALL, colour=FAINT, width=room)


def _tile(folder: Path, facet: FacetEntry | None, side: int, theme: Theme) -> Image.Image:
    return picture_or_failure(folder, facet, side, theme) if facet else picture_tile(folder, None, side, theme)


def _draw_footer(sheet: Sheet, y: int) -> None:
    text = (
        "Down: layers, early to late. Across: facets, the groups of photos that the network itself treats as alike, "
        "with the nearest members on top."
    )
    for index, line in enumerate(wrap(text, sheet.width - 2 * MARGIN, SMALL, 2)):
        sheet.text(MARGIN, y + index * (SMALL + 8), line, SMALL, colour=FAINT)

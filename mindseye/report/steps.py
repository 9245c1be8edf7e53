"""The sheet over time: a row per picture, a column per snapshot."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from mindseye.report.drawing import BODY, FAINT, MARGIN, SMALL, sample_evenly
from mindseye.report.headings import HEADER, draw_facet_name, draw_header, draw_loss, draw_objective_name
from mindseye.report.manifest import (
    Entry,
    deepest_layer,
    failure,
    names_objectives,
    objective_name,
    snapshots,
)
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import failure_tile, picture_tile
from mindseye.report.typeface import text_width
from mindseye.runs.schema import LayerEntry, Manifest, PaintedEntry, PictureEntry

SIDE = 224
GAP = 14
NAMES = 270
WIDEST_NAMES = 480
MOST = 9


def draw_steps(folder: Path, manifest: Manifest, layer: LayerEntry | None = None, theme: Theme = LIGHT) -> Sheet:
    """The pictures of ``layer``, by default the deepest, or of all objectives, as they came to be, in the run in ``folder``."""
    layer = layer or deepest_layer(manifest)
    named = names_objectives(manifest)
    entries: Sequence[Entry] = manifest.pictures if named else layer.facets
    parts = [manifest.model.name, *([] if named else [layer.layer]), "step by step"]
    columns = column_steps(entries)
    names = _names_width(manifest.pictures) if named else NAMES
    left, top = MARGIN + names, MARGIN + HEADER + 84
    width = left + len(columns) * (SIDE + GAP) - GAP + MARGIN
    sheet = Sheet(max(width, 1100), top + len(entries) * (SIDE + GAP) - GAP + MARGIN, theme)
    draw_header(sheet, manifest, " · ".join(parts), MARGIN, MARGIN)
    for column, step in enumerate(columns):
        name = f"step {step}" if step else "start"
        sheet.text(left + column * (SIDE + GAP), top - 18, name, SMALL, colour=FAINT, anchor="ls")
    for row, entry in enumerate(entries):
        y = top + row * (SIDE + GAP)
        if isinstance(entry, PictureEntry):
            draw_objective_name(sheet, entry, objective_name(entry), MARGIN, y, names - 2 * GAP)
        else:
            draw_facet_name(sheet, entry, MARGIN, y, names - 2 * GAP)
        draw_loss(sheet, entry, MARGIN, y + 42, names - 2 * GAP, 6)
        for column, tile in enumerate(_tiles(folder, entry, columns, theme)):
            sheet.paste(left + column * (SIDE + GAP), y, tile)
    return sheet


def column_steps(entries: Sequence[PaintedEntry]) -> list[int]:
    """Steps of which any entry has a picture, and the start as step 0; at most nine, evenly spread, the last among them."""
    return sample_evenly(sorted({step for entry in entries for step in snapshots(entry)} | {0}), MOST)


def _names_width(pictures: Sequence[PictureEntry]) -> int:
    """Room for the longest name of an objective, within bounds."""
    longest = max([text_width(objective_name(picture), BODY, bold=True) for picture in pictures], default=0)
    return min(WIDEST_NAMES, max(NAMES, longest + 70 + 2 * GAP))


def _tiles(folder: Path, entry: Entry, columns: Sequence[int], theme: Theme) -> list[Image.Image]:
    """A tile per column; the row of a picture that failed ends with the reason."""
    kept: dict[int, str | None] = {0: entry.start, **snapshots(entry)}
    reason = failure(entry)
    if reason:
        painted = [picture_tile(folder, kept[step], SIDE, theme) for step in columns if step in kept]
        return [*painted[: len(columns) - 1], failure_tile(SIDE, reason, theme)]
    return [picture_tile(folder, kept.get(step), SIDE, theme) for step in columns]

"""The sheet over time: a row per picture, a column per snapshot."""

from pathlib import Path

from PIL import Image

from mindseye.report.drawing import BODY, FAINT, MARGIN, SMALL, Sheet, text_width
from mindseye.report.headings import HEADER, draw_facet_name, draw_header, draw_loss, draw_objective_name
from mindseye.report.manifest import (
    Json,
    facets,
    failure,
    layer_name,
    layers,
    model_name,
    names_objectives,
    objective_name,
    pictures,
    steps,
)
from mindseye.report.thinning import thinned
from mindseye.report.tiles import failed, picture

SIDE = 224
GAP = 14
NAMES = 270
WIDEST_NAMES = 480
MOST = 9


def draw_steps(folder: Path, manifest: Json, layer: Json | None = None) -> Image.Image:
    """The pictures of `layer`, by default the deepest, or of all objectives, as they came to be, in the run in `folder`."""
    rows = layers(manifest)
    layer = layer if layer is not None else rows[-1] if rows else {}
    named = names_objectives(manifest)
    found = pictures(manifest) if named else facets(layer)
    parts = [model_name(manifest), *([] if named else [layer_name(layer)]), "step by step"]
    columns = snapshots(found)
    names = _names_width(found) if named else NAMES
    left, top = MARGIN + names, MARGIN + HEADER + 84
    width = left + len(columns) * (SIDE + GAP) - GAP + MARGIN
    sheet = Sheet(max(width, 1100), top + len(found) * (SIDE + GAP) - GAP + MARGIN)
    draw_header(sheet, manifest, " · ".join(parts), MARGIN, MARGIN)
    for column, step in enumerate(columns):
        name = f"step {step}" if step else "start"
        sheet.text(left + column * (SIDE + GAP), top - 18, name, SMALL, colour=FAINT, anchor="ls")
    for row, facet in enumerate(found):
        y = top + row * (SIDE + GAP)
        if named:
            draw_objective_name(sheet, facet, objective_name(facet), MARGIN, y, names - 2 * GAP)
        else:
            draw_facet_name(sheet, facet, MARGIN, y, names - 2 * GAP)
        draw_loss(sheet, facet, MARGIN, y + 42, names - 2 * GAP, 6)
        for column, tile in enumerate(_tiles(folder, facet, columns)):
            sheet.paste(left + column * (SIDE + GAP), y, tile)
    return sheet.image


def _names_width(found: list[Json]) -> int:
    """Room for the longest name of an objective, within bounds."""
    longest = max([text_width(objective_name(one), BODY, bold=True) for one in found], default=0)
    return min(WIDEST_NAMES, max(NAMES, longest + 70 + 2 * GAP))


def snapshots(found: list[Json]) -> list[int]:
    """Steps of which any facet has a picture, and the start as step 0; thinned evenly to nine, the last among them."""
    return thinned(sorted({step for facet in found for step in steps(facet)} | {0}), MOST)


def _tiles(folder: Path, facet: Json, columns: list[int]) -> list[Image.Image]:
    """A tile per column; the row of a facet that failed ends with the reason."""
    kept, reason = {0: facet.get("start"), **steps(facet)}, failure(facet)
    if reason:
        painted = [picture(folder, kept[step], SIDE) for step in columns if step in kept]
        return [*painted[: len(columns) - 1], failed(SIDE, reason)]
    return [picture(folder, kept.get(step), SIDE) for step in columns]

"""The map: every image where the embedding puts it, in the colour of its facet, with as many thumbnails as fit."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageOps
from safetensors import safe_open

from mindseye.report.drawing import BODY, FAINT, INK, MARGIN, PAPER, SMALL
from mindseye.report.headings import HEADER, draw_facet_name, draw_header
from mindseye.report.manifest import clustered_layer
from mindseye.report.palette import facet_mark
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import photo_tile
from mindseye.runs.folder import FACETS
from mindseye.runs.schema import FacetEntry, Manifest
from mindseye.wording import counted

MAP = 1240
PAD = 70
LEGEND, ENTRY, ABOVE, BETWEEN = 380, 62, 90, 40
"""In px: width of a column of the legend, height of a facet in it and of what stands above, and the gap between columns."""
COLUMNS = 5
RIM = 3
DISC = 27


def draw_embedding(folder: Path, manifest: Manifest, theme: Theme = LIGHT) -> Sheet:
    """The 2-D map of the photos at the layer where the facets of the run in `folder` were found.

    Raises:
        LookupError: if facets.safetensors is missing or holds no embedding of that layer.
    """
    chosen = clustered_layer(manifest)
    points, facet = read_embedding(folder, chosen.layer)
    rows, columns = legend_grid(len(chosen.facets))
    height = MARGIN + HEADER + 40 + max(MAP, ABOVE + ENTRY * rows) + MARGIN
    sheet = Sheet(MARGIN + MAP + 60 + columns * (LEGEND + BETWEEN) - BETWEEN + MARGIN, height, theme)
    title = f"{manifest.model.name} · {chosen.layer} · map of the photos"
    draw_header(sheet, manifest, title, MARGIN, MARGIN)
    left, top = MARGIN, MARGIN + HEADER + 40
    places = fit_to_map(points) + np.array([left, top])
    paths = manifest.images.paths
    _draw_points(sheet, places, facet, left, top)
    side = thumbnail_side(len(places))
    centres = centres_of(places, facet)
    marks = push_apart(centres, 2 * DISC + 2)
    picked = pick_apart(places, side + 2 * RIM + 4, marks, min(len(paths), len(places)))
    for index in picked:
        tile = ImageOps.expand(photo_tile(paths[index], side, theme), RIM, theme.facet(int(facet[index])))
        x, y = (places[index] - side / 2 - RIM).tolist()
        sheet.paste(x, y, tile)
    _draw_centres(sheet, centres, marks)
    _draw_legend(sheet, chosen.facets, facet, left + MAP + 60, top, rows)
    return sheet


def read_embedding(folder: Path, layer: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Where the embedding at `layer` puts the images, [N, 2], and the facet of each, [N].

    Raises:
        LookupError: if facets.safetensors is missing or holds no embedding of that layer.
    """
    path = folder / FACETS
    if not path.is_file():
        raise LookupError(f"{path} is missing")
    with safe_open(path, "numpy") as tensors:
        names = [f"{layer}/embedding", f"{layer}/facet"]
        if not set(names) <= set(tensors.keys()):
            raise LookupError(f"{path} holds no embedding of layer {layer}")
        points, facet = (tensors.get_tensor(name) for name in names)
    return np.asarray(points, np.float64), np.asarray(facet, np.int64)


def fit_to_map(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points [N, 2] moved and scaled, alike in both directions, into [0, MAP]²; lost ones (NaN) to its middle."""
    kept = points[np.isfinite(points).all(1)]
    if not len(kept):
        return np.full(points.shape, MAP / 2)
    low, high = kept.min(0), kept.max(0)
    extent = float((high - low).max()) or 1.0
    placed = (points - (low + high) / 2) / extent * (MAP - 2 * PAD) + MAP / 2
    return np.asarray(np.where(np.isfinite(placed), placed, MAP / 2))


def thumbnail_side(count: int) -> int:
    """Side in px of the thumbnails of `count` images: smaller the more there are, from 120 down to 52."""
    return int(np.clip(0.62 * MAP / max(1, count) ** 0.5, 52, 120))


def pick_apart(
    places: NDArray[np.float64], side: float, centres: dict[int, NDArray[np.float64]], count: int
) -> list[int]:
    """Indices below `count` of images whose thumbnails of `side` px touch neither each other nor a centre's mark.

    Images nearest to a centre choose first, which packs the thumbnails closest.
    """
    taken = np.array(list(centres.values())).reshape(-1, 2)
    gaps = np.linalg.norm(places[:count, None] - taken[None], axis=2)
    order = np.argsort(gaps.min(1, initial=np.inf), kind="stable")
    chosen: list[int] = []
    for index in order:
        apart = np.abs(taken - places[index]).max(1) if len(taken) else np.array([np.inf])
        if apart.min() >= side:
            chosen.append(int(index))
            taken = np.vstack([taken, places[index]])
    return chosen


def centres_of(places: NDArray[np.float64], facet: NDArray[np.int64]) -> dict[int, NDArray[np.float64]]:
    """Mean place of every facet: what k-Means calls its centre."""
    return {int(index): places[facet == index].mean(0) for index in np.unique(facet) if index >= 0}


def legend_grid(facets: int) -> tuple[int, int]:
    """Rows and columns of the legend of so many facets: as tall as the map, taller only where there would be too many columns."""
    beside = (MAP - ABOVE) // ENTRY
    columns = min(COLUMNS, max(1, -(-facets // beside)))
    return -(-facets // columns), columns


def push_apart(centres: dict[int, NDArray[np.float64]], apart: float) -> dict[int, NDArray[np.float64]]:
    """Where the marks of the centres stand, so that none hides another's number: two that are too near are moved off each other."""
    marks = np.array(list(centres.values())).reshape(-1, 2)
    aside = np.array([[0.0, -1.0], [1.0, 0.0]])  # which way where two are at the same place
    for _ in range(200):
        gaps = marks[:, None] - marks[None]
        distances = np.linalg.norm(gaps, axis=2)
        near = np.argwhere(np.triu(distances < apart, 1))
        if not len(near):
            break
        for first, second in near.tolist():
            gap = marks[first] - marks[second]
            distance = float(np.linalg.norm(gap))
            way = gap / distance if distance > 1e-6 else aside[(first + second) % 2]
            shift = way * max(0.0, apart + 0.5 - distance) / 2
            marks[first], marks[second] = marks[first] + shift, marks[second] - shift
    return dict(zip(centres, marks, strict=True))


def _draw_points(sheet: Sheet, places: NDArray[np.float64], facet: NDArray[np.int64], left: int, top: int) -> None:
    with sheet.smooth(left, top, MAP, MAP) as brush:
        for (x, y), index in zip(places.tolist(), facet.tolist(), strict=True):
            brush.mark(x, y, 5, sheet.theme.facet(index), facet_mark(max(0, index)))


def _draw_centres(sheet: Sheet, centres: dict[int, NDArray[np.float64]], marks: dict[int, NDArray[np.float64]]) -> None:
    """A disc with its number for each facet; a line to its centre from one that stands beside it."""
    for index, mark in marks.items():
        ends = np.array([centres[index], mark])
        low, high = np.floor(ends.min(0)).astype(int) - 4, np.ceil(ends.max(0)).astype(int) + 4
        with sheet.smooth(int(low[0]), int(low[1]), *(high - low).tolist()) as brush:
            brush.line([(float(x), float(y)) for x, y in ends], sheet.theme.facet(index), 3)
    for index, (x, y) in marks.items():
        with sheet.smooth(round(x) - 30, round(y) - 30, 60, 60) as brush:
            brush.disc(x, y, DISC, PAPER)
            brush.disc(x, y, DISC - 4, sheet.theme.facet(index))
        sheet.text(x, y, str(index), BODY, colour=PAPER, bold=True, anchor="mm")


def _draw_legend(sheet: Sheet, facets: list[FacetEntry], facet: NDArray[np.int64], x: int, y: int, rows: int) -> None:
    sheet.text(
        x, y, f"{counted(len(facet), 'photos')} in {counted(len(facets), 'facets')}", BODY, colour=INK, width=LEGEND
    )
    sheet.text(x, y + 36, "disc: centre of a facet", SMALL, colour=FAINT, width=LEGEND)
    for place, entry in enumerate(facets):
        column, row = divmod(place, max(1, rows))
        left, top = x + column * (LEGEND + BETWEEN), y + ABOVE + ENTRY * row
        draw_facet_name(sheet, entry, left, top, LEGEND)
        size = int((facet == entry.index).sum())
        sheet.text(left, top + 30, counted(size, "photos"), SMALL, colour=FAINT, width=LEGEND)

"""The map of a page: every photo as a point where the embedding puts it, and thumbnails of as many as fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mindseye.report.embedding import MAP, centres_of, fit_to_map, pick_apart, read_embedding, thumbnail_side
from mindseye.report.manifest import clustered_layer, facet_label
from mindseye.report.page.colours import NOISE, colour_style
from mindseye.report.palette import facet_mark
from mindseye.report.sheet import CORNERS
from mindseye.report.typeface import printable
from mindseye.runs.schema import Manifest

LEAST_SIDE = 84
RADIUS, LEAST_RADIUS = 60, 5
MARK, LEAST_MARK, MARKS = 30, 11, 150
TEXT = 40


@dataclass(frozen=True)
class Group:
    """The photos of one facet: (x, y, number of the photo) each.

    colour: a style. corners: of its points, from their middle; none for discs. centre: of the facet; None for photos of no facet.
    label: where its number stands, above its topmost photo.
    """

    facet: int
    name: str
    colour: str
    corners: list[tuple[int, int]]
    points: list[tuple[int, int, int]]
    thumbnails: list[tuple[int, int, int]]
    centre: tuple[int, int] | None
    label: tuple[int, int]


@dataclass(frozen=True)
class PhotoMap:
    """A square of ``extent`` units. radius of the points, side of the thumbnails, whose upper left corner is told.

    mark: diameter of the rings at the centres of facets. text: size of their numbers.
    """

    groups: list[Group]
    layer: str
    radius: int
    side: int
    mark: int
    text: int = TEXT
    extent: int = MAP


def photo_map(folder: Path, manifest: Manifest, most: int) -> PhotoMap | None:
    """The map of a run, with at most so many thumbnails; None where the run has no embedding."""
    chosen = clustered_layer(manifest)
    try:
        points, facet = read_embedding(folder, chosen.layer)
    except (LookupError, OSError, ValueError):
        return None
    except Exception:  # safetensors raises its own type for a damaged file, which is not part of its stable interface
        return None
    if points.ndim != 2 or len(points) != len(facet):
        return None
    places = fit_to_map(points)
    centres = centres_of(places, facet)
    radius = max(LEAST_RADIUS, round(RADIUS / len(places) ** 0.35)) if len(places) else LEAST_RADIUS
    side = max(thumbnail_side(len(places)), LEAST_SIDE)
    known = min(len(manifest.images.paths), len(places))
    with_thumbnail = set(pick_apart(places, side + 10, centres, known)[:most])
    names = {entry.index: facet_label(entry) for entry in chosen.facets}

    def groups() -> Iterator[Group]:
        for index in np.unique(facet).tolist():
            own = np.flatnonzero(facet == index).tolist()
            centre = centres.get(index)
            top = min(places[photo][1] for photo in own)
            yield Group(
                facet=index,
                name=printable(f"facet {index} {names.get(index, '')}").strip(),
                colour=colour_style(index) if index >= 0 else NOISE,
                corners=[(round(across * radius), round(down * radius)) for across, down in _corners(index)],
                points=[(*_rounded(places[photo]), photo) for photo in own],
                thumbnails=[(*_rounded(places[photo] - side / 2), photo) for photo in own if photo in with_thumbnail],
                centre=None if centre is None else _rounded(centre),
                label=_rounded(np.array([0 if centre is None else centre[0], max(TEXT, top - 1.6 * radius)])),
            )

    mark = max(LEAST_MARK, min(MARK, round(MARKS / max(1, len(centres)) ** 0.5)))
    return PhotoMap(list(groups()), printable(chosen.layer), radius, side, mark)


def _corners(index: int) -> list[tuple[float, float]]:
    return list(CORNERS.get(facet_mark(index), ())) if index >= 0 else []


def _rounded(place: np.ndarray) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))

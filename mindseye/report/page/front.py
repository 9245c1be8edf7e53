"""The first screen of a run, for its page and for a notebook: its pictures at a glance, and the map of its photos."""

from dataclasses import dataclass
from pathlib import Path

from mindseye.report.manifest import (
    deepest_layer,
    entries_of,
    is_untrained,
    names_objectives,
    provenance,
    title,
)
from mindseye.report.page.cards import Card, FindPicture, facet_cards, picture_cards
from mindseye.report.page.headlines import Headline, headlines
from mindseye.report.page.map import PhotoMap, photo_map
from mindseye.runs.schema import Manifest

PHOTOS = {
    "invert": "Each picture is what a layer keeps of a photo: what it has lost, the layer has forgotten.",
    "accentuate": "Each picture is a photo with more of something painted into it.",
}
OBJECTIVES = "Each picture is painted, from noise, to excite one thing in the network: a unit, a layer or a class."
FACETS = (
    "The network itself sorts the photos into groups that it treats as alike (facets). Each large picture is painted "
    "from scratch to show what one group has in common for the network. The small photos below it are the group's most "
    "typical ones; they guide the painting, but none of their pixels are in it."
)


@dataclass(frozen=True)
class Front:
    """Everything that the template of the first screen shows.

    intro: what one looks at, in plain words. more: how many pictures it leaves out.
    """

    title: str
    provenance: str
    warning: str
    intro: str
    headlines: list[Headline]
    groups: list[tuple[str, list[Card]]]
    more: int
    kind: str
    map: PhotoMap | None
    layer: str


def front_of(folder: Path, manifest: Manifest, find: FindPicture, most: int | None, thumbnails: int) -> Front:
    """The first screen of the run in ``folder``.

    Args:
        find: gives the picture at a place among those of the deepest layer, or of all objectives.
        most: how many pictures; None for all.
        thumbnails: at most so many photos on the map.
    """
    named = names_objectives(manifest)
    groups = picture_cards(manifest, find, most) if named else facet_cards(folder, manifest, find, most)
    return Front(
        title=title(manifest),
        provenance=provenance(manifest),
        warning="random weights" if is_untrained(manifest.model) else "",
        intro=PHOTOS.get(manifest.kind, OBJECTIVES) if named else FACETS,
        headlines=headlines(manifest),
        groups=groups,
        kind="pictures" if named else "facets",
        more=0 if most is None else max(0, len(entries_of(manifest)) - most),
        map=None if named else photo_map(folder, manifest, thumbnails),
        layer=deepest_layer(manifest).layer if manifest.layers else "",
    )


def map_photos(manifest: Manifest, photos: PhotoMap | None) -> dict[int, str]:
    """Path of each photo that has a thumbnail on the map, by number."""
    paths = manifest.images.paths
    numbers = [number for group in (photos.groups if photos else []) for *_, number in group.thumbnails]
    return {number: paths[number] for number in numbers if number < len(paths)}

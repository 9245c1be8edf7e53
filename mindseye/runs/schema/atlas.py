"""atlas.json: what an atlas is of, and each channel's numbers; and the pictures of the whole collection at a layer."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from mindseye.runs.files import plain, write_json
from mindseye.runs.schema.manifest import ImagesEntry, LabelsEntry, ModelEntry
from mindseye.runs.schema.pictures import Number, Skipped
from mindseye.runs.schema.reading import parse_content, read_content

ATLAS_SCHEMA = 1


@dataclass
class AtlasChannel:
    """A channel in atlas.json.

    mean, deviation: of its mean over positions, over the photos. used: the share of photos in which it is among the
    strongest tenth of the layer. label: of the photos that excite it most, the commonest; label_share: how many of them have it,
    in [0, 1]. place: on the layer's map of
    likeness, in [0, 1]. null, p_value: of the entanglement, by chance.
    """

    channel: int
    mean: Number = None
    deviation: Number = None
    used: Number = None
    entanglement: Number = None
    null: Number = None
    p_value: Number = None
    selectivity: Number = None
    class_selectivity: Number = None
    label: str | None = None
    label_share: Number = None
    place: tuple[float, float] = (0.5, 0.5)


@dataclass
class PhotoGroup:
    """A facet of the whole collection at a layer. photos: its members, nearest to its centre first. weights: theirs, summing to 1;
    empty in atlases of before these facets were painted.
    """

    size: int
    label: str | None = None
    photos: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


@dataclass
class AtlasLayer:
    """A layer of an atlas.

    folder: of its pages. channels: of the whole layer. stage_cka: its linear CKA with the layer before. groups: facets of the
    whole collection. entries: the channels that have a page.
    """

    layer: str
    folder: str
    kind: str = ""
    channels: int = 0
    grid: list[int] = field(default_factory=list)
    cost: Number = None
    stage_cka: Number = None
    groups: list[PhotoGroup] = field(default_factory=list)
    entries: list[AtlasChannel] = field(default_factory=list)

    def entry_of(self, channel: int) -> AtlasChannel | None:
        """The entry of a channel, None where it has no page."""
        return next((entry for entry in self.entries if entry.channel == channel), None)


@dataclass
class AtlasRecord:
    """All that atlas.json says. side: of a photo as the network sees it. facets: 1 to 4, or ``auto``.

    contents: a fingerprint of each photo's content, in the order of ``images.paths``; empty in atlases of before there were any.
    """

    title: str
    model: ModelEntry
    images: ImagesEntry
    schema: int = ATLAS_SCHEMA
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    device: str = ""
    seed: int = 0
    side: int = 0
    facets: int | str = "auto"
    recipe: dict[str, Any] = field(default_factory=dict)
    cluster_layer: str = ""
    labels: LabelsEntry | None = None
    label_names: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    layers: list[AtlasLayer] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "AtlasRecord":
        """The record in a file.

        Raises:
            FileNotFoundError: if there is none.
            UserError: if it cannot be read, or is none.
        """
        return parse_content(_atlas(), read_content(path), path, ATLAS_SCHEMA, {})

    def write(self, path: Path) -> None:
        """Write it into a file, whole or not at all."""
        write_json(path, self)

    def of_layer(self, address: str) -> AtlasLayer:
        """The entry of a layer."""
        return next(layer for layer in self.layers if layer.layer == address)


@dataclass
class CollectionFacet:
    """The picture of a facet of the whole collection. reason: why there is none."""

    picture: str | None = None
    reason: str | None = None


@dataclass
class AtlasCollectionRecord:
    """The pictures of the whole collection's facets at a layer, in the order of ``AtlasLayer.groups``."""

    layer: str
    schema: int = ATLAS_SCHEMA
    facets: list[CollectionFacet] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "AtlasCollectionRecord":
        """The record in a file; see ``AtlasRecord.read``."""
        return parse_content(_collection(), read_content(path), path, ATLAS_SCHEMA, {})

    def write(self, path: Path) -> None:
        """Write it into a file, whole or not at all."""
        write_json(path, plain(self))

    @property
    def picture_count(self) -> int:
        """How many pictures there are, or should be."""
        return len(self.facets)

    @property
    def failures(self) -> list[str]:
        """Why pictures are missing, a line each."""
        return [f"facet {place}: {facet.reason}" for place, facet in enumerate(self.facets) if facet.reason]


@cache
def _atlas() -> TypeAdapter[AtlasRecord]:
    return TypeAdapter(AtlasRecord)


@cache
def _collection() -> TypeAdapter[AtlasCollectionRecord]:
    return TypeAdapter(AtlasCollectionRecord)

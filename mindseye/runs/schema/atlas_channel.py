"""The record of one channel of an atlas, which lies beside its page."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from mindseye.runs.files import plain, write_json
from mindseye.runs.schema.atlas import ATLAS_SCHEMA
from mindseye.runs.schema.examples import ExampleGroup
from mindseye.runs.schema.pictures import MemberEntry, Number
from mindseye.runs.schema.reading import parse_content, read_content


@dataclass
class Relative:
    """A channel with alike answers. r: the correlation over the photos."""

    layer: str
    channel: int
    r: float


@dataclass
class Feeder:
    """A channel of the layer before. share: of the value, by attribution. drop: of the value when it is held at its mean."""

    channel: int
    share: Number
    drop: Number


@dataclass
class Feeding:
    """What carries a channel's value. layer: the one before. photos: looked at. chance: the drop for random other channels."""

    layer: str
    photos: int = 0
    feeders: list[Feeder] = field(default_factory=list)
    chance: Number = None


@dataclass
class ChannelFacet:
    """A facet of a channel's top photos, and its picture.

    label: the commonest of its photos; label_share: how many of them have it, in [0, 1]. activation: of the channel in its photos;
    painted: in the picture.
    """

    size: int
    label: str | None = None
    label_share: Number = None
    members: list[MemberEntry] = field(default_factory=list)
    picture: str | None = None
    reason: str | None = None
    activation: Number = None
    painted: Number = None


@dataclass
class ClassAnswer:
    """A label: how many photos have it, the channel's mean over them, and the share of them among its top photos."""

    label: str
    photos: int
    mean: Number = None
    share: Number = None


@dataclass
class AtlasChannelRecord:
    """All of one channel.

    histogram: counts between ``low`` and ``high``. strongest: the photos with its greatest means, best first. groups: photos along
    its range by the value at one position, see ``examples``.

    picture: the plain one; painted: what it excites in the channel; reason: why there is none. sheets: the file with the photos of
    each group. silhouette, chance: of its facets, and of single clouds. crops: files with the strongest photo of each relative or
    feeder that has no page of its own.
    """

    layer: str
    channel: int
    schema: int = ATLAS_SCHEMA
    low: Number = None
    high: Number = None
    mean: Number = None
    histogram: list[int] = field(default_factory=list)
    rule: str = "zero"
    strongest: list[MemberEntry] = field(default_factory=list)
    groups: dict[str, ExampleGroup] = field(default_factory=dict)
    sheets: dict[str, str] = field(default_factory=dict)
    classes: list[ClassAnswer] = field(default_factory=list)
    relatives: list[Relative] = field(default_factory=list)
    feeding: Feeding | None = None
    crops: list[str] = field(default_factory=list)
    silhouette: Number = None
    chance: Number = None
    top_photos: int = 0
    facets: list[ChannelFacet] = field(default_factory=list)
    picture: str | None = None
    reason: str | None = None
    painted: Number = None
    notes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "AtlasChannelRecord":
        """The record in a file; see ``AtlasRecord.read``."""
        return parse_content(_channel(), read_content(path), path, ATLAS_SCHEMA, {})

    def write(self, path: Path) -> None:
        """Write it into a file, whole or not at all."""
        write_json(path, plain(self))

    @property
    def picture_count(self) -> int:
        """How many pictures there are, or should be: the plain one, and its facets'."""
        return 1 + len(self.facets)

    @property
    def failures(self) -> list[str]:
        """Why pictures are missing, a line each."""
        reasons = [
            ("plain", self.reason),
            *((f"facet {place}", facet.reason) for place, facet in enumerate(self.facets)),
        ]
        return [f"{name}: {reason}" for name, reason in reasons if reason]


@cache
def _channel() -> TypeAdapter[AtlasChannelRecord]:
    return TypeAdapter(AtlasChannelRecord)

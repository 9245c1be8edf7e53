"""examples.json: the photos that show a channel's range."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from mindseye.runs.schema.manifest import SCHEMA, UPGRADES, ImagesEntry, ModelEntry
from mindseye.runs.schema.pictures import LayerEntry, Number, Numbers, Skipped
from mindseye.runs.schema.reading import parse_content, read_content


@dataclass(frozen=True)
class Example:
    """One photo of a group.

    path: the photo's, or ``array-00000``. index: its place among the photos that decode. score: the channel's
    minimum, mean or maximum over positions, as the group has it. position: where it is that, or nearest to the mean, (x, y) =
    (column, row) in the layer's grid, (index, 0) where it has none. box: (top, left, bottom, right) in px of the photo as
    the network sees it, what the position sees of it. percentile: of the score, in [0, 1].
    """

    path: str
    index: int
    score: float
    position: tuple[int, int]
    box: tuple[int, int, int, int]
    percentile: float


@dataclass
class ExampleGroup:
    """Photos along a channel's range, the most telling first. score: in words."""

    score: str
    photos: list[Example] = field(default_factory=list)


@dataclass
class ChannelRange:
    """A channel over all photos and positions. quantiles: over the photos, by score and quantile."""

    mean: Number = None
    quantiles: dict[str, Numbers] = field(default_factory=dict)


@dataclass
class ChannelExamplesEntry:
    """A channel and its groups. sheet: the file of the figure. rule: how the two groups in the middle were found."""

    channel: int
    sheet: str
    rule: str = "zero"
    over_photos: ChannelRange = field(default_factory=ChannelRange)
    groups: dict[str, ExampleGroup] = field(default_factory=dict)


@dataclass
class ExamplesRecord:
    """All that examples.json says. side: of the photo as the network sees it. tiles: ``whole`` photos or ``crops``."""

    layer: LayerEntry
    model: ModelEntry
    images: ImagesEntry
    kind: str = "examples"
    schema: int = SCHEMA
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    device: str = ""
    side: int = 0
    tiles: str = "crops"
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    channels: list[ChannelExamplesEntry] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "ExamplesRecord":
        """The record in a file, of this or an older schema.

        Raises:
            FileNotFoundError: if there is none.
            UserError: if it cannot be read, is damaged, or a newer mindseye wrote it.
        """
        return parse_content(_adapter(), read_content(path), path, SCHEMA, UPGRADES)


@cache
def _adapter() -> TypeAdapter[ExamplesRecord]:
    return TypeAdapter(ExamplesRecord)

"""What run.json says, as typed values: the one module that knows its keys.

A key of the file is the name of a field here. Every field may be absent: an older run, or one that was interrupted, says
less. ``SCHEMA`` counts up when a key changes its name or meaning; ``UPGRADES`` then says how an older file is read.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from mindseye.errors import UserError

SCHEMA = 2

PictureStatus = Literal["todo", "done", "failed"]
Number = float | None
"""A number; None where it is not finite, as JSON has no NaN."""
Numbers = dict[str, Number]
Roles = dict[str, Numbers]
"""Numbers by name, of the ``picture``, its ``start`` and the real ``members``."""
Measures = dict[str, Any]
"""``fidelity``, ``naturalness``, ``wasserstein``: Roles. ``neighbourhood``, ``transfer``: Roles by judge."""


@dataclass
class Skipped:
    """A photo that was left out, and why."""

    path: str
    reason: str = ""


@dataclass
class StepEntry:
    """A picture that was kept on the way."""

    step: int
    picture: str


@dataclass
class PaintedEntry:
    """What every painted picture has; paths are relative to the run. loss: (start, end) of each term."""

    status: PictureStatus = "todo"
    picture: str | None = None
    start: str | None = None
    steps: list[StepEntry] = field(default_factory=list)
    loss: dict[str, list[Number]] = field(default_factory=dict)
    measures: Measures | None = None
    reason: str | None = None


@dataclass
class MemberEntry:
    """A member of a facet. index: of the photo. activation: of the channel whose facet this is, where there is one."""

    path: str
    index: int = -1
    distance: Number = None
    weight: Number = None
    activation: Number = None


@dataclass
class ChannelShare:
    """One of the top-k channels, and the share that it has of what they have together."""

    channel: int
    share: Number = None


@dataclass
class FacetEntry(PaintedEntry):
    """A facet and its picture. where: the file of the maps of where it lives in its members."""

    index: int = 0
    size: int = 0
    silhouette: Number = None
    label: str | None = None
    effective_members: Number = None
    members: list[MemberEntry] = field(default_factory=list)
    channels: list[ChannelShare] = field(default_factory=list)
    where: str | None = None
    activation: Number = None


@dataclass
class ChannelExample:
    """A photo that a channel answers to, and how strongly (mean over positions)."""

    path: str
    activation: Number = None


@dataclass
class ChannelPictureEntry(PaintedEntry):
    """One of the most or least entangled channels: its picture, the photos that excite it, and their facets."""

    channel: int = 0
    which: str = "most"
    over_photos: Numbers = field(default_factory=dict)
    photos: int = 0
    examples: list[ChannelExample] = field(default_factory=list)
    silhouette: Number = None
    silhouette_chance: Number = None
    facets: list[FacetEntry] = field(default_factory=list)


@dataclass
class LayerEntry:
    """A painted layer and its facets; of ``inspect`` also the numbers of its channels."""

    layer: str
    kind: str = ""
    channels: int = 0
    grid: list[int] = field(default_factory=list)
    cost: Number = None
    facets: list[FacetEntry] = field(default_factory=list)
    entanglement: Numbers | None = None
    channel_means: Roles = field(default_factory=dict)
    channel_stats: list[Numbers] = field(default_factory=list)
    channel_pictures: list[ChannelPictureEntry] = field(default_factory=list)


@dataclass
class PictureEntry(PaintedEntry):
    """A picture of a named objective, or of a photo. class_index: the number of its class in a transfer."""

    index: int = 0
    objective: str = ""
    variant: int | None = None
    members: list[MemberEntry] = field(default_factory=list)
    photo: str | None = None
    patches: dict[str, Any] | None = None
    class_index: int | None = None


@dataclass
class ModelEntry:
    """The network. spec: how to load it again, None for a module. in_channels: planes of its input."""

    name: str = "a model"
    weights: str = ""
    in_channels: int = 3
    preprocessing: dict[str, Any] = field(default_factory=dict)
    spec: str | None = None
    findings: dict[str, Any] | None = None


@dataclass
class ImagesEntry:
    """The photos of a run. root: their folder, None for arrays. paths: in the order of facets.safetensors."""

    root: str | None = None
    count: int = 0
    paths: list[str] = field(default_factory=list)


@dataclass
class ClustersEntry:
    """How the facets were found. layer: at which."""

    layer: str
    method: str = ""
    perplexity: Number = None
    silhouette: Number = None


@dataclass
class LabelsEntry:
    """What the photos show. source: ``sub-folders`` or a judge. counts: photos of each label."""

    source: str
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class JudgeEntry:
    """What a judge looked at. asked: a fingerprint of what it was asked."""

    weights: str = ""
    preprocessing: dict[str, Any] = field(default_factory=dict)
    features: str = ""
    folders: dict[str, int] = field(default_factory=dict)
    labels: str | None = None
    asked: str | None = None


@dataclass
class Summary:
    """Means over the facets with intervals, by layer and measure; and what is said of the whole set of photos."""

    layers: dict[str, dict[str, Any]] = field(default_factory=dict)
    set: Numbers = field(default_factory=dict)


@dataclass
class Manifest:
    """All that run.json says. The sections that a kind of run does not have stay empty.

    kind: the command. options: what must be the same for the run to be continued. seconds: by stage. pictures: of named
    objectives and photos. layers: of facets.
    """

    kind: str
    schema: int = SCHEMA
    command: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    status: str = "running"
    versions: dict[str, str] = field(default_factory=dict)
    device: str = ""
    seed: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    recipe: dict[str, Any] = field(default_factory=dict)
    model: ModelEntry = field(default_factory=ModelEntry)
    images: ImagesEntry = field(default_factory=ImagesEntry)
    skipped: list[Skipped] = field(default_factory=list)
    clusters: ClustersEntry | None = None
    labels: LabelsEntry | None = None
    layers: list[LayerEntry] = field(default_factory=list)
    pictures: list[PictureEntry] = field(default_factory=list)
    patches: dict[str, Any] | None = None
    judges: dict[str, JudgeEntry] = field(default_factory=dict)
    summary: Summary | None = None

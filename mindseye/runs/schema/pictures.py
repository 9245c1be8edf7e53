"""Facets, channels and pictures in run.json."""

from dataclasses import dataclass, field
from typing import Any, Literal

PictureStatus = Literal["todo", "done", "failed"]
Number = float | int | None
"""A number; None where it is not finite, as JSON has no NaN. An integer in the file stays an integer."""
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
    """A facet and its picture. where: the file of the maps that show where in its members the facet is."""

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
class Entanglement:
    """The mean over a layer's channels, its 95 % interval, and the same of shuffled facets (``null``).

    channels: of how many it is the mean. shuffles: how often the facets were shuffled.
    """

    mean: Number = None
    low: Number = None
    high: Number = None
    null: Number = None
    null_low: Number = None
    null_high: Number = None
    channels: int = 0
    shuffles: int = 0


@dataclass
class ChannelStats:
    """The numbers of a channel. facets: in how many it is among the top-k. null, p_value, z_score: of its entanglement."""

    channel: int
    facets: int = 0
    entanglement: Number = None
    selectivity: Number = None
    spread: Number = None
    explained: Number = None
    meanings: Number = None
    class_selectivity: Number = None
    stability: Number = None
    null: Number = None
    p_value: Number = None
    z_score: Number = None


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
    entanglement: Entanglement | None = None
    channel_means: Roles = field(default_factory=dict)
    channel_stats: list[ChannelStats] = field(default_factory=list)
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

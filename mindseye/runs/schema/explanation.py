"""Explanations in run.json: which networks were asked, and the maps of each photo."""

from dataclasses import dataclass, field
from typing import Any

from mindseye.runs.schema.pictures import Number, Numbers, PictureStatus


@dataclass
class TargetEntry:
    """What is explained: a layer of the network, and whether the score is the logit of one of several classes."""

    layer: str
    kind: str = ""
    channels: int = 0
    grid: list[int] = field(default_factory=list)
    cost: Number = None
    is_class: bool = False


@dataclass
class CurveEntry:
    """A deletion or insertion curve: its values from first to last, and the area below it."""

    area: Number = None
    values: list[Number] = field(default_factory=list)


@dataclass
class ForgettingEntry:
    """The rank correlation of a map with those of a network whose modules forget, one after the other.

    signed, absolute: of the maps as they are, and of their sizes. reason: why there are none.
    """

    modules: list[str] = field(default_factory=list)
    signed: list[Number] = field(default_factory=list)
    absolute: list[Number] = field(default_factory=list)
    reason: str | None = None


@dataclass
class CheckEntry:
    """What a map is worth, in numbers. forgetting: not of maps that are random."""

    deletion: CurveEntry = field(default_factory=CurveEntry)
    insertion: CurveEntry = field(default_factory=CurveEntry)
    forgetting: ForgettingEntry | None = None


@dataclass
class MapEntry:
    """The map of a photo by a method and a network; paths are relative to the run.

    target: what is explained, in words. range: smallest and largest value. limit: the value that has the full colour.
    settings: of the method. numbers: ``score`` and what else the method says. reason: why there is no map.
    """

    model: str
    method: str
    target: str = ""
    status: PictureStatus = "done"
    signed: bool = False
    range: list[Number] = field(default_factory=list)
    limit: Number = None
    settings: dict[str, Any] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=dict)
    map: str | None = None
    picture: str | None = None
    overlay: str | None = None
    check: CheckEntry | None = None
    reason: str | None = None


@dataclass
class ExplainedPhotoEntry:
    """A photo, its maps, and by network the curves of a random map (``chance``)."""

    name: str
    path: str
    maps: list[MapEntry] = field(default_factory=list)
    chance: dict[str, CheckEntry] = field(default_factory=dict)
    figure: str | None = None

"""transfer.json: who painted, who judged, and how often the class was named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from mindseye.runs.files import write_json
from mindseye.runs.schema.pictures import Number
from mindseye.runs.schema.reading import Upgrades, parse_content, read_content, rename_in_list

TRANSFER_SCHEMA = 2


@dataclass
class Share:
    """A share with its 95 % interval, in [0, 1]."""

    mean: Number = None
    low: Number = None
    high: Number = None


@dataclass
class Accuracy:
    """How often the class was among a judge's likeliest one or five labels, over ``n`` images or paintings."""

    n: int = 0
    top1: Share = field(default_factory=Share)
    top5: Share = field(default_factory=Share)


@dataclass
class ClassAccuracy(Accuracy):
    """That of the images of one class."""

    class_name: str = ""


@dataclass
class Confusion:
    """How often images of the class ``wanted`` were taken for ``seen``."""

    wanted: str
    seen: str
    count: int


@dataclass
class FailedImage:
    """An image whose class was not the likeliest label.

    index: its place among all images. picture: that it is of, a path relative to the painter's run. copy: 0 is the picture
    as painted. seen, probability: the likeliest label. wanted: the probability of the class.
    """

    index: int
    class_name: str
    picture: str
    copy: int
    seen: str
    probability: Number = None
    wanted: Number = None


@dataclass
class TransferResult(Accuracy):
    """What a judge made of a painter's pictures in a condition, over all images.

    over_paintings: with intervals over paintings, as if further copies of one told nothing new. as_painted: of the pictures
    without their copies. sheet: the path of the failures' sheet, relative to the transfer; further_sheets: those of classes that
    it has no room for.
    """

    judge: str = ""
    painter: str = ""
    condition: str = ""
    over_paintings: Accuracy = field(default_factory=Accuracy)
    as_painted: Accuracy = field(default_factory=Accuracy)
    classes: list[ClassAccuracy] = field(default_factory=list)
    confusions: list[Confusion] = field(default_factory=list)
    failures: list[FailedImage] = field(default_factory=list)
    sheet: str | None = None
    further_sheets: list[str] = field(default_factory=list)

    @property
    def sheets(self) -> list[str]:
        """The paths of all sheets of failures."""
        return [self.sheet, *self.further_sheets] if self.sheet else []


@dataclass
class TransferRun:
    """The run of a painter in a condition. folder: its name. failed: one line per picture that could not be painted."""

    painter: str
    condition: str
    folder: str = ""
    failed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class TransferRecord:
    """All that transfer.json says. networks: a fingerprint of the weights of each. classes: what they are called."""

    kind: str = "transfer"
    schema: int = TRANSFER_SCHEMA
    command: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    status: str = "running"
    versions: dict[str, str] = field(default_factory=dict)
    device: str = ""
    networks: dict[str, str] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    runs: list[TransferRun] = field(default_factory=list)
    results: list[TransferResult] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "TransferRecord":
        """The record in a file, of this or an older schema.

        Raises:
            FileNotFoundError: if there is none.
            UserError: if it cannot be read, is damaged, or a newer mindseye wrote it.
        """
        return parse_content(_adapter(), read_content(path), path, TRANSFER_SCHEMA, TRANSFER_UPGRADES)

    def write(self, path: Path) -> None:
        """Write the record into a file, whole or not at all."""
        write_json(path, self)

    def result(self, painter: str, condition: str, judge: str) -> TransferResult | None:
        """What a judge made of a painter's pictures in a condition, if it has looked."""
        asked = (painter, condition, judge)
        return next(
            (result for result in self.results if (result.painter, result.condition, result.judge) == asked), None
        )


@cache
def _adapter() -> TypeAdapter[TransferRecord]:
    return TypeAdapter(TransferRecord)


def _upgrade_1(content: Mapping[str, Any]) -> dict[str, Any]:
    """Schema 1 called the name of a class ``class``."""
    results = content.get("results")
    if not isinstance(results, list):
        return dict(content)
    renamed = [
        result | {key: rename_in_list(result.get(key, []), "class", "class_name") for key in ("classes", "failures")}
        if isinstance(result, dict)
        else result
        for result in results
    ]
    return {**content, "results": renamed}


TRANSFER_UPGRADES: Upgrades = {1: _upgrade_1}

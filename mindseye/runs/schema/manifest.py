"""run.json as a whole: what it says of the run, and how it is read, whichever mindseye wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from mindseye.runs.files import plain, write_json
from mindseye.runs.schema.explanation import ExplainedPhotoEntry, TargetEntry
from mindseye.runs.schema.pictures import FacetEntry, LayerEntry, Number, Numbers, PictureEntry, Skipped
from mindseye.runs.schema.reading import Upgrades, parse_content, read_content, rename_in_list, rename_key

SCHEMA = 2
EXPLANATION = ("target", "methods", "models", "photos")
"""The sections that only an explanation has."""
PAINTING = ("model", "images", "clusters", "labels", "layers", "pictures", "patches", "judges", "summary")
"""The sections that an explanation does not have."""


@dataclass
class ModelEntry:
    """The network. spec: how to load it again, None for a module. in_channels: planes of its input.

    findings: what its probe has found (``mindseye.models.probe.Findings``), None in runs of before there was one.
    """

    name: str = "a model"
    weights: str = ""
    in_channels: int = 3
    preprocessing: dict[str, Any] = field(default_factory=dict)
    spec: str | None = None
    findings: dict[str, Any] | None = None


@dataclass
class ExplainedModelEntry(ModelEntry):
    """A network whose maps are made. asked: its name as the user gave it. side: of what it sees, in px.

    refused: the methods that it does not allow, with the reason.
    """

    asked: str = ""
    side: int = 0
    target: TargetEntry | None = None
    refused: dict[str, str] = field(default_factory=dict)


@dataclass
class ImagesEntry:
    """The photos of a run. root: their folder, None for arrays. paths: in the order of facets.safetensors."""

    root: str | None = None
    count: int = 0
    paths: list[str] = field(default_factory=list)


@dataclass
class ClustersEntry:
    """How the facets were found. layer: at which. silhouette_chance: of one cloud of the same shape, cut into as many facets."""

    layer: str
    method: str = ""
    perplexity: Number = None
    silhouette: Number = None
    silhouette_chance: Number = None


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
    """Means over the facets with intervals, by layer and measure; what is said of the whole set of photos.

    transfer: means over the pictures of named objectives, by judge.
    """

    layers: dict[str, dict[str, Any]] = field(default_factory=dict)
    set: Numbers = field(default_factory=dict)
    transfer: dict[str, Any] = field(default_factory=dict)


@dataclass
class Manifest:
    """All that run.json says; a key of the file is the name of a field. The sections that a kind of run lacks stay empty.

    kind: the command. options: what must be the same for the run to be continued. recipe: {} where nothing is painted.
    seconds: by stage. layers: of facets. pictures: of named objectives and photos. patches: what rebuilt photos are made
    of. figures: how its figures look, and what they are written as. target, methods, models, photos: of an explanation.
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
    figures: list[str] = field(default_factory=list)
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
    target: str = ""
    methods: list[str] = field(default_factory=list)
    models: list[ExplainedModelEntry] = field(default_factory=list)
    photos: list[ExplainedPhotoEntry] = field(default_factory=list)

    @classmethod
    def parse(cls, content: Any, where: Path | str = "run.json") -> "Manifest":
        """The manifest that a run.json of this or an older schema holds.

        Args:
            content: as ``json.loads`` gives it.
            where: how an error calls the file.

        Raises:
            UserError: if it is no manifest, naming the field that is wrong, or that of a newer schema.
        """
        return parse_content(_adapter(), content, where, SCHEMA, UPGRADES)

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """The manifest in a file.

        Raises:
            FileNotFoundError: if there is none.
            UserError: if it cannot be read, or is no manifest.
        """
        return cls.parse(read_content(path), path)

    @property
    def facets(self) -> list[FacetEntry]:
        """The facets of all layers, in their order."""
        return [facet for layer in self.layers for facet in layer.facets]

    def of_layer(self, address: str) -> LayerEntry:
        """The entry of a layer that is painted."""
        return next(entry for entry in self.layers if entry.layer == address)

    def as_dict(self) -> dict[str, Any]:
        """The manifest as plain values, as JSON will give them back."""
        content: dict[str, Any] = {"schema": self.schema} | plain(self)
        for section in PAINTING if self.kind == "explain" else EXPLANATION:
            del content[section]
        return content

    def write(self, path: Path) -> None:
        """Write the manifest into a file, whole or not at all."""
        write_json(path, self.as_dict())


@cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def _upgrade_1(content: Mapping[str, Any]) -> dict[str, Any]:
    """Schema 1 called the planes of a network's input ``channels``, and the number of a picture's class ``class``."""
    upgraded = {**content, "recipe": content.get("recipe") or {}}
    for section, old, new in (("models", "channels", "in_channels"), ("pictures", "class", "class_index")):
        if section in content:
            upgraded[section] = rename_in_list(content[section], old, new)
    if "model" in content:
        upgraded["model"] = rename_key(content["model"], "channels", "in_channels")
    return upgraded


UPGRADES: Upgrades = {1: _upgrade_1}

"""The entries of run.json, built from what a run has found and painted."""

import json
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata

import torch
from torch import Tensor

from mindseye.attribution.checks import CheckResult
from mindseye.facets.clustering import Facet
from mindseye.layers.layer import Layer
from mindseye.models.load import Model
from mindseye.optimize.painted import Painted
from mindseye.photos.photo_set import PhotoSet
from mindseye.runs.schema import (
    ChannelShare,
    CheckEntry,
    CurveEntry,
    FacetEntry,
    ForgettingEntry,
    LayerEntry,
    Manifest,
    MemberEntry,
    ModelEntry,
    Number,
    PaintedEntry,
    Skipped,
)

PACKAGES = ("mindseye", "torch", "torchvision", "timm", "scikit-learn", "openTSNE", "numpy", "Pillow")


def describe_model(model: Model, spec: str | None = None) -> ModelEntry:
    """The ``model`` entry: name, weights, the preprocessing that was used, what the probe found. spec: how to load it again."""
    return ModelEntry(
        model.name, model.weights, model.in_channels, model.preprocessing.describe(), spec, model.findings.as_dict()
    )


def describe_layer(layer: Layer, facets: Iterable[FacetEntry] = ()) -> LayerEntry:
    """A ``layers`` entry."""
    return LayerEntry(
        layer=layer.address,
        kind=layer.kind,
        channels=layer.channels,
        grid=list(layer.grid),
        cost=layer.cost,
        facets=list(facets),
    )


def describe_facet(
    facet: Facet, paths: Sequence[str], label: str | None, channels: Tensor, shares: Tensor
) -> FacetEntry:
    """A facet's entry before it is painted. channels, shares: [k]."""
    members = zip(facet.members, facet.distances, facet.weights, strict=True)
    return FacetEntry(
        index=facet.index,
        size=facet.size,
        silhouette=facet.silhouette,
        label=label,
        effective_members=facet.effective_members,
        members=[MemberEntry(paths[index], int(index), float(distance), float(w)) for index, distance, w in members],
        channels=[ChannelShare(int(channel), float(share)) for channel, share in zip(channels, shares, strict=True)],
    )


def describe_skipped(photos: PhotoSet) -> list[Skipped]:
    """The photos of a set that were left out."""
    return [Skipped(skipped.path, skipped.reason) for skipped in photos.skipped]


def common(labels: Sequence[str] | None, photos: Sequence[int]) -> str | None:
    """The label that most of some photos have, the first by name of several; None without labels."""
    if labels is None:
        return None
    return most_common([labels[index] for index in photos])


def most_common(names: Sequence[str]) -> str:
    """The name that comes most often, the first in order of several."""
    return max(sorted(set(names)), key=names.count)


def describe_check(checked: CheckResult) -> CheckEntry:
    """The ``check`` of a map. checked: as ``attribution.checks`` gives it."""
    forgetting = checked.get("forgetting")
    return CheckEntry(
        deletion=CurveEntry(**checked["deletion"]),
        insertion=CurveEntry(**checked["insertion"]),
        forgetting=None if forgetting is None else ForgettingEntry(**forgetting),
    )


def facet_from(entry: FacetEntry) -> Facet:
    """The facet that an entry describes, to go on with an interrupted run."""
    return Facet(
        index=entry.index,
        members=[member.index for member in entry.members],
        distances=[number_of(member.distance) for member in entry.members],
        weights=[number_of(member.weight) for member in entry.members],
        size=entry.size,
        silhouette=entry.silhouette,
        effective_members=number_of(entry.effective_members),
    )


def record_painted(entry: PaintedEntry, painted: Painted, picture: str, start: str) -> None:
    """Note in an entry how its painting ended."""
    entry.start = start
    entry.loss = {term: list(values) for term, values in painted.loss.items()}
    if painted.reason is None:
        entry.status, entry.picture = "done", picture
    else:
        entry.status, entry.reason = "failed", painted.reason


def failures(manifest: Manifest) -> list[str]:
    """One line per picture that failed: layer and facet or channel, or its objective and variant, and the reason."""
    named: list[tuple[str, PaintedEntry]] = []
    for layer in manifest.layers:
        named += [(f"{layer.layer} facet {facet.index}", facet) for facet in layer.facets]
        for channel in layer.channel_pictures:
            name = f"{layer.layer} channel {channel.channel}"
            named += [(name, channel), *((f"{name} facet {facet.index}", facet) for facet in channel.facets)]
    for picture in manifest.pictures:
        variant = "" if picture.variant is None else f" variant {picture.variant}"
        named.append((f"{picture.objective}{variant}", picture))
    return [f"{name}: {entry.reason or ''}" for name, entry in named if entry.status == "failed"]


def picture_metadata(manifest: Manifest, layer: str) -> dict[str, str]:
    """What a picture's file says of itself."""
    return {
        "Software": "mindseye",
        "mindseye:model": f"{manifest.model.name} (weights: {manifest.model.weights})",
        "mindseye:layer": layer,
        "mindseye:recipe": json.dumps(manifest.recipe),
        "mindseye:seed": str(manifest.seed),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a picture depends on, as far as installed."""
    installed = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            installed[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return installed


def device_name(device: torch.device) -> str:
    """The device as people call it (``cuda: NVIDIA H200``, ``cpu``)."""
    if device.type == "cuda":
        return f"{device}: {torch.cuda.get_device_name(device)}"
    return str(device)


def number_of(value: Number) -> float:
    """A number as it was before JSON, which has no NaN."""
    return float("nan") if value is None else float(value)

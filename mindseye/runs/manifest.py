"""What run.json says, built from what a run has found and painted."""

import json
import platform
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import torch
from torch import Tensor

from mindseye.facets.clustering import Facet
from mindseye.layers.layer import Layer
from mindseye.models.load import Model
from mindseye.optimize.painted import Painted
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.runs.folder import SCHEMA, Manifest

PACKAGES = ("mindseye", "torch", "torchvision", "timm", "scikit-learn", "openTSNE", "numpy", "Pillow")


def new_manifest(
    kind: str, command: str, options: dict[str, Any], recipe: Recipe | None, seed: int, device: torch.device
) -> Manifest:
    """The manifest of a run that has just begun. recipe: None where nothing is painted."""
    return {
        "schema": SCHEMA,
        "kind": kind,
        "command": command,
        "options": options,
        "status": "running",
        "versions": versions(),
        "device": device_name(device),
        "seed": seed,
        "seconds": {},
        "notes": [],
        "recipe": recipe.as_dict() if recipe else {},
    }


def describe_model(model: Model) -> dict[str, Any]:
    """The ``model`` entry: name, weights, and the preprocessing that was used."""
    return {
        "name": model.name,
        "weights": model.weights,
        "channels": model.in_channels,
        "preprocessing": model.preprocessing.describe(),
    }


def describe_layer(layer: Layer) -> dict[str, Any]:
    """A ``layers`` entry before its facets are known."""
    return {
        "layer": layer.address,
        "kind": layer.kind,
        "channels": layer.channels,
        "grid": list(layer.grid),
        "cost": layer.cost,
    }


def describe_facet(
    facet: Facet, paths: Sequence[str], label: str | None, channels: Tensor, shares: Tensor
) -> dict[str, Any]:
    """A facet's entry before it is painted. channels, shares: [k]."""
    members = zip(facet.members, facet.distances, facet.weights, strict=True)
    return {
        "index": facet.index,
        "status": "todo",
        "size": facet.size,
        "silhouette": facet.silhouette,
        "label": label,
        "effective_members": facet.effective_members,
        "members": [
            {"path": paths[i], "index": int(i), "distance": float(d), "weight": float(w)} for i, d, w in members
        ],
        "channels": [{"channel": int(c), "share": float(s)} for c, s in zip(channels, shares, strict=True)],
        "picture": None,
        "start": None,
        "steps": [],
        "loss": {},
    }


def common(labels: Sequence[str] | None, photos: Sequence[int]) -> str | None:
    """The label that most of some photos have, the first by name of several; None without labels."""
    if labels is None:
        return None
    found = [labels[index] for index in photos]
    return max(sorted(set(found)), key=found.count)


def facet_from(entry: dict[str, Any]) -> Facet:
    """The facet that an entry describes, to go on with an interrupted run."""
    members = entry["members"]
    return Facet(
        index=entry["index"],
        members=[member["index"] for member in members],
        distances=[member["distance"] for member in members],
        weights=[member["weight"] for member in members],
        size=entry["size"],
        silhouette=entry["silhouette"],
        effective_members=entry["effective_members"],
    )


def record_painted(entry: dict[str, Any], painted: Painted, picture: str, start: str) -> None:
    """Note in a facet's entry how its painting ended."""
    entry["start"] = start
    entry["loss"] = {term: list(values) for term, values in painted.loss.items()}
    if painted.reason is None:
        entry["status"], entry["picture"] = "done", picture
    else:
        entry["status"], entry["reason"] = "failed", painted.reason


def failures(manifest: Manifest) -> list[str]:
    """One line per picture that failed: layer and facet or channel, or its objective and variant, and the reason."""
    named = []
    for layer in manifest.get("layers", []):
        named += [(f"{layer['layer']} facet {facet['index']}", facet) for facet in layer["facets"]]
        for one in layer.get("channel_pictures", []):
            name = f"{layer['layer']} channel {one['channel']}"
            named += [(name, one), *((f"{name} facet {facet['index']}", facet) for facet in one["facets"])]
    for one in manifest.get("pictures", []):
        variant = f" variant {one['variant']}" if "variant" in one else ""
        named.append((f"{one['objective']}{variant}", one))
    return [f"{name}: {entry.get('reason', '')}" for name, entry in named if entry["status"] == "failed"]


def picture_metadata(manifest: Manifest, layer: str) -> dict[str, str]:
    """What a picture's file says of itself."""
    model = manifest["model"]
    return {
        "Software": "mindseye",
        "mindseye:model": f"{model['name']} (weights: {model['weights']})",
        "mindseye:layer": layer,
        "mindseye:recipe": json.dumps(manifest["recipe"]),
        "mindseye:seed": str(manifest["seed"]),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a picture depends on, as far as installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def device_name(device: torch.device) -> str:
    """The device as people call it (``cuda: NVIDIA H200``, ``cpu``)."""
    if device.type == "cuda":
        return f"{device}: {torch.cuda.get_device_name(device)}"
    return str(device)

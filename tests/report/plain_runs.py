"""Finished runs over the same twelve photos of plain colours, whose facets hold the photos that a test says."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from mindseye.runs.schema import SCHEMA

PHOTOS = 12


def colour_of(network: int, facet: int) -> tuple[int, int, int]:
    """The colour of a facet's picture, which no other thing on the sheet has."""
    return (200 + network, 10 + facet, 90)


def photo(index: int) -> tuple[int, int, int]:
    return (30, 150 + index, 220)


def write_run(folder: Path, network: int, groups: Sequence[Sequence[int]], **changes: Any) -> Path:
    """A finished run over twelve photos of plain colours, its facets holding the photos of ``groups``."""
    photos = [folder.parent / "photos" / f"{index}.png" for index in range(PHOTOS)]
    for index, path in enumerate(photos):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 40), photo(index)).save(path)
    facets = []
    for index, group in enumerate(groups):
        picture = folder / f"pictures/{index}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 48), colour_of(network, index)).save(picture)
        members = [{"path": str(photos[member]), "index": member} for member in group]
        facets.append(
            {"index": index, "status": "done", "members": members, "picture": f"pictures/{index}.png", "size": 4}
        )
    manifest = {
        "schema": SCHEMA,
        "kind": "visualize",
        "status": "done",
        "seed": 0,
        "recipe": {"name": "distribution", "steps": 150},
        "model": {"name": f"network{network}", "weights": "ImageNet"},
        "images": {"root": str(photos[0].parent), "count": PHOTOS, "paths": [str(path) for path in photos]},
        "layers": [{"layer": "body.2", "kind": "Conv2d", "channels": 8, "grid": [7, 7], "facets": facets}],
        "clusters": {"layer": "body.2"},
    }
    (folder / "run.json").write_text(json.dumps(manifest | changes), "utf-8")
    return folder

"""What the page says of each photo: its facet, how far it lies from the facet's centre, and its strongest channels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mindseye.report.embedding import centres_of, read_embedding
from mindseye.report.manifest import clustered_layer
from mindseye.report.numbers import round_digits
from mindseye.report.page.activity import read_channel_means
from mindseye.runs.schema import Manifest

STRONGEST = 8


def photos_on_map(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """By number of the photo: ``facets``, ``distances`` to the centre in the embedding's unit, and ``strongest``, [channel,
    value] each, at the layer at place ``layer``; ``centres`` by facet, [x, y] in that unit. What the run does not know is left out.
    """
    if not manifest.layers:
        return {}
    return _distances(folder, clustered_layer(manifest).layer) | _strongest(folder, manifest)


def _distances(folder: Path, layer: str) -> dict[str, Any]:
    try:
        points, facet = read_embedding(folder, layer)
    except (
        Exception
    ):  # a missing or damaged file; safetensors raises its own type, which is not part of its stable interface
        return {}
    if points.ndim != 2 or facet.ndim != 1 or len(points) != len(facet):
        return {}
    distances: NDArray[np.float64] = np.full(len(points), np.nan)
    centres = centres_of(points, facet)
    for index, centre in centres.items():
        distances[facet == index] = np.linalg.norm(points[facet == index] - centre, axis=1)
    return {
        "facets": facet.tolist(),
        "distances": [round_digits(float(value)) for value in distances],
        "centres": {index: [round_digits(float(value)) for value in centre] for index, centre in centres.items()},
    }


def _strongest(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Of the channels that the run names at its deepest layer, those with the largest mean in each photo."""
    place = len(manifest.layers) - 1
    means = read_channel_means(folder, manifest.layers[place].layer)
    if means is None:
        return {}
    values = np.where(np.isfinite(means.values), means.values, -np.inf)
    order = np.argsort(-values, axis=1, kind="stable")[:, :STRONGEST]
    return {
        "layer": place,
        "strongest": [
            [[int(means.channels[at]), round_digits(float(row[at]))] for at in best if np.isfinite(row[at])]
            for row, best in zip(means.values, order.tolist(), strict=True)
        ],
    }

"""What run.json says of a layer's channels: their numbers, and the pictures of the most and the least entangled."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mindseye.facets.unit_facets import UnitFacets
from mindseye.measure.channels import ChannelNumbers
from mindseye.runs.folder import Manifest
from mindseye.runs.manifest import common, describe_facet

EXAMPLES = 9
MOST, LEAST = "most", "least"


def describe_channels(found: ChannelNumbers, facets: Mapping[int, int], seed: int) -> Manifest:
    """``entanglement``, ``channel_means`` and ``channel_stats`` of a ``layers`` entry.

    facets: in how many facets each channel is among the top-k.
    """
    entangled = found.measures["entanglement"]
    stats = [
        {"channel": int(channel), "facets": facets[int(channel)]}
        | {name: float(values[place]) for name, values in found.measures.items()}
        | {"null": float(found.null["entanglement"][place]), "p_value": float(found.p_value[place])}
        for place, channel in enumerate(found.channels)
    ]
    (mean, low, high), (null, null_low, null_high) = found.interval(seed), found.null_interval()
    return {
        "entanglement": {
            "mean": mean,
            "low": low,
            "high": high,
            "null": null,
            "null_low": null_low,
            "null_high": null_high,
            "channels": int(np.isfinite(entangled).sum()),
            "shuffles": len(found.null_means),
        },
        "channel_means": {
            name: {"mean": _mean(values), "null": _mean(found.null[name])} for name, values in found.measures.items()
        },
        "channel_stats": stats,
    }


def most_and_least(stats: Sequence[Mapping[str, Any]], count: int) -> list[tuple[int, str]]:
    """The ``count`` most entangled channels, most first, then as many of the least, least first, with which of both they are.

    The least are taken of the half of the channels that the facets explain best, and of several that are equally entangled the
    one that they explain better: a channel that tells nothing apart is not entangled either, but shows nothing. No channel
    comes twice, one without a number not at all.
    """
    known = [one for one in stats if np.isfinite(one["entanglement"])]
    ordered = sorted(known, key=lambda one: (one["entanglement"], -one["explained"], one["channel"]))
    most = [one["channel"] for one in ordered[::-1][:count]]
    half = np.median([one["explained"] for one in known]) if known else 0.0
    telling = [one["channel"] for one in ordered if one["explained"] >= half and one["channel"] not in most]
    return [*((channel, MOST) for channel in most), *((channel, LEAST) for channel in telling[:count])]


def describe_channel_picture(
    channel: int,
    which: str,
    values: torch.Tensor,
    excited: UnitFacets,
    paths: Sequence[str],
    labels: Sequence[str] | None,
) -> Manifest:
    """A ``channel_pictures`` entry before anything is painted.

    values: [photos], the channel's mean over positions in each. labels: of each photo, where it has any.
    """
    photos = [(index, float(values[index])) for index in excited.photos]
    none = torch.empty(0)
    facets = []
    for facet in excited.facets:
        own = [index for index, place in zip(excited.photos, excited.assignment, strict=True) if place == facet.index]
        entry = describe_facet(facet, paths, common(labels, own), none, none)
        for member in entry["members"]:
            member["activation"] = float(values[member["index"]])
        facets.append(entry | {"activation": float(values[own].mean())})
    return {
        "channel": channel,
        "which": which,
        "status": "todo",
        "picture": None,
        "start": None,
        "steps": [],
        "loss": {},
        "over_photos": {"mean": float(values.mean()), "deviation": float(values.std(correction=0))},
        "photos": len(photos),
        "examples": [{"path": paths[index], "activation": value} for index, value in photos[:EXAMPLES]],
        "silhouette": excited.silhouette,
        "silhouette_chance": excited.chance,
        "facets": facets,
    }


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")

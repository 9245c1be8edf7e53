"""What run.json says of a layer's channels: their numbers, and the pictures of the most and the least entangled."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
import torch

from mindseye.facets.unit_facets import UnitFacets
from mindseye.measure.channels import ChannelNumbers
from mindseye.runs.entries import common, describe_facet
from mindseye.runs.schema import (
    ChannelExample,
    ChannelPictureEntry,
    ChannelStats,
    Entanglement,
    LayerEntry,
    Number,
)

EXAMPLES = 9
MOST, LEAST = "most", "least"


def describe_channels(entry: LayerEntry, found: ChannelNumbers, facets: Mapping[int, int], seed: int) -> None:
    """Note ``entanglement``, ``channel_means`` and ``channel_stats`` in a ``layers`` entry.

    facets: in how many facets each channel is among the top-k.
    """
    entangled = found.measures["entanglement"]
    entry.channel_stats = [
        ChannelStats(
            channel=int(channel),
            facets=facets[int(channel)],
            null=float(found.null["entanglement"][place]),
            p_value=float(found.p_value[place]),
            z_score=float(found.z_score[place]),
            **{name: float(values[place]) for name, values in found.measures.items()},
        )
        for place, channel in enumerate(found.channels)
    ]
    entry.entanglement = Entanglement(
        *found.interval(seed),
        *found.null_interval(),
        channels=int(np.isfinite(entangled).sum()),
        shuffles=len(found.null_means),
    )
    entry.channel_means = {
        name: {"mean": _mean(values), "null": _mean(found.null[name])} for name, values in found.measures.items()
    }


def most_and_least(stats: Sequence[ChannelStats], count: int) -> list[tuple[int, str]]:
    """The ``count`` most entangled channels, most first, then as many of the least, least first, with which of both they are.

    The least are taken of the half of the channels that the facets explain best, and of several that are equally entangled the
    one that they explain better: a channel that tells nothing apart is not entangled either, but shows nothing. No channel
    comes twice, one without a number not at all.
    """
    known = [
        (channel.entanglement, -channel.explained, channel.channel)
        for channel in stats
        if is_number(channel.entanglement) and is_number(channel.explained)
    ]
    ordered = sorted(known)
    most = [channel for _, _, channel in ordered[::-1][:count]]
    half = np.median([-explained for _, explained, _ in known]) if known else 0.0
    telling = [channel for _, explained, channel in ordered if -explained >= half and channel not in most]
    return [*((channel, MOST) for channel in most), *((channel, LEAST) for channel in telling[:count])]


def describe_channel_picture(
    channel: int,
    which: str,
    values: torch.Tensor,
    excited: UnitFacets,
    paths: Sequence[str],
    labels: Sequence[str] | None,
) -> ChannelPictureEntry:
    """A ``channel_pictures`` entry before anything is painted.

    values: [photos], the channel's mean over positions in each. labels: of each photo, where it has any.
    """
    photos = [(index, float(values[index])) for index in excited.photos]
    none = torch.empty(0)
    facets = []
    for facet in excited.facets:
        own = [index for index, place in zip(excited.photos, excited.assignment, strict=True) if place == facet.index]
        entry = describe_facet(facet, paths, common(labels, own), none, none)
        for member in entry.members:
            member.activation = float(values[member.index])
        entry.activation = float(values[own].mean())
        facets.append(entry)
    return ChannelPictureEntry(
        channel=channel,
        which=which,
        over_photos={"mean": float(values.mean()), "deviation": float(values.std(correction=0))},
        photos=len(photos),
        examples=[ChannelExample(paths[index], value) for index, value in photos[:EXAMPLES]],
        silhouette=excited.silhouette,
        silhouette_chance=excited.chance,
        facets=facets,
    )


def is_number(value: Number) -> TypeGuard[float]:
    """Whether a measure has a value."""
    return value is not None and bool(np.isfinite(value))


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")

"""What each channel that a run names does in its photos: the mean over positions, photo by photo."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from mindseye.report.numbers import round_digits
from mindseye.runs.folder import FACETS

PHOTOS, BINS = 12, 24

ChannelContent = list[object]


@dataclass(frozen=True)
class ChannelMeans:
    """The channels that a run names at a layer, [K], and the mean over positions of each in each photo, [photos, K]."""

    channels: NDArray[np.int64]
    values: NDArray[np.float64]


def read_channel_means(folder: Path, layer: str) -> ChannelMeans | None:
    """The means that the run kept; None where it kept none, as runs did that were made before there were any."""
    names = [f"{layer}/named_channels", f"{layer}/named_means"]
    try:
        with safe_open(folder / FACETS, "numpy") as tensors:
            channels, values = (tensors.get_tensor(name) for name in names)
    except (
        Exception
    ):  # a missing or damaged file; safetensors raises its own type, which is not part of its stable interface
        return None
    if channels.ndim != 1 or values.ndim != 2 or values.shape[1] != len(channels):
        return None
    return ChannelMeans(np.asarray(channels, np.int64), np.asarray(values, np.float64))


def channel_activity(folder: Path, layer: str) -> dict[str, ChannelContent]:
    """Of every channel that the run names, by number: its mean over all photos, lowest and highest value, the counts of a
    histogram between these two, and the photos that it answers to most with their values.
    """
    means = read_channel_means(folder, layer)
    if means is None:
        return {}
    columns = zip(means.channels.tolist(), means.values.T, strict=True)
    return {str(channel): _activity(values) for channel, values in columns if np.isfinite(values).any()}


def _activity(values: NDArray[np.float64]) -> ChannelContent:
    known = values[np.isfinite(values)]
    low, high = float(known.min()), float(known.max())
    counts = np.histogram(known, BINS, (low, high))[0] if high > low else np.array([len(known)])
    order = np.argsort(np.where(np.isfinite(values), -values, np.inf), kind="stable")[: min(PHOTOS, len(known))]
    photos = [[photo, round_digits(float(values[photo]))] for photo in order.tolist()]
    return [round_digits(float(known.mean())), round_digits(low), round_digits(high), counts.tolist(), photos]

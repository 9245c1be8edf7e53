"""The spectrum of a channel over photos: those where it is least, slightly negative, slightly positive and greatest.

Optimised pictures show what excites a channel; photos from all along its range show what else it answers to, and what it
tells apart (Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017, section "Dataset examples").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.extremes import Extremes
from mindseye.measure.neighbourhood import percentile_rank

Rule = Literal["zero", "quartiles"]
Score = Literal["minimum", "mean", "maximum"]

SCORES: dict[str, Score] = {
    "minimum": "minimum",
    "slightly negative": "mean",
    "slightly positive": "mean",
    "maximum": "maximum",
}
"""The groups, and which value over positions the photos of each are scored by."""
EACH = 9
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True)
class Pick:
    """One photo of a group, by index. score: the channel's least, mean or greatest value over its positions.

    position: the index of the position with that value, or nearest to the mean. percentile: the share, in [0, 1], of all
    photos of which the same score is lower; equal ones count half.
    """

    photo: int
    score: float
    position: int
    percentile: float


@dataclass(frozen=True)
class Spectrum:
    """The four groups by name, as in ``SCORES``, the most telling photo first. rule: how the two in the middle were found."""

    rule: Rule
    groups: dict[str, list[Pick]]


def spectrum(extremes: Extremes, each: int = EACH) -> Spectrum:
    """Four groups of photos along a channel's range, with as many in each: ``each``, or a quarter of the photos if fewer.

    - *maximum*: the photos with the greatest maximum over positions. *minimum*: those with the least minimum; behind a
      ReLU, where it is 0 in most photos, those of them with the least mean.
    - Rule ``zero``: *slightly negative* are the photos whose mean over positions is below zero and nearest to it, *slightly
      positive* those whose mean is above zero and nearest to it. (The extremes would not do: with many positions, every
      photo has a value far above zero somewhere, and one far below.)
    - Rule ``quartiles``, where either of these two would not be full, as behind a ReLU, where no mean is negative: in the
      order of their means, *slightly negative* are the photos nearest to the lower quartile and below the median, *slightly
      positive* those nearest to the upper quartile and above it.

    No photo is in one group twice, nor in both groups of the middle; the one with the least minimum may well have the
    greatest maximum too. Photos with the same score stand in the order of their means, then of their index.

    Raises:
        UserError: if there are fewer than four photos.
    """
    count = len(extremes.mean)
    if count < len(SCORES):
        raise UserError(f"examples want at least {len(SCORES)} photos, one for each group, not {count}")
    size = min(each, count // len(SCORES))
    least, means, greatest = (
        _rising(values, extremes.mean) for values in (extremes.lowest, extremes.mean, extremes.highest)
    )
    below = [photo for photo in reversed(means) if extremes.mean[photo] < 0][:size]
    above = [photo for photo in means if extremes.mean[photo] > 0][:size]
    rule: Rule = "zero" if len(below) == len(above) == size else "quartiles"
    if rule == "quartiles":
        below = [means[rank] for rank in _nearest(range(count // 2), (count - 1) / 4)[:size]]
        above = [means[rank] for rank in _nearest(range((count + 1) // 2, count), 3 * (count - 1) / 4)[:size]]
    chosen = (least[:size], below, above, greatest[: -size - 1 : -1])
    groups = zip(SCORES.items(), chosen, strict=True)
    return Spectrum(rule, {name: _picks(extremes, score, photos) for (name, score), photos in groups})


def over_photos(extremes: Extremes) -> dict[str, Any]:
    """A channel over a whole folder: its mean over photos and positions, and quantiles over the photos.

    ``quantiles`` holds, for the least value over positions, the mean and the greatest value, {quantile: value}.
    """
    parts = {"minimum": extremes.lowest, "mean": extremes.mean, "maximum": extremes.highest}
    return {
        "mean": float(extremes.mean.double().mean()),
        "quantiles": {
            name: {f"{part:g}": float(np.quantile(values.double().numpy(), part)) for part in QUANTILES}
            for name, values in parts.items()
        },
    }


def _rising(values: Tensor, mean: Tensor) -> list[int]:
    """Photos from the least value to the greatest."""
    ranked: list[int] = np.lexsort((mean.numpy(), values.numpy())).tolist()
    return ranked


def _nearest(ranks: Iterable[int], rank_sought: float) -> list[int]:
    return sorted(ranks, key=lambda rank: abs(rank - rank_sought))


def _picks(extremes: Extremes, score: Score, photos: list[int]) -> list[Pick]:
    values, at = {
        "minimum": (extremes.lowest, extremes.lowest_at),
        "mean": (extremes.mean, extremes.mean_at),
        "maximum": (extremes.highest, extremes.highest_at),
    }[score]
    ranks = percentile_rank(values[photos], values)
    return [
        Pick(photo, float(values[photo]), int(at[photo]), float(rank))
        for photo, rank in zip(photos, ranks, strict=True)
    ]

"""The channels of a layer over the photos and facets of a run: what each one's numbers are, how steady, and against chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mindseye.facets.stability import SHARE, shuffle_channels
from mindseye.measure.entanglement import agreement, entanglement_measures, facet_distances, preference
from mindseye.measure.intervals import Interval, bootstrap_interval
from mindseye.measure.selectivity import Floats, Numbers, class_selectivity, selectivity, varies

SHUFFLES = 100
SUBSAMPLES = 10
STEADINESS_SHUFFLES = 10
"""Of the shuffles these few are split into subsamples: each costs as much as ten others."""
MEASURES = ("entanglement", "selectivity", "spread", "explained", "meanings")
"""In the order in which run.json has them."""
NULL_BOUNDS = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class ChannelNumbers:
    """What is measured of a layer's channels.

    channels: [k], their numbers in the layer. measures: {name: [k]}, NaN where a channel has none: ``entanglement``,
    ``selectivity``, ``spread``, ``explained``, ``meanings``, ``stability`` and, with labels, ``class_selectivity``.
    null: the same for channels that are shuffled over the photos, each channel's mean over the shuffles.
    p_value: [k], the share of shuffles in which a channel's entanglement is as large, counting the channel itself as one
    (Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010): 1/101 at least.
    z_score: [k], by how many standard deviations of its shuffles a channel's entanglement lies above their mean: it still tells
    channels apart whose p_value is the least that so many shuffles allow. NaN where no shuffle differs from another.
    null_means: [shuffles], the mean entanglement over channels in each.
    """

    channels: NDArray[np.int64]
    measures: Mapping[str, Floats]
    null: Mapping[str, Floats]
    p_value: Floats
    z_score: Floats
    null_means: Floats = field(repr=False)

    def interval(self, seed: int) -> Interval:
        """Mean entanglement over the channels that have one, with its 95 % bootstrap interval.

        It says how the mean would vary with other channels of the kind, not with other photos. NaN where no channel has one.
        """
        return bootstrap_interval(self.measures["entanglement"], seed)

    def null_interval(self) -> Interval:
        """Mean over channels and shuffles, and the bounds that 95 % of the shuffles' means keep; NaN where there is none."""
        if np.isnan(self.null_means).all():
            return Interval(np.nan, np.nan, np.nan)
        low, high = np.percentile(self.null_means, NULL_BOUNDS)
        return Interval(float(self.null_means.mean()), float(low), float(high))


def channel_numbers(
    values: Floats,
    channels: Sequence[int],
    facets: Numbers,
    features: Floats,
    labels: Numbers | None,
    seed: int,
    shuffles: int = SHUFFLES,
) -> ChannelNumbers:
    """Measure some channels of a layer, and the same shuffled.

    Args:
        values: [photos, all channels], the mean over positions of the layer's activations; finite.
        channels: which of them.
        facets: [photos], from 0 without gaps.
        features: [photos, D], those of a deeper layer, in which facets are near or far.
        labels: [photos], a number for each photo's class, below 0 for none; None where there are no classes.
        seed: of shuffles, subsamples and the interval.
        shuffles: how many, each of every channel on its own.
    """
    means = np.asarray(values, dtype=np.float64)[:, list(channels)]
    distances = facet_distances(np.asarray(features, dtype=np.float64), facets)
    measures = _measures(means, facets, distances, labels) | {"stability": stability(means, facets, seed)}
    chance: dict[str, list[Floats]] = {name: [] for name in measures}
    for number in range(shuffles):
        shuffled = np.asarray(shuffle_channels(means, [seed, number]), dtype=np.float64)
        null_measures = _measures(shuffled, facets, distances, labels)
        if number < STEADINESS_SHUFFLES:
            null_measures["stability"] = stability(shuffled, facets, seed)
        for name, numbers in null_measures.items():
            chance[name].append(numbers)
    entangled = np.stack(chance["entanglement"])
    as_large = (entangled >= measures["entanglement"]).sum(axis=0)
    alive = ~np.isnan(measures["entanglement"])
    return ChannelNumbers(
        channels=np.asarray(channels, dtype=np.int64),
        measures=measures,
        null={name: np.stack(rows).mean(axis=0) for name, rows in chance.items()},
        p_value=np.where(alive, (1 + as_large) / (1 + shuffles), np.nan),
        z_score=_standardised(measures["entanglement"], entangled),
        null_means=entangled[:, alive].mean(axis=1) if alive.any() else np.full(shuffles, np.nan),
    )


def _standardised(values: Floats, shuffled: Floats) -> Floats:
    """values: [channels]. shuffled: [shuffles, channels], the same by chance."""
    if len(shuffled) < 2:
        return np.full(len(values), np.nan)
    spread = shuffled.std(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.asarray((values - shuffled.mean(axis=0)) / spread)
    return np.where(spread > 0, scores, np.nan)


def stability(values: Floats, facets: Numbers, seed: int, share: float = SHARE, subsamples: int = SUBSAMPLES) -> Floats:
    """Whether a channel prefers the same facets when photos are left out, [channels] in [0, 1]; 1 where nothing changes.

    Mean ``agreement`` of its preferences over all pairs of ten random subsamples, each 80 % of every facet's photos (one at
    least). Two subsamples share most of their photos, so that a shuffled channel is fairly steady, too: compare the null.
    The facets themselves stay; how steady those are, ``mindseye.facets.stability`` says. NaN for a constant channel, and for
    a single facet.
    """
    draw = np.random.default_rng(seed)
    groups = [np.flatnonzero(facets == facet) for facet in range(facets.max() + 1)]
    preferences = []
    for _ in range(subsamples):
        photos = np.concatenate([_part(draw, group, share) for group in groups])
        preferences.append(preference(values[photos], facets[photos]))
    steady = np.mean([agreement(*pair) for pair in combinations(preferences, 2)], axis=0)
    return np.where(varies(values) & (len(groups) > 1), steady, np.nan)


def facet_counts(channels: Sequence[Sequence[int]]) -> dict[int, int]:
    """In how many facets each channel is among the top-k, most first, then by number. channels: per facet its top-k."""
    counts: dict[int, int] = {}
    for row in channels:
        for channel in set(row):
            counts[channel] = counts.get(channel, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def shared_by_chance(
    values: Floats, facets: Numbers, k: int, seed: int, shuffles: int = SUBSAMPLES
) -> tuple[float, float]:
    """Mean number of facets in which a channel of any top-k is, by the facets' means: (as it is, shuffled).

    values: [photos, all channels]. A shuffled channel has the same mean in every facet but for chance, so the same k channels,
    those that are large everywhere, are the top-k of nearly all facets: the null is near the number of facets.
    """
    rows = [values, *(shuffle_channels(values, [seed, number]) for number in range(shuffles))]
    counts = [_mean_count(np.asarray(row, dtype=np.float64), facets, k) for row in rows]
    return counts[0], float(np.mean(counts[1:]))


def _mean_count(values: Floats, facets: Numbers, k: int) -> float:
    means = np.stack([values[facets == facet].mean(axis=0) for facet in range(facets.max() + 1)])
    top = np.argsort(-means, axis=1, kind="stable")[:, :k]
    return float(np.mean(list(facet_counts(top.tolist()).values())))


def _measures(values: Floats, facets: Numbers, distances: Floats, labels: Numbers | None) -> dict[str, Floats]:
    by_name = entanglement_measures(values, facets, distances) | {"selectivity": selectivity(values, facets)}
    measures = {name: by_name[name] for name in MEASURES}
    return measures if labels is None else measures | {"class_selectivity": class_selectivity(values, labels)}


def _part(draw: np.random.Generator, group: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """A random share of some photos, in order."""
    return np.sort(draw.permutation(group)[: max(1, round(share * len(group)))])

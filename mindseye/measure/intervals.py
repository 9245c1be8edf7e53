"""How sure is a mean over facets? Confidence intervals by resampling, and for shares.

Values that are NaN (a measure that does not exist for a facet) are left out. With fewer than about ten values a
bootstrap interval is too narrow: it knows only the spread that it has seen.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mindseye.errors import UserError

RESAMPLES = 10_000
# Draws held at once: 2^22 indices are 32 MiB.
_DRAWS_AT_ONCE = 2**22


class Interval(NamedTuple):
    """A mean with the bounds of its confidence interval; NaN bounds where there is too little to tell."""

    mean: float
    low: float
    high: float


def bootstrap_interval(
    values: ArrayLike, seed: int, level: float = 0.95, groups: Sequence[object] | None = None
) -> Interval:
    """Mean of values [n] and its percentile bootstrap interval, from 10000 resamples.

    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3. Facets of one folder are not
    independent: where `groups` names each value's folder, whole folders are drawn (the cluster bootstrap; Davison and
    Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8), and the mean stays that over all values.
    Fewer than two values, or groups, give NaN bounds; no value at all gives a NaN mean too.
    """
    if not 0 < level < 1:
        raise UserError(f"confidence level {level}: give a number between 0 and 1")
    numbers = np.asarray(values, dtype=np.float64).reshape(-1)
    if groups is not None and len(groups) != len(numbers):
        raise UserError(f"{len(numbers)} values and {len(groups)} groups: give one group per value")
    kept = ~np.isnan(numbers)
    if not kept.any():
        return Interval(np.nan, np.nan, np.nan)
    sums, counts = _group(numbers, kept, groups)
    mean = float(numbers[kept].mean())
    if len(sums) < 2:
        return Interval(mean, np.nan, np.nan)
    from scipy.stats import bootstrap  # takes half a second

    resampled = bootstrap(
        (sums, counts),
        _weighted_mean,
        n_resamples=RESAMPLES,
        batch=max(1, _DRAWS_AT_ONCE // len(sums)),
        vectorized=True,
        paired=True,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    low, high = resampled.confidence_interval
    return Interval(mean, float(low), float(high))


def paired_interval(
    a: ArrayLike, b: ArrayLike, seed: int, level: float = 0.95, groups: Sequence[object] | None = None
) -> Interval:
    """Mean of a - b, both [n] and of the same facets in the same order, and its bootstrap interval over the pairs.

    Above 0 throughout: a is larger, at that level. A pair with a NaN in it is left out.
    """
    first, second = (np.asarray(side, dtype=np.float64).reshape(-1) for side in (a, b))
    if first.shape != second.shape:
        raise UserError(f"{len(first)} values paired with {len(second)}: give one pair per facet")
    return bootstrap_interval(first - second, seed, level, groups)


def wilson_interval(successes: float, trials: int, level: float = 0.95) -> Interval:
    """Share of successes among trials and its score interval (Wilson, JASA 22, 1927), within [0, 1].

    For top-1 and the like, where resampling gives an interval of no width as soon as all succeed or all fail. Not by
    ``scipy.stats.binomtest``, which takes whole numbers of successes only: a painting of which half of the copies are
    named counts as half a success. For whole numbers the two agree (tests/measure/test_intervals.py).
    """
    if not 0 < level < 1:
        raise UserError(f"confidence level {level}: give a number between 0 and 1")
    if not 0 <= successes <= trials:
        raise UserError(f"{successes} successes in {trials} trials: give a number from 0 to {trials}")
    if trials == 0:
        return Interval(np.nan, np.nan, np.nan)
    share = successes / trials
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * float(np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def _group(
    numbers: NDArray[np.float64], kept: NDArray[np.bool_], groups: Sequence[object] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and count of the kept values of each group that has any; without groups each value is one."""
    if groups is None:
        return numbers[kept], np.ones(int(kept.sum()))
    place: dict[object, int] = {}
    codes = np.array([place.setdefault(group, len(place)) for group, keep in zip(groups, kept, strict=True) if keep])
    return np.bincount(codes, weights=numbers[kept]).astype(np.float64), np.bincount(codes).astype(np.float64)


def _weighted_mean(sums: NDArray[np.float64], counts: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """The mean over all values of some groups, from the sum and the count of each."""
    means: NDArray[np.float64] = sums.sum(axis) / counts.sum(axis)
    return means

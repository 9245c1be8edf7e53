"""Confidence intervals, against scipy, the normal approximation and their own promises."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap

from mindseye.errors import UserError
from mindseye.measure.intervals import bootstrap_interval, paired_interval, wilson_interval


def normal(count: int, seed: int = 0) -> np.ndarray:
    """Seeded normal values around 2."""
    return np.random.default_rng(seed).normal(2.0, 1.0, count)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_bootstrap_against_scipy(level: float) -> None:
    """The percentile interval of scipy's bootstrap of the plain mean with other draws, on a skewed sample."""
    values = normal(30) ** 2
    found = bootstrap_interval(values, seed=1, level=level)
    theirs = bootstrap((values,), np.mean, confidence_level=level, method="percentile", rng=2, n_resamples=9999)
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(theirs.confidence_interval.low, abs=0.05 * width)
    assert found.high == pytest.approx(theirs.confidence_interval.high, abs=0.05 * width)


def test_bootstrap_of_many_values_is_the_normal_interval() -> None:
    """For many values mean +- 1.96 standard errors."""
    values = normal(400)
    half = 1.96 * values.std() / math.sqrt(len(values))
    found = bootstrap_interval(values, seed=0)
    assert found.low == pytest.approx(values.mean() - half, abs=0.05 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.05 * half)


def test_the_same_seed_gives_the_same_interval() -> None:
    """Reproducible by seed, and another seed draws otherwise."""
    values = normal(12)
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert bootstrap_interval(values, seed=3).low != bootstrap_interval(values, seed=4).low


def test_missing_values_are_left_out() -> None:
    """NaN is no facet; one value has a mean and no interval; none has neither."""
    values = normal(10)
    assert bootstrap_interval([*values, np.nan], seed=0) == bootstrap_interval(values, seed=0)
    one = bootstrap_interval([0.5, np.nan], seed=0)
    assert one.mean == 0.5
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert math.isnan(bootstrap_interval([], seed=0).mean)


def test_groups_are_drawn_whole() -> None:
    """Facets that repeat their folder's value add nothing: as wide as with one per folder, not as if independent."""
    folders = normal(20)
    values, groups = np.repeat(folders, 4), np.repeat(np.arange(20), 4).tolist()
    grouped, single, blind = (
        bootstrap_interval(values, 0, groups=groups),
        bootstrap_interval(folders, 0),
        bootstrap_interval(values, 0),
    )
    assert grouped == pytest.approx(single)
    assert blind.high - blind.low == pytest.approx((single.high - single.low) / 2, rel=0.1)


def test_groups_of_unequal_size_weigh_by_their_values() -> None:
    """The mean is over all values, a missing one leaves only itself out, and one group alone has no interval."""
    found = bootstrap_interval([1.0, 1.0, 1.0, 5.0, np.nan], 0, groups=["a", "a", "a", "b", "b"])
    assert found == (2.0, 1.0, 5.0)
    alone = bootstrap_interval([1.0, 2.0], 0, groups=["a", "a"])
    assert alone.mean == 1.5
    assert math.isnan(alone.low)
    with pytest.raises(UserError, match="one group per value"):
        bootstrap_interval([1.0, 2.0], 0, groups=["a"])


def test_pairs_take_out_what_they_share() -> None:
    """A small constant gain over values that vary much is sure in pairs; a missing partner leaves the pair out."""
    before = 10 * normal(25)
    after = before + 0.3 + 0.1 * normal(25, seed=1)
    gain = paired_interval(after, before, seed=0)
    assert gain == bootstrap_interval(after - before, seed=0)
    assert gain.low > 0.3
    assert bootstrap_interval(after, 0).low < before.mean()
    partial = paired_interval([*after, 1.0], [*before, np.nan], seed=0)
    assert partial == gain
    with pytest.raises(UserError, match="one pair per facet"):
        paired_interval(after, before[1:], seed=0)


@pytest.mark.parametrize(("successes", "trials"), [(0, 8), (3, 8), (8, 8), (7, 10), (90, 120)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_against_scipy(successes: int, trials: int, level: float) -> None:
    """scipy's score interval, at the ends too."""
    theirs = binomtest(successes, trials).proportion_ci(level, method="wilson")
    found = wilson_interval(successes, trials, level)
    assert found == pytest.approx((successes / trials, theirs.low, theirs.high), abs=1e-12)


def test_intervals_that_make_no_sense() -> None:
    """No trial has no share; more successes than trials and a level of 1 are refused."""
    assert all(math.isnan(value) for value in wilson_interval(0, 0))
    with pytest.raises(UserError, match="from 0 to 3"):
        wilson_interval(4, 3)
    with pytest.raises(UserError, match="between 0 and 1"):
        wilson_interval(1, 3, level=1.0)
    with pytest.raises(UserError, match="between 0 and 1"):
        bootstrap_interval([1.0, 2.0], 0, level=95)

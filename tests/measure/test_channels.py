"""A layer's channels against chance: planted entanglement stands out, shuffled channels give what theory says."""

import numpy as np
import pytest

from mindseye.facets.stability import shuffle_channels
from mindseye.measure.channels import channel_numbers, facet_counts, shared_by_chance, stability
from mindseye.measure.entanglement import entanglement_measures, facet_distances

FACETS = np.arange(60) % 4


@pytest.fixture
def features():
    return 3 * np.eye(4)[FACETS] + 0.5 * np.random.default_rng(1).normal(size=(60, 4))


@pytest.fixture
def values():
    """Two pure channels, one that sums two concepts, one that fires at random, a dead one; and a sixth not asked for."""
    concepts = np.eye(4)[FACETS]
    noise = np.abs(np.random.default_rng(2).normal(size=(60, 6))) * 0.3
    planted = np.stack(
        [concepts[:, 0], concepts[:, 1], concepts[:, 0] + concepts[:, 2], 0 * FACETS, 0 * FACETS, 9.0 * FACETS], axis=1
    )
    return np.where(np.arange(6) == 4, 0.0, planted + noise)


def test_the_planted_channel_stands_out(values, features):
    """It alone is far above its null; the pure ones are below it, and the aimless one at it."""
    found = channel_numbers(values, [0, 1, 2, 3, 4], FACETS, features, FACETS, seed=0)
    entangled, null = found.measures["entanglement"], found.null["entanglement"]
    assert np.nanargmax(entangled) == 2
    assert entangled[2] > 10 * null[2]
    assert found.p_value[2] == pytest.approx(1 / 101)
    assert max(entangled[:2]) < 0.01
    assert found.p_value[3] > 0.05
    assert found.z_score[2] > 5
    assert abs(found.z_score[3]) < 3
    assert np.isnan(found.z_score[4])
    assert np.isnan(entangled[4])
    assert np.isnan(found.p_value[4])
    assert found.measures["meanings"][2] == pytest.approx(1.85, abs=0.15)
    assert (
        found.measures["class_selectivity"][0]
        > found.measures["class_selectivity"][2]
        > found.null["class_selectivity"][2]
    )
    assert found.interval(0).mean == pytest.approx(np.nanmean(entangled))
    low, high = found.null_interval()[1:]
    assert low < found.null_interval().mean < high < found.interval(0).mean


def test_the_z_score_is_that_of_the_shuffles(values, features):
    """By the definition, from the same shuffles drawn once more."""
    channels = [0, 2, 3]
    found = channel_numbers(values, channels, FACETS, features, None, seed=4, shuffles=40)
    distances = facet_distances(features, FACETS)
    shuffled = [shuffle_channels(values[:, channels], [4, number]) for number in range(40)]
    chance = np.stack([entanglement_measures(rows, FACETS, distances)["entanglement"] for rows in shuffled])
    expected = (found.measures["entanglement"] - chance.mean(0)) / chance.std(0, ddof=1)
    np.testing.assert_allclose(found.z_score, expected, rtol=1e-9)
    assert np.isnan(channel_numbers(values, channels, FACETS, features, None, seed=4, shuffles=1).z_score).all()


def test_the_null_of_what_is_explained_has_a_closed_form(values, features):
    """Over shuffles, eta squared is (F - 1) / (N - 1) on average; the dead channel has none."""
    found = channel_numbers(values, range(6), FACETS, features, None, seed=0, shuffles=1000)
    np.testing.assert_allclose(found.null["explained"][[0, 1, 2, 3, 5]], 3 / 59, rtol=0.08)
    assert np.isnan(found.null["explained"][4])
    assert "class_selectivity" not in found.measures


def test_shuffled_channels_lie_in_their_own_null(values, features):
    """Channels without any bond to the photos: their mean is within the bounds of the null, and p is spread evenly."""
    aimless = np.random.default_rng(3).gamma(1.0, size=(60, 150))
    found = channel_numbers(aimless, range(150), FACETS, features, None, seed=0)
    assert found.interval(0).mean == pytest.approx(found.null_interval().mean, rel=0.25)
    assert found.null_interval().mean < 3 / 59
    assert 0.4 < (found.p_value > 0.5).mean() < 0.65  # those that prefer one facet have 1
    assert found.measures["stability"].mean() == pytest.approx(found.null["stability"].mean(), abs=0.05)


def test_the_same_seed_gives_the_same_numbers_and_scale_none_other(values, features):
    first = channel_numbers(values, [2, 0], FACETS, features, None, seed=4, shuffles=5)
    again = channel_numbers(64 * values, [2, 0], FACETS, features, None, seed=4, shuffles=5)
    for name, numbers in first.measures.items():
        np.testing.assert_allclose(again.measures[name], numbers)
        np.testing.assert_allclose(again.null[name], first.null[name])


def test_without_enough_facets_there_is_nothing_to_tell(values, features):
    found = channel_numbers(values, [0, 2], FACETS // 2, features, None, seed=0, shuffles=3)
    assert np.isnan(found.measures["entanglement"]).all()
    assert np.isnan(found.interval(0).mean)
    assert np.isnan(found.null_interval().mean)


def test_stability_of_identical_subsamples_is_one(values):
    """All photos in each subsample; and of what a facet's photos agree on, however few are left."""
    steady = stability(values, FACETS, seed=0, share=1.0)
    assert steady[[0, 1, 2, 3, 5]] == pytest.approx([1] * 5)
    assert np.isnan(steady[4])
    same = np.array([1.0, 3.0, 0.0, 2.0])[FACETS][:, None]
    assert stability(same, FACETS, seed=0, share=0.1) == pytest.approx([1])
    aimless = np.random.default_rng(3).normal(size=(60, 50))
    assert 0.5 < stability(aimless, FACETS, seed=0).mean() < 0.85
    assert np.isnan(stability(values, FACETS * 0, seed=0)).all()


def test_counting_facets():
    assert facet_counts([[3, 1], [1, 2], [1, 3]]) == {1: 3, 3: 2, 2: 1}
    assert list(facet_counts([[3, 1], [1, 2]])) == [1, 2, 3]


def test_shared_by_chance(values):
    """Each facet has its own channel as it is; shuffled, those that are large everywhere serve all facets."""
    pure = np.eye(4)[FACETS] + [0.0, 0.1, 0.2, 0.3]
    found, chance = shared_by_chance(pure, FACETS, 1, seed=0)
    assert found == 1
    assert chance > 1.2
    assert shared_by_chance(pure, FACETS, 4, seed=0) == (4, 4)

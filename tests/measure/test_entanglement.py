"""Entanglement, its parts and its ends: slow definitions, closed forms, and channels made to be one thing or another."""

from itertools import product

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances

from mindseye.measure.entanglement import (
    agreement,
    entanglement,
    facet_distances,
    meanings,
    preference,
    quadratic_entropy,
    spread,
)
from mindseye.measure.selectivity import explained_variance

FACETS = np.repeat([0, 1, 2, 3], [6, 9, 4, 11])
APART = 1.0 - np.eye(4)
"""Facets with nothing in common."""


def constant(rows):
    """A channel with one value per facet."""
    return np.array(rows, dtype=float)[FACETS][:, None]


def noisy(channels=5, seed=0):
    return np.random.default_rng(seed).normal(size=(len(FACETS), channels)) + 0.5 * (FACETS[:, None] % 3)


def some_features(seed=0):
    draw = np.random.default_rng(seed)
    return 2 * np.eye(4)[FACETS] @ draw.normal(size=(4, 10)) + draw.normal(size=(len(FACETS), 10))


def test_distances_by_a_loop_over_all_pairs():
    features = some_features()
    far = cosine_distances(features)
    found = facet_distances(features, FACETS)
    within = [
        np.mean([far[i, j] for i, j in product(group, group) if i != j])
        for group in (np.flatnonzero(facet == FACETS) for facet in range(4))
    ]
    for f, g in product(range(4), repeat=2):
        between = far[np.ix_(f == FACETS, g == FACETS)].mean()
        wanted = 0.0 if f == g else max(0.0, 1 - (within[f] + within[g]) / (2 * between))
        assert found[f, g] == pytest.approx(wanted)


def test_distances_at_their_ends():
    """Points on axes of their own are wholly apart; facets drawn from one cloud are nearly one; the same photos are one."""
    axes = np.eye(4)[FACETS]
    np.testing.assert_allclose(facet_distances(axes, FACETS), APART)
    cloud = np.random.default_rng(0).normal(size=(400, 30)) + 1
    assert facet_distances(cloud, np.arange(400) % 4).max() < 0.01
    assert facet_distances(np.ones((len(FACETS), 3)), FACETS).max() == 0
    assert facet_distances(np.zeros((len(FACETS), 3)), FACETS).max() == 0


def test_a_facet_of_one_photo_is_as_wide_as_the_others():
    """It has no distance within; two such facets have none to borrow."""
    features = some_features()[:11]
    facets = np.array([0] * 5 + [1] * 5 + [2])
    found, far = facet_distances(features, facets), cosine_distances(features)
    widths = [far[:5, :5].sum() / 20, far[5:10, 5:10].sum() / 20]
    wide = np.mean(widths)
    assert found[0, 2] == pytest.approx(max(0, 1 - (widths[0] + wide) / (2 * far[:5, 10].mean())))
    assert facet_distances(np.eye(2), np.arange(2))[0, 1] == 1


def test_preference_is_what_exceeds_the_mean_over_facets():
    assert preference(constant([4, 0, 0, 0]), FACETS)[:, 0] == pytest.approx([1, 0, 0, 0])
    assert preference(constant([4, 4, 0, 0]), FACETS)[:, 0] == pytest.approx([0.5, 0.5, 0, 0])
    assert preference(constant([-1, -2, -7, -2]), FACETS)[:, 0] == pytest.approx([1 / 2, 1 / 4, 0, 1 / 4])
    assert (preference(constant([1, 1, 1, 1]), FACETS) == 0).all()


@pytest.mark.parametrize(("many", "wanted"), [(1, 0.0), (2, 1 / 2), (3, 2 / 3)])
def test_pure_and_entangled_channels(many, wanted):
    """A channel that sums m concepts of four that have nothing in common: 1 - 1/m, and m meanings."""
    channel = constant([1.0] * many + [0.0] * (4 - many))
    assert entanglement(channel, FACETS, APART) == pytest.approx([wanted])
    assert meanings(channel, FACETS, APART) == pytest.approx([many])
    assert spread(channel, FACETS, APART) == pytest.approx([float(many > 1)])


def test_one_meaning_shown_in_two_facets_is_not_entanglement():
    """The same two preferred facets: of one meaning, half way, and of two."""
    channel = constant([1, 1, 0, 0])
    for far in (0.0, 0.5, 1.0):
        distances = APART.copy()
        distances[0, 1] = distances[1, 0] = far
        assert entanglement(channel, FACETS, distances) == pytest.approx([far / 2])
        assert spread(channel, FACETS, distances) == pytest.approx([far])


def test_what_answers_to_everything_alike_is_not_entangled():
    """Noise on a high level tells nothing apart, however far the facets lie."""
    aimless = 10 + np.random.default_rng(0).normal(size=(len(FACETS), 200))
    found = entanglement(aimless, FACETS, APART)
    assert found.mean() < 0.1
    assert quadratic_entropy(preference(aimless, FACETS), APART).mean() > 0.2


def test_entanglement_by_its_definition():
    values, distances = noisy(), facet_distances(some_features(), FACETS)
    for channel, found in enumerate(entanglement(values, FACETS, distances)):
        means = [values[facet == FACETS, channel].mean() for facet in range(4)]
        above = [max(0, mean - np.mean(means)) for mean in means]
        q = [one / sum(above) for one in above]
        rao = sum(q[f] * q[g] * distances[f, g] for f, g in product(range(4), repeat=2))
        pairs = sum(q[f] * q[g] for f, g in product(range(4), repeat=2) if f != g)
        assert found == pytest.approx(explained_variance(values, FACETS)[channel] * rao)
        assert meanings(values, FACETS, distances)[channel] == pytest.approx(1 / (1 - rao))
        assert spread(values, FACETS, distances)[channel] == pytest.approx(rao / pairs if pairs else 0)


def test_units_offsets_and_numbering_do_not_matter():
    values, features, names = noisy(), some_features(), np.array([2, 0, 3, 1])
    plain = entanglement(values, FACETS, facet_distances(features, FACETS))
    assert (plain > 0).any()
    np.testing.assert_allclose(entanglement(300 * values - 40, FACETS, facet_distances(features * 7, FACETS)), plain)
    renamed = names[FACETS]
    np.testing.assert_allclose(entanglement(values, renamed, facet_distances(features, renamed)), plain)


def test_what_has_no_number():
    """Dead channels, and fewer than three facets: whoever prefers one of two does not prefer the other."""
    dead = np.full((len(FACETS), 1), 2.0)
    for measure in (entanglement, meanings, spread):
        assert np.isnan(measure(dead, FACETS, APART)).all()
    for facets in (FACETS // 2, FACETS * 0):
        count = facets.max() + 1
        distances = 1.0 - np.eye(count)
        assert np.isnan(entanglement(noisy(), facets, distances)).all()
        assert np.isnan(meanings(noisy(), facets, distances)).all()
    assert np.isnan(spread(noisy(), FACETS * 0, np.zeros((1, 1)))).all()


def test_agreement_of_preferences():
    first, second = np.array([[1.0, 0.5], [0.0, 0.5]]), np.array([[0.0, 0.25], [1.0, 0.75]])
    assert agreement(first, first).tolist() == [1, 1]
    assert agreement(first, second).tolist() == [0, 0.75]

"""Selectivity over facets and classes, and the share of variance that facets explain: closed forms, slow definitions, SciPy."""

import math

import numpy as np
import pytest
from scipy.stats import entropy, f_oneway

from mindseye.measure.selectivity import class_selectivity, explained_variance, facet_means, selectivity

FACETS = np.repeat([0, 1, 2, 3], [6, 9, 4, 11])


def noisy(channels=7, seed=0, signed=True):
    values = np.random.default_rng(seed).normal(size=(len(FACETS), channels)) + 0.3 * FACETS[:, None]
    return values if signed else np.abs(values)


def constant(rows):
    """A channel with one value per facet."""
    return np.array(rows, dtype=float)[FACETS][:, None]


def test_selectivity_of_even_shares_has_a_closed_form():
    """Alike in m of four facets and silent in the others: 1 - log m / log 4."""
    for m in (1, 2, 3):
        found = selectivity(constant([1.0] * m + [0.0] * (4 - m)), FACETS)
        assert found == pytest.approx([1 - math.log(m) / math.log(4)])
    steady = np.random.default_rng(0).permutation(len(FACETS)) / 1e4 + 5  # nearly alike everywhere
    assert selectivity(steady[:, None], FACETS) == pytest.approx([0], abs=1e-6)


def test_selectivity_is_one_minus_scipys_entropy_of_the_rectified_means():
    values = noisy()
    for channel, found in enumerate(selectivity(values, FACETS)):
        above = [np.mean([max(0.0, v) for v in values[facet == FACETS, channel]]) for facet in range(4)]
        assert found == pytest.approx(1 - entropy(above, base=4))


def test_class_selectivity_by_its_definition():
    """Largest class mean against the mean of the others' means, of classes with three photos at least."""
    values = noisy(signed=False)
    labels = np.where(np.arange(len(FACETS)) == 2, -1, FACETS + 10)
    labels[:2] = 99  # a class of two
    for channel, found in enumerate(class_selectivity(values, labels)):
        means = [values[labels == label, channel].mean() for label in (10, 11, 12, 13)]
        top = means.pop(int(np.argmax(means)))
        assert found == pytest.approx((top - np.mean(means)) / (top + np.mean(means)))


def test_class_selectivity_at_its_ends():
    """One class alone is 1; classes that are alike are 0; a twofold answer to one is a third."""
    assert class_selectivity(constant([0, 0, 3, 0]), FACETS) == pytest.approx([1])
    assert class_selectivity(constant([1, 2, 1, 1]), FACETS) == pytest.approx([1 / 3])
    pairs = np.array([1.0, 3.0, 2.0] * 4)[:, None]
    assert class_selectivity(pairs, np.repeat([0, 1, 2, 3], 3)) == pytest.approx([0])


def test_explained_agrees_with_scipys_analysis_of_variance():
    """Eta squared from the F statistic: F (k - 1) / (F (k - 1) + N - k)."""
    values = noisy()
    for channel, found in enumerate(explained_variance(values, FACETS)):
        ratio = f_oneway(*(values[facet == FACETS, channel] for facet in range(4))).statistic
        assert found == pytest.approx(ratio * 3 / (ratio * 3 + len(FACETS) - 4))
    assert explained_variance(constant([1, 2, 3, 1]), FACETS) == pytest.approx([1])


def test_units_and_numbering_do_not_matter():
    values, names = noisy(), np.array([2, 0, 3, 1])
    for measure in (selectivity, class_selectivity, explained_variance):
        plain = measure(values, FACETS)
        np.testing.assert_allclose(measure(values * 1234.5, FACETS), plain)
        np.testing.assert_allclose(measure(values, names[FACETS]), plain)
        order = np.random.default_rng(1).permutation(len(FACETS))
        np.testing.assert_allclose(measure(values[order], FACETS[order]), plain)
    np.testing.assert_allclose(explained_variance(values + 40, FACETS), explained_variance(values, FACETS))


def test_what_has_no_number():
    """Dead and constant channels, those nowhere above zero, one facet, one class."""
    dead = np.zeros((len(FACETS), 1))
    rounded = np.float32(3.7) + np.zeros((len(FACETS), 1)) + 1e-7 * (np.arange(len(FACETS)) % 2)[:, None]
    for measure in (selectivity, class_selectivity, explained_variance):
        assert np.isnan(measure(dead, FACETS)).all()
        assert np.isnan(measure(rounded, FACETS)).all()
    assert np.isnan(selectivity(-np.abs(noisy()), FACETS)).all()
    assert np.isnan(class_selectivity(-np.abs(noisy()), FACETS)).all()
    assert np.isnan(selectivity(noisy(), np.zeros(len(FACETS), int))).all()
    assert np.isnan(class_selectivity(noisy(), np.zeros(len(FACETS), int))).all()
    assert np.isnan(class_selectivity(noisy(), np.arange(len(FACETS)))).all()


def test_facet_means_are_means():
    values = noisy()
    for facet in range(4):
        np.testing.assert_allclose(facet_means(values, FACETS)[facet], values[facet == FACETS].mean(axis=0))

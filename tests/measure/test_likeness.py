"""How alike channels and layers are, against slow definitions."""

from itertools import permutations

import numpy as np
import pytest

from mindseye.measure.likeness import (
    choose_different,
    correlations,
    linear_cka,
    match_channels,
    nearest_channels,
    strongest_shares,
)

draw = np.random.default_rng(0)
ANSWERS = draw.normal(size=(40, 6)) @ draw.normal(size=(6, 9))


def test_correlations_are_pearsons():
    """Against NumPy; 0 for a channel that does the same in every photo."""
    other = draw.normal(size=(40, 4))
    other[:, 2] = 3.0
    found = correlations(ANSWERS, other)
    for row in range(9):
        for column in (0, 1, 3):
            assert found[row, column] == pytest.approx(np.corrcoef(ANSWERS[:, row], other[:, column])[0, 1])
    assert (found[:, 2] == 0).all()


def test_the_most_different_are_farthest_from_those_chosen():
    """Each choice maximises the least distance to all before it, looked for one by one; the first varies most."""
    chosen = choose_different(ANSWERS, 5)
    distance = 1 - np.corrcoef(ANSWERS.T)
    assert chosen[0] == int(ANSWERS.std(axis=0).argmax())
    for step in range(1, 5):
        left = [place for place in range(9) if place not in chosen[:step]]
        best = max(left, key=lambda place: min(distance[place, other] for other in chosen[:step]))
        assert chosen[step] == best


def test_copies_and_dead_channels_come_last():
    """A copy of a channel is at distance 0 from it; a dead one is like none, and chosen only where all are wanted."""
    answers = np.stack([ANSWERS[:, 0], 2 * ANSWERS[:, 0] + 1, ANSWERS[:, 1], np.ones(40)], 1)
    assert set(choose_different(answers, 2)) in ({0, 2}, {1, 2})
    assert choose_different(answers, 4)[-1] == 3
    assert sorted(choose_different(answers, 99)) == [0, 1, 2, 3]


def test_nearest_channels_come_in_order():
    """Most alike first, ties by number, some left out."""
    assert nearest_channels(np.array([0.1, 0.9, 0.9, -1.0]), 2) == [1, 2]
    assert nearest_channels(np.array([0.1, 0.9, 0.9, -1.0]), 2, [1]) == [2, 0]


def test_the_matching_has_the_largest_sum():
    """Against all permutations; of the larger side some stay without a partner."""
    likeness = draw.uniform(-1, 1, (4, 5))
    best = max(
        permutations(range(5), 4), key=lambda order: sum(likeness[row, place] for row, place in enumerate(order))
    )
    assert match_channels(likeness) == list(enumerate(best))


def test_cka_is_hsic_over_its_own_norms():
    """Kornblith et al., Eq. 2 and 3 with centring matrices; 1 under a rotation and a factor; NaN for a dead layer."""
    other = draw.normal(size=(40, 3))
    centre = np.eye(40) - 1 / 40

    def hsic(first, second):
        return np.trace(first @ first.T @ centre @ second @ second.T @ centre)

    slow = hsic(ANSWERS, other) / np.sqrt(hsic(ANSWERS, ANSWERS) * hsic(other, other))
    assert linear_cka(ANSWERS, other) == pytest.approx(slow)
    rotation = np.linalg.qr(draw.normal(size=(9, 9)))[0]
    assert linear_cka(ANSWERS, -7 * ANSWERS @ rotation + 2) == pytest.approx(1)
    assert np.isnan(linear_cka(ANSWERS, np.ones((40, 2))))


def test_shares_of_the_strongest():
    """Counted photo by photo; they sum to k."""
    shares = strongest_shares(ANSWERS, 2)
    slow = [np.mean([place in np.argsort(-row)[:2] for row in ANSWERS]) for place in range(9)]
    assert shares == pytest.approx(slow)
    assert shares.sum() == pytest.approx(2)

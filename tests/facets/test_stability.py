"""Stability of facets: high for groups that are there, about chance for the same activations shuffled."""

from math import comb
from typing import Any

import numpy as np
import pytest
import torch

from mindseye.errors import UserError
from mindseye.facets.embedding import Embedding, Floats, embed
from mindseye.facets.stability import agreement, shuffle_channels, stability


def slow_adjusted_rand(first: list[int], second: list[int]) -> float:
    """Hubert & Arabie 1985, from pairs of images that are together in both, one or neither."""

    def pairs(groups: list[object]) -> int:
        return sum(comb(groups.count(group), 2) for group in set(groups))

    both, one, other = pairs(list(zip(first, second, strict=True))), pairs(list(first)), pairs(list(second))
    expected = one * other / comb(len(first), 2)
    return (both - expected) / ((one + other) / 2 - expected)


def test_agreement_is_the_adjusted_rand_index_on_shared_images() -> None:
    """Images that only one subset holds are left out, and numbers of facets mean nothing."""
    first, second = np.array([0, 2, 3, 5, 6, 8]), np.array([1, 2, 3, 5, 6, 7, 8])
    here, there = np.array([4, 0, 0, 1, 1, 2]), np.array([3, 2, 2, 2, 0, 3, 1])
    shared = slow_adjusted_rand([0, 0, 1, 1, 2], [2, 2, 2, 0, 1])
    assert agreement(first, here, second, there) == pytest.approx(shared)
    assert agreement(first, here, first, 9 - here) == 1.0


def test_groups_that_exist_are_stable_and_shuffled_ones_are_not() -> None:
    """Three separate groups against the same values with every channel shuffled."""
    draw = np.random.default_rng(0)
    features = (3 * draw.normal(size=(3, 20))[np.arange(60) % 3] + draw.normal(size=(60, 20))).astype(np.float32)
    assert stability(features, 3, seed=0, repeats=3) == 1.0
    assert stability(torch.from_numpy(features), 3, seed=0, repeats=3) == 1.0
    null = stability(shuffle_channels(features, 0), 3, seed=0, repeats=3)
    assert null is not None
    assert null < 0.6


def test_shuffling_keeps_every_channel_s_values() -> None:
    """Sorted, each channel is what it was; the images are torn apart, and the input is left alone."""
    features = np.arange(60.0).reshape(20, 3)
    mixed = shuffle_channels(features, 0)
    assert np.array_equal(np.sort(mixed, axis=0), features)
    assert not (np.diff(mixed, axis=1) == 1).all(axis=1).any()
    assert np.array_equal(mixed, shuffle_channels(features, 0))
    assert not np.array_equal(mixed, shuffle_channels(features, 1))


def test_large_sets_are_measured_on_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """No subset is larger than 80 % of the limit."""
    seen: list[int] = []

    def counting(values: Floats, *rest: Any) -> Embedding:
        seen.append(len(values))
        return embed(values, *rest)

    monkeypatch.setattr("mindseye.facets.stability.embed", counting)
    monkeypatch.setattr("mindseye.facets.stability.MOST_IMAGES", 30)
    stability(np.random.default_rng(0).normal(size=(200, 4)), 2, seed=0, repeats=3, method="pca")
    assert seen == [24, 24, 24]


def test_nothing_to_compare_is_none_and_one_repeat_is_refused() -> None:
    """One facet, or hardly any images, has no stability."""
    features = np.random.default_rng(0).normal(size=(19, 4))
    assert stability(features, 1, seed=0) is None
    assert stability(features, 4, seed=0) is None
    with pytest.raises(UserError, match="at least 2 repeats"):
        stability(features, 2, seed=0, repeats=1)

"""The spectrum's groups against their definition, written as plain sorting and loops."""

import numpy as np
import pytest
import torch
from scipy.stats import percentileofscore

from mindseye.errors import UserError
from mindseye.facets.extremes import Extremes
from mindseye.measure.examples import SCORES, over_photos, spectrum


def extremes_from(values):
    """Of activations [photos, positions]."""
    lowest, highest = values.min(-1), values.max(-1)
    mean = values.mean(-1)
    return Extremes(
        lowest.values, lowest.indices, highest.values, highest.indices, mean, (values - mean[:, None]).abs().argmin(-1)
    )


def drawn(kind, count, seed):
    values = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed)).round(decimals=1)
    values[1::2] += 0.5 * (seed % 3 - 1)
    return {"signed": values, "rectified": values.relu(), "negative": -values.abs(), "shifted": values + 1.0}[kind]


def definition(values, each):
    """The rule and the photos of each group, from the docstring's words."""
    low, high, mean = values.min(-1).values.tolist(), values.max(-1).values.tolist(), values.mean(-1).tolist()
    count = len(values)
    size = min(each, count // 4)
    minimum = sorted(range(count), key=lambda i: (low[i], mean[i], i))[:size]
    maximum = sorted(range(count), key=lambda i: (-high[i], -mean[i], -i))[:size]
    below = sorted((i for i in range(count) if mean[i] < 0), key=lambda i: (-mean[i], -i))
    above = sorted((i for i in range(count) if mean[i] > 0), key=lambda i: (mean[i], i))
    if len(below) >= size and len(above) >= size:
        return "zero", [minimum, below[:size], above[:size], maximum]
    order = sorted(range(count), key=lambda i: (mean[i], i))
    ranked = []
    for quartile, is_there in (
        (0.25, lambda rank: rank < (count - 1) / 2),
        (0.75, lambda rank: rank > (count - 1) / 2),
    ):
        distances = [(abs(rank - quartile * (count - 1)), rank) for rank in range(count) if is_there(rank)]
        if quartile == 0.25 and count % 2 == 0:
            assert len(distances) == count // 2
        ranked.append([order[rank] for _, rank in sorted(distances)[:size]])
    return "quartiles", [minimum, *ranked, maximum]


@pytest.mark.parametrize("kind", ["signed", "rectified", "negative", "shifted"])
@pytest.mark.parametrize("count", [4, 5, 7, 8, 35, 36, 37, 90])
def test_groups_against_their_definition(kind, count):
    """Any number of photos, ties among them, channels of both signs and of one."""
    for seed in range(4):
        values = drawn(kind, count, seed)
        got = spectrum(extremes_from(values))
        rule, groups = definition(values, 9)
        assert got.rule == rule
        assert list(got.groups) == list(SCORES)
        assert [[pick.photo for pick in picks] for picks in got.groups.values()] == groups


@pytest.mark.parametrize("count", [4, 6, 11, 36, 200])
@pytest.mark.parametrize("kind", ["signed", "rectified", "negative"])
def test_four_full_groups_without_repeats(kind, count):
    """Nine each, or a quarter of the photos; nobody twice in a group, nor in both groups of the middle."""
    groups = [
        [pick.photo for pick in picks] for picks in spectrum(extremes_from(drawn(kind, count, 1))).groups.values()
    ]
    assert [len(group) for group in groups] == [min(9, count // 4)] * 4
    assert all(len(set(group)) == len(group) for group in groups)
    assert not set(groups[1]) & set(groups[2])


def test_rules_follow_the_channels_signs():
    """Zero divides a channel of both signs; behind a ReLU the quartiles do."""
    assert spectrum(extremes_from(drawn("signed", 60, 1))).rule == "zero"
    assert spectrum(extremes_from(drawn("rectified", 60, 1))).rule == "quartiles"


def test_scores_places_and_percentiles():
    """Of the group's own score, with SciPy's rank."""
    values = drawn("signed", 40, 1)
    low, high, mean = values.min(-1).values, values.max(-1).values, values.mean(-1)
    for name, picks in spectrum(extremes_from(values)).groups.items():
        scores = {"minimum": low, "mean": mean, "maximum": high}[SCORES[name]]
        for pick in picks:
            assert pick.score == scores[pick.photo].item()
            off = (values[pick.photo] - scores[pick.photo]).abs()
            assert off[pick.position] == off.min()
            assert pick.percentile == pytest.approx(percentileofscore(scores, pick.score, kind="mean") / 100)


def test_fewer_than_four_photos_are_refused():
    """A group would be empty."""
    with pytest.raises(UserError, match="at least 4 photos"):
        spectrum(extremes_from(drawn("signed", 3, 0)))


def test_over_photos_against_numpy():
    """The mean of everything, and quantiles of each photo's numbers."""
    values = drawn("signed", 33, 2)
    got = over_photos(extremes_from(values))
    assert got["mean"] == pytest.approx(values.mean().item(), abs=1e-6)
    for name, numbers in (
        ("minimum", values.min(-1).values),
        ("mean", values.mean(-1)),
        ("maximum", values.max(-1).values),
    ):
        assert got["quantiles"][name]["0.25"] == pytest.approx(np.quantile(numbers.numpy(), 0.25), abs=1e-6)
        assert got["quantiles"][name]["0"] == numbers.min().item()
        assert got["quantiles"][name]["1"] == numbers.max().item()

"""Sorted values, and their distance from others with its gradient, against torch's stable sort."""

import pytest
import torch

from mindseye.facets import sort
from mindseye.facets.sort import rank_distance, sort_values


def values(kind):
    draw = torch.Generator().manual_seed(0)
    return {
        "normal": torch.randn(3, 5, 300, generator=draw),
        "ties": torch.randint(-3, 4, (2, 4, 200), generator=draw).float(),
        "dead": torch.zeros(2, 3, 17),
        "zeros of both signs": torch.tensor([[0.0, -0.0, 0.0, -0.0, 1.0, -1.0]]),
        "extremes": torch.tensor([[3e38, -3e38, 1e-45, -1e-45, float("inf"), -float("inf"), 0.0, 1.0]]),
        "one": torch.randn(4, 1, generator=draw),
        "none": torch.empty(2, 0),
        "columns": torch.randn(40, 6, generator=draw).T,
    }[kind]


KINDS = ["normal", "ties", "dead", "zeros of both signs", "extremes", "one", "none", "columns"]


def by_definition(values, ranks):
    return (values.sort(dim=-1, stable=True).values - ranks).square().mean(-1)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("extremes", "none")])
def test_distance_and_gradient(kind):
    """Equal values share what they have together in some order, which is the same every time."""
    ours, theirs, again = (values(kind).requires_grad_() for _ in range(3))
    draw = torch.Generator().manual_seed(1)
    ranks = torch.randn(ours.shape, generator=draw).sort(-1).values
    found, expected = rank_distance(ours, ranks), by_definition(theirs, ranks)
    torch.testing.assert_close(found, expected)
    share = torch.randn(found.shape, generator=draw)
    found.backward(share)
    expected.backward(share)
    rank_distance(again, ranks).backward(share)
    assert torch.equal(ours.grad, again.grad)
    for value in ours.detach().unique():
        held = ours.detach() == value
        torch.testing.assert_close((ours.grad * held).sum(-1), (theirs.grad * held).sum(-1))
    torch.testing.assert_close(*(own.grad.sort(dim=-1).values for own in (ours, theirs)))


def test_distance_of_extremes_and_of_nothing():
    """The largest and smallest numbers find their places; no value at all is no number, as the mean of nothing is."""
    extremes = values("extremes").clamp(-3e38, 3e38)
    assert rank_distance(extremes, extremes.sort(-1).values).tolist() == [0.0]
    assert rank_distance(values("none"), values("none")).isnan().all()


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_gradient(kind):
    """The same values."""
    assert torch.equal(sort_values(values(kind)), values(kind).sort(dim=-1).values)


def test_what_is_not_a_number_stays_to_be_seen():
    """A picture that has turned NaN is found by it."""
    broken = torch.tensor([1.0, float("nan"), 0.0], requires_grad=True)
    assert sort_values(broken).isnan().sum() == 1
    assert rank_distance(broken, torch.zeros(3)).isnan()


def test_many_values_on_several_threads(monkeypatch):
    """Each row is sorted by itself, however the rows are shared out."""
    monkeypatch.setattr(sort, "MANY", 10)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    given = torch.randn(4, 5, 300, generator=torch.Generator().manual_seed(2))
    ranks = torch.randn(4, 5, 300, generator=torch.Generator().manual_seed(3)).sort(-1).values
    torch.testing.assert_close(rank_distance(given, ranks), by_definition(given, ranks))
    row = rank_distance(given[0, 0], ranks[0, 0])
    torch.testing.assert_close(row, by_definition(given[0, 0], ranks[0, 0]))


def test_other_precisions():
    """Torch's own sort, which has a gradient of its own."""
    exact = torch.tensor([2.0, 1.0, 3.0], dtype=torch.float64, requires_grad=True)
    sort_values(exact)[0].backward()
    assert exact.grad.tolist() == [0.0, 1.0, 0.0]
    assert rank_distance(exact, torch.zeros(3, dtype=torch.float64)).dtype == torch.float64


def test_an_expanded_gradient():
    """As a mean gives it."""
    found = torch.tensor([[2.0, 1.0]], requires_grad=True)
    rank_distance(found, torch.zeros(1, 2)).sum().backward()
    assert found.grad.tolist() == [[2.0, 1.0]]

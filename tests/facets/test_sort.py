"""Sorted values and their gradient, against torch's stable sort, which they must equal bit for bit."""

import pytest
import torch

from mindseye.facets.sort import sort_values


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


@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradient(kind):
    """Of equal values, the first place gets the first share of the gradient, so pictures are the same every time."""
    ours, theirs = (values(kind).requires_grad_() for _ in range(2))
    sorted_values = theirs.sort(dim=-1, stable=True).values
    found = sort_values(ours)
    assert torch.equal(found, sorted_values)
    share = torch.randn(found.shape, generator=torch.Generator().manual_seed(1))
    found.backward(share)
    sorted_values.backward(share)
    assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_gradient(kind):
    """The same values."""
    assert torch.equal(sort_values(values(kind)), values(kind).sort(dim=-1).values)


def test_what_is_not_a_number_stays_to_be_seen():
    """A picture that has turned NaN is found by it."""
    broken = torch.tensor([1.0, float("nan"), 0.0], requires_grad=True)
    assert sort_values(broken).isnan().sum() == 1


def test_other_precisions():
    """Torch's own sort."""
    exact = torch.tensor([2.0, 1.0, 3.0], dtype=torch.float64, requires_grad=True)
    sort_values(exact)[0].backward()
    assert exact.grad.tolist() == [0.0, 1.0, 0.0]


def test_an_expanded_gradient():
    """As a mean gives it."""
    found = torch.tensor([2.0, 1.0], requires_grad=True)
    sort_values(found).sum().backward()
    assert found.grad.tolist() == [1.0, 1.0]

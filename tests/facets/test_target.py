"""Targets: Eq. 1 rank by rank, the top-k, and ranks read at another number of positions."""

import numpy as np
import pytest
import torch

from mindseye.errors import UserError
from mindseye.facets.sort import sort_values
from mindseye.facets.target import (
    Target,
    build_target,
    channel_shares,
    resample_ranks,
    top_channels,
    weighted_ranks,
)


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def test_weighted_ranks_by_definition():
    """t = sum_n w_n sort(a(x_n)), written as loops."""
    activations, weights = random(3, 4, 5), torch.tensor([0.5, 0.3, 0.2])
    expected = torch.zeros(4, 5)
    for n in range(3):
        for channel in range(4):
            for rank, value in enumerate(sorted(activations[n, channel].tolist())):
                expected[channel, rank] += weights[n] * value
    torch.testing.assert_close(weighted_ranks(activations, weights), expected)


def test_mean_of_the_ranks_is_the_papers_target():
    """Sorting moves no mass: the mean over ranks is Eq. 1 on the activations' means."""
    activations, weights = random(6, 7, 9), torch.softmax(random(6), 0)
    target = Target("a", weighted_ranks(activations, weights)[None], torch.zeros(1, 1, dtype=torch.long))
    torch.testing.assert_close(target.mean[0], (weights[:, None] * activations.mean(-1)).sum(0))


def test_resampling_ranks_agrees_with_numpys_quantiles():
    """Ranks at another number of positions are the quantiles at (i + 1/2) / n of numpy's 'hazen' rule."""
    values = random(2, 12).sort(-1).values
    for positions in (1, 5, 12, 31):
        expected = np.quantile(values.numpy(), (np.arange(positions) + 0.5) / positions, axis=-1, method="hazen").T
        np.testing.assert_allclose(resample_ranks(values, positions), expected, rtol=1e-5, atol=1e-6)


def test_top_channels_are_the_largest_strongest_first():
    """The k largest means; of equals the lower channel first."""
    mean = torch.tensor([[1.0, 5.0, 3.0, 5.0], [-1.0, -2.0, -3.0, -4.0]])
    assert top_channels(mean, 3).tolist() == [[1, 3, 2], [0, 1, 2]]


def test_channels_by_hand_replace_the_top():
    """Channels given by hand are taken as they are, for every facet, and must exist."""
    ranks = random(2, 4, 3)
    assert build_target("a", ranks, 2, [3, 0, 3]).channels.tolist() == [[3, 0], [3, 0]]
    with pytest.raises(UserError, match="0-3"):
        build_target("a", ranks, 2, [4])


def test_top_k_is_lowered_to_the_width():
    """More channels than there are means all of them."""
    assert build_target("a", random(2, 4, 3), 50).channels.shape == (2, 4)


def test_shares_sum_to_one():
    """Each channel's share of the top-k's total strength, by definition."""
    target = build_target("a", random(2, 6, 3), 3)
    expected = [
        [
            abs(float(target.mean[f, c])) / sum(abs(float(target.mean[f, d])) for d in target.channels[f])
            for c in target.channels[f]
        ]
        for f in range(2)
    ]
    torch.testing.assert_close(channel_shares(target), torch.tensor(expected))


@pytest.mark.parametrize("shape", [(2, 3, 50), (1, 4, 1), (2, 2, 4096)])
def test_sort_values_is_torchs_sort_with_its_gradient(shape):
    """The values are those of torch's sort, with a gradient and without, and each gradient comes back to its own place."""
    generator = torch.Generator().manual_seed(0)
    values, weights = (torch.randn(shape, generator=generator) for _ in range(2))
    ours, theirs = values.clone().requires_grad_(), values.clone().requires_grad_()
    assert torch.equal(sort_values(values), values.sort(-1).values)
    (sort_values(ours) * weights).sum().backward()
    (theirs.sort(-1).values * weights).sum().backward()
    assert torch.equal(ours.grad, theirs.grad)

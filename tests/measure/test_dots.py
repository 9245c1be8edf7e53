"""The dot product of many photos with a facet's target."""

import torch

from mindseye.facets.target import Target
from mindseye.measure.pictures import dots


def test_it_is_the_sum_over_the_top_k_divided_by_the_targets_own():
    draw = torch.Generator().manual_seed(0)
    ranks, means = torch.rand(3, 6, 9, generator=draw), torch.rand(5, 6, generator=draw)
    target = Target("layer", ranks, torch.tensor([[0, 1], [4, 2], [5, 3]]))
    for facet in range(3):
        goal = ranks[facet].mean(-1)
        for photo, value in enumerate(dots(target, facet, means).tolist()):
            top = target.channels[facet].tolist()
            slowly = sum(float(means[photo, k] * goal[k]) for k in top) / sum(float(goal[k] ** 2) for k in top)
            assert abs(value - slowly) < 1e-5


def test_a_million_photos_need_no_copy_of_the_target_each():
    """A target of a million positions: once for each photo it would be four terabytes."""
    target = Target("layer", torch.ones(2, 2, 500_000), torch.tensor([[0], [1]]))
    assert torch.equal(dots(target, 1, torch.full((1_000_000, 2), 0.5)), torch.full((1_000_000,), 0.5))

"""The objectives of a facet: each against its formula written as loops, and one number per image."""

from dataclasses import replace

import pytest
import torch

from mindseye.facets.target import Target, build_target
from mindseye.optimize.objectives.facet import ActivationNorm, Distance, DotProduct
from mindseye.optimize.objectives.match import Match


def random(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def target():
    return build_target("a", random(3, 6, 8).sort(-1).values, 2)


def test_dot_product_by_definition(target):
    """sum over the facet's own top-k of mean activation times target, over the target's own square."""
    activation = random(3, 6, 8, seed=6)
    expected = []
    for image in range(3):
        top = target.channels[image].tolist()
        goal = {c: float(target.ranks[image, c].mean()) for c in top}
        value = sum(float(activation[image, c].mean()) * goal[c] for c in top)
        expected.append(value / sum(g * g for g in goal.values()))
    torch.testing.assert_close(DotProduct(target)({"a": activation}), torch.tensor(expected))


def test_dot_product_is_one_at_the_target(target):
    """A picture with the target's own activations scores 1."""
    torch.testing.assert_close(DotProduct(target)({"a": target.ranks}), torch.ones(3))


def test_distance_by_definition(target):
    """sum |a - t| over the top-k, over sum |t|, mapped by the robust loss."""
    activation = random(3, 6, 8, seed=7)
    expected = []
    for image in range(3):
        top = target.channels[image].tolist()
        goal = [float(target.ranks[image, c].mean()) for c in top]
        mean = [float(activation[image, c].mean()) for c in top]
        expected.append(sum(abs(m - g) for m, g in zip(mean, goal)) / sum(map(abs, goal)) + 1)
    torch.testing.assert_close(Distance(target, lambda x: x + 1, [])({"a": activation}), torch.tensor(expected))


def test_match_by_definition(target):
    """mean over channels and ranks of (sort(a) - t)^2, over the mean of t^2."""
    activation = random(3, 6, 8, seed=8)
    expected = []
    for image in range(3):
        total = size = 0.0
        for c in range(6):
            for value, goal in zip(sorted(activation[image, c].tolist()), target.ranks[image, c].tolist()):
                total += (value - goal) ** 2
                size += goal**2
        expected.append(total / size)
    torch.testing.assert_close(Match(target)({"a": activation}), torch.tensor(expected))


def test_match_does_not_care_where(target):
    """Moving activations to other positions changes nothing; a copy of the target is at distance zero."""
    shuffled = target.ranks[..., torch.randperm(8, generator=torch.Generator().manual_seed(0))]
    torch.testing.assert_close(Match(target)({"a": shuffled}), torch.zeros(3))


def test_match_of_a_smaller_view_has_a_target_of_its_own(target):
    """The ranks of as many positions as the activation has, scaled by their own mean square; others are resampled."""
    small = random(3, 6, 4, seed=9).sort(-1).values
    both = replace(target, smaller=(small,))
    torch.testing.assert_close(Match(both)({"a": small.flip(-1)}), torch.zeros(3))
    torch.testing.assert_close(Match(both)({"a": target.ranks}), torch.zeros(3))
    torch.testing.assert_close(Match(both)({"a": torch.zeros(3, 6, 4)}), torch.ones(3))
    assert (Match(target)({"a": small}) > 0.01).all()
    other = random(3, 6, 5, seed=10)
    torch.testing.assert_close(Match(both)({"a": other}), Match(target)({"a": other}))
    part = both.select([2, 0])
    assert torch.equal(part.smaller[0], small[[2, 0]])
    assert part.to(torch.device("cpu")).smaller[0].shape == (2, 6, 4)


def test_match_of_a_sample_of_positions(target):
    """Of more positions than asked, a fixed sample is matched: exact for a constant map, unbiased enough for a random one."""
    wide = random(3, 6, 4096, seed=3)
    goal = build_target("a", wide.sort(-1).values, 2)
    thin = Match(goal, positions=1024)({"a": wide})
    assert (thin < 0.02).all()
    torch.testing.assert_close(Match(goal, 1024)({"a": wide * 0}), Match(goal)({"a": wide * 0}), rtol=1e-2, atol=0)
    torch.testing.assert_close(Match(goal, 1024)({"a": wide + 1}), Match(goal)({"a": wide + 1}), rtol=0.1, atol=0)


def test_activation_norm_by_definition():
    """sum over channels of the mean over positions of |a|."""
    activation = random(2, 3, 4)
    expected = [sum(float(activation[i, c].abs().mean()) for c in range(3)) for i in range(2)]
    torch.testing.assert_close(ActivationNorm("a")({"a": activation}), torch.tensor(expected))


def test_an_images_number_does_not_depend_on_its_batch(target):
    """Every objective gives an image the same number alone as beside others."""
    activation = random(3, 6, 8, seed=9)
    for make in (DotProduct, Match, lambda t: Distance(t, torch.abs, [])):
        together = make(target)({"a": activation})
        alone = torch.cat([make(target.select([i]))({"a": activation[i : i + 1]}) for i in range(3)])
        torch.testing.assert_close(together, alone)


def test_a_target_of_zeros_divides_by_nothing():
    """A facet whose layer is silent gives finite numbers."""
    silent = Target("a", torch.zeros(1, 4, 3), torch.tensor([[0, 1]]))
    for objective in (DotProduct(silent), Match(silent), Distance(silent, torch.abs, [])):
        assert objective({"a": torch.zeros(1, 4, 3)}).isfinite().all()

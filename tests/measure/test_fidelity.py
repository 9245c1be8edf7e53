"""Fidelity to the target, against loops and closed forms."""

import math

import pytest
import torch
from scipy.stats import percentileofscore
from torch import Tensor

from mindseye.errors import UserError
from mindseye.measure.fidelity import activation_percentile, cosine, fidelity, recovery, robust_distance


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Seeded normal values."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


CHANNELS = torch.tensor([[0, 3], [4, 1], [2, 3]])


def test_cosine_and_distance_against_loops() -> None:
    """Each picture against its own target over its own channels, and over all: cosine and sqrt(x^2 + 1) - 1."""
    means, targets = normal(3, 5), normal(3, 5, seed=1)
    found = fidelity(means, targets, CHANNELS)
    for index in range(3):
        for kept, suffix in ((CHANNELS[index].tolist(), ""), (range(5), "_all")):
            a, t = [means[index, j].item() for j in kept], [targets[index, j].item() for j in kept]
            dot = sum(x * y for x, y in zip(a, t, strict=True))
            x = sum(abs(x - y) for x, y in zip(a, t, strict=True)) / sum(abs(y) for y in t)
            assert found["cosine" + suffix][index].item() == pytest.approx(
                dot / math.hypot(*a) / math.hypot(*t), rel=1e-4
            )
            assert found["distance" + suffix][index].item() == pytest.approx(math.sqrt(x * x + 1) - 1, rel=1e-4)


def test_the_target_itself() -> None:
    """The target is at cosine 1 and distance 0; thrice it is at cosine 1 and x = 2; nothing at all is at x = 1."""
    targets = normal(3, 5)
    assert torch.allclose(cosine(targets, targets), torch.ones(3))
    assert torch.allclose(robust_distance(targets, targets), torch.zeros(3), atol=1e-6)
    assert torch.allclose(cosine(3 * targets, targets), torch.ones(3))
    assert torch.allclose(robust_distance(3 * targets, targets), torch.full((3,), math.sqrt(5) - 1))
    assert torch.allclose(robust_distance(0 * targets, targets, CHANNELS), torch.full((3,), math.sqrt(2) - 1))


def test_one_target_per_picture() -> None:
    """Shapes that only broadcast are refused."""
    with pytest.raises(UserError, match="one target per picture"):
        cosine(normal(3, 5), normal(1, 5))


@pytest.mark.parametrize("channels", [None, CHANNELS])
def test_activation_percentile_against_scipy(channels: Tensor | None) -> None:
    """The rank of the picture's dot product among the images' dot products with the picture's own target."""
    means, images, targets = normal(3, 5), normal(20, 5, seed=1), normal(3, 5, seed=2)
    found = activation_percentile(means, images, targets, channels)
    for index in range(3):
        kept = list(range(5)) if channels is None else channels[index].tolist()
        dots = (images[:, kept] * targets[index, kept]).sum(1).numpy()
        own = float((means[index, kept] * targets[index, kept]).sum())
        assert found[index].item() == pytest.approx(percentileofscore(dots, own, kind="mean") / 100)


def test_activation_percentile_at_the_ends() -> None:
    """A picture beyond all photos is at 1, one below all at 0; without photos there is no rank."""
    targets, images = torch.ones(2, 3), torch.rand(6, 3, generator=torch.Generator().manual_seed(0))
    means = torch.tensor([[5.0, 5.0, 5.0], [-1.0, -1.0, -1.0]])
    assert activation_percentile(means, images, targets).tolist() == [1.0, 0.0]
    with pytest.raises(UserError, match="0 images"):
        activation_percentile(means, images[:0], targets)


def test_recovery() -> None:
    """Nearest by angle: strength does not decide, and a picture of another facet is not recovered."""
    targets = torch.tensor([[1.0, 0.0, 0.2], [0.0, 1.0, 0.2], [0.6, 0.6, 0.2]])
    means = torch.stack([20 * targets[0], 0.01 * targets[1], targets[0], targets[2] + 0.05])
    assert recovery(means, targets, torch.tensor([0, 1, 2, 2])).tolist() == [True, True, False, True]


def test_recovery_against_a_slow_search() -> None:
    """The largest of the cosines, one pair at a time."""
    means, targets = normal(12, 6), normal(4, 6, seed=1)
    own = torch.arange(12) % 4
    for index, found in enumerate(recovery(means, targets, own).tolist()):
        cosines = [cosine(means[index : index + 1], target[None]).item() for target in targets]
        assert found == (max(range(4), key=cosines.__getitem__) == index % 4)

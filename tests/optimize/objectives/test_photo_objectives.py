"""Objectives that hold a picture against a photo: each against its formula written as loops."""

import math

import pytest
import torch

from mindseye.errors import UserError
from mindseye.optimize.objectives.photo import Caricature, Reconstruction


def random(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("photos", [1, 3])
def test_reconstruction_by_definition(photos):
    """The sum of squared differences, position by position, over the sum of the photo's squares; one photo may serve all."""
    activation, goal = random(3, 4, 6, seed=1), random(photos, 4, 6, seed=2)
    expected = []
    for i in range(3):
        kept = goal[i if photos > 1 else 0].flatten().tolist()
        distance = sum((x - y) ** 2 for x, y in zip(activation[i].flatten().tolist(), kept))
        expected.append(distance / sum(y * y for y in kept))
    torch.testing.assert_close(Reconstruction("a", goal)({"a": activation}), torch.tensor(expected))


def test_reconstruction_cares_where():
    """The photo itself is at 0, nothing at all at 1, and the photo with its positions in another order above 0."""
    goal = random(2, 4, 6)
    measure = Reconstruction("a", goal)
    assert measure({"a": goal}).tolist() == [0, 0]
    torch.testing.assert_close(measure({"a": torch.zeros_like(goal)}), torch.ones(2))
    assert (measure({"a": goal.flip(-1)}) > 0.1).all()


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_caricature_by_definition(power):
    """Position by position dot times cosine to the power, the cosine at least a tenth, over the photo's own squares."""
    activation, goal = random(3, 4, 6, seed=1), random(3, 4, 6, seed=2)
    expected = []
    for i in range(3):
        along = size = 0.0
        for p in range(6):
            a, t = activation[i, :, p].tolist(), goal[i, :, p].tolist()
            dot = sum(x * y for x, y in zip(a, t))
            along += dot * max(dot / (math.hypot(*a) * math.hypot(*t)), 0.1) ** power
            size += sum(y * y for y in t)
        expected.append(along / size)
    torch.testing.assert_close(Caricature("a", goal, power)({"a": activation}), torch.tensor(expected))


def test_a_caricature_exaggerates():
    """The photo itself has 1, the same three times as strong 3, the photo elsewhere less."""
    goal = random(2, 4, 6)
    for power in (0.0, 4.0):
        measure = Caricature("a", goal, power)
        torch.testing.assert_close(measure({"a": goal}), torch.ones(2))
        torch.testing.assert_close(measure({"a": 3 * goal}), torch.full((2,), 3.0))
        assert (measure({"a": goal.flip(-1)}) < 1).all()


@pytest.mark.parametrize("kind", [Reconstruction, Caricature])
def test_silence_divides_by_nothing(kind):
    """A photo that a layer does not see, or a picture that it does not, gives finite values and gradients."""
    for activation, goal in ((random(2, 4, 6), torch.zeros(2, 4, 6)), (torch.zeros(2, 4, 6), random(2, 4, 6))):
        leaf = activation.clone().requires_grad_()
        kind("a", goal)({"a": leaf * 0 if goal.abs().sum() == 0 else leaf}).sum().backward()
        assert leaf.grad.isfinite().all()


@pytest.mark.parametrize("kind", [Reconstruction, Caricature])
def test_a_photo_seen_at_another_size_is_refused(kind):
    """Positions that do not answer each other are named, with the way out."""
    with pytest.raises(UserError, match=r"4x9 .* picture and 4x6 for the photo: .* same size"):
        kind("a", random(1, 4, 6))({"a": random(2, 4, 9)})
    with pytest.raises(ValueError, match="3 images do not fit a batch of 2"):
        kind("a", random(3, 4, 6))({"a": random(2, 4, 6)})

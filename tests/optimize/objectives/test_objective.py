"""The arithmetic of objectives, with each kind of them as an operand."""

import pytest
import torch

from mindseye.facets.target import build_target
from mindseye.optimize.objectives.batch import Alignment, Diversity, Each
from mindseye.optimize.objectives.direction import Direction
from mindseye.optimize.objectives.facet import Distance, DotProduct
from mindseye.optimize.objectives.objective import Constant, Objective
from mindseye.optimize.objectives.photo import Caricature, Reconstruction
from mindseye.optimize.objectives.unit import Channel, LayerNorm, LogProbability, Neuron


def random(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Reads(Objective):
    """The mean of a layer."""

    def __init__(self, layer: str) -> None:
        self.name, self.layers = layer, (layer,)

    def __call__(self, activations):
        return activations[self.layers[0]].mean((1, 2))


def test_arithmetic_is_arithmetic():
    """A + B, A - B, A * B, A / B and numbers mean what they say, and leave their operands alone (A - B is not -(A + B))."""
    a, b = Reads("a"), Reads("b")
    at = {"a": torch.full((2, 1, 1), 5.0), "b": torch.full((2, 1, 1), 3.0)}
    values = {
        8.0: a + b,
        2.0: a - b,
        15.0: a * b,
        -5.0: -a,
        7.0: 2 + a,
        -4.0: 1 - a,
        10.0: a * 2,
        9.0: a + b + 1 * Constant(1.0),
        4.0: a - (b - 2),
        2.5: a / 2,
        0.6: b / a,
    }
    for expected, objective in values.items():
        assert objective(at).tolist() == pytest.approx([expected, expected])
    assert a(at).tolist() == [5.0, 5.0]


def test_a_combination_reads_the_layers_of_both():
    """A combination names each layer once, and itself by its parts."""
    combined = Reads("a") + Reads("b") * Reads("a")
    assert combined.layers == ("a", "b")
    assert combined.name == "(a + (b * a))"


TARGET = build_target("a", random(3, 6, 8).sort(-1).values, 2)
KINDS = {
    "channel": Channel("a", torch.tensor([1])),
    "neuron": Neuron("a", torch.tensor([1, 2, 3]), torch.tensor([0, 5, 7])),
    "norm": LayerNorm("b"),
    "probability": LogProbability("b", torch.tensor([2])),
    "direction": Direction("a", random(3, 6)),
    "dot": DotProduct(TARGET),
    "reconstruction": Reconstruction("a", random(1, 6, 8)),
    "caricature": Caricature("b", random(3, 4, 5)),
    "alignment": Alignment(("a", "b")),
    "diversity": Diversity("b", torch.tensor([0, 0, 1])),
    "each": Each([Channel("a", torch.tensor([0])), LayerNorm("b"), Neuron("b", torch.tensor([3]), torch.tensor([1]))]),
}


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", ["norm", "each", "diversity"])
def test_every_kind_combines(first, second):
    """The value of a combination is the combination of the values, image by image, and the operands stay as they were."""
    a, b = KINDS[first], KINDS[second]
    at = {"a": random(3, 6, 8, seed=1), "b": random(3, 4, 5, seed=2)}
    left, right = a(at), b(at)
    combined = (2 * a - b) * a + 1
    torch.testing.assert_close(combined(at), (2 * left - right) * left + 1)
    assert set(combined.layers) == set(a.layers) | set(b.layers)
    torch.testing.assert_close(a(at), left)
    torch.testing.assert_close(b(at), right)


def test_what_parts_learn_is_passed_through_once():
    """A combination learns what its parts learn; what is in it twice is there once, as an optimizer wants it."""
    shape, scale = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    first, second = Distance(TARGET, torch.abs, [shape]), Distance(TARGET, torch.abs, [scale])
    combined = first * 2 - second / first
    assert [id(tensor) for tensor in combined.parameters] == [id(shape), id(scale)]
    assert [id(tensor) for tensor in Each([combined, second]).parameters] == [id(shape), id(scale)]
    assert LayerNorm("a").parameters == []

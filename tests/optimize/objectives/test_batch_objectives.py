"""Objectives over the pictures of a batch: each against its formula written as loops."""

import math

import pytest
import torch

from mindseye.errors import UserError
from mindseye.optimize.objectives.batch import Alignment, Diversity, Each, interpolate
from mindseye.optimize.objectives.objective import CANVAS
from mindseye.optimize.objectives.unit import Channel, LayerNorm, Neuron


def random(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_each_gives_a_picture_its_own_objective():
    """Picture i has the value of objective i for it alone; layers and names are those of all."""
    objectives = [Channel("a", torch.tensor([2])), LayerNorm("b"), -Neuron("a", torch.tensor([1]), torch.tensor([7]))]
    at = {"a": random(3, 6, 8, seed=1), "b": random(3, 4, 5, seed=2)}
    each = Each(objectives)
    expected = [float(at["a"][0, 2].mean()), float(at["b"][1].square().mean()), -float(at["a"][2, 1, 7])]
    torch.testing.assert_close(each(at), torch.tensor(expected))
    assert each.layers == ("a", "b")
    assert each.names == ("channel a", "norm b", "(neuron a * -1)")


def test_each_leaves_the_other_pictures_alone():
    """The gradient of a picture's value is 0 in every other picture."""
    activation = random(2, 6, 8).requires_grad_()
    Each([LayerNorm("a"), LayerNorm("a")])({"a": activation})[0].backward()
    assert activation.grad[0].abs().sum() > 0
    assert activation.grad[1].abs().sum() == 0


def test_each_wants_a_picture_for_each():
    """Another number of pictures, or no objective at all, is refused."""
    with pytest.raises(ValueError, match="1 objectives do not fit a batch of 2"):
        Each([LayerNorm("a")])({"a": random(2, 6, 8)})
    with pytest.raises(ValueError, match="at least one"):
        Each([])


@pytest.mark.parametrize("count", [2, 3, 7])
def test_interpolation_by_definition(count):
    """Picture i of n: (1 - s) A + s B with s = i / (n - 1); the ends are A and B."""
    first, second = Channel("a", torch.tensor([2])), LayerNorm("b")
    at = {"a": random(count, 6, 8, seed=1), "b": random(count, 4, 5, seed=2)}
    value = Each(interpolate(first, second, count))(at)
    expected = []
    for i in range(count):
        s = i / (count - 1)
        expected.append((1 - s) * float(at["a"][i, 2].mean()) + s * float(at["b"][i].square().mean()))
    torch.testing.assert_close(value, torch.tensor(expected))
    with pytest.raises(UserError, match="2 pictures or more"):
        interpolate(first, second, 1)


def _alignment(layers, decay):
    images = len(layers[0])
    values = []
    for i in range(images):
        total = 0.0
        for activation in layers:
            distance = weight = 0.0
            for j in range(images):
                if i != j:
                    pairs = zip(activation[i].flatten().tolist(), activation[j].flatten().tolist())
                    squares = [(x - y) ** 2 for x, y in pairs]
                    distance += decay ** abs(i - j) * sum(squares) / len(squares)
                    weight += decay ** abs(i - j)
            everything = activation.flatten().tolist()
            size = sum(x**2 for x in everything) / len(everything)
            total += distance / weight / size if weight else 0.0
        values.append(total / len(layers))
    return torch.tensor(values)


@pytest.mark.parametrize("images", [1, 2, 5])
@pytest.mark.parametrize("decay", [0.3, 1.0])
def test_alignment_by_definition(images, decay):
    """The relative squared difference to the other pictures, weighted by decay^|i - j|; of one layer, of two, of the canvas."""
    at = {"a": random(images, 3, 4, seed=1), "b": random(images, 2, 5, seed=2), CANVAS: random(images, 3, 6, 6, seed=3)}
    for layers in (("a",), ("a", "b"), (CANVAS,)):
        expected = _alignment([at[layer] for layer in layers], decay)
        torch.testing.assert_close(Alignment(layers, decay)(at), expected)


def test_alignment_is_low_where_a_row_changes_smoothly():
    """The same pictures in a row that changes step by step have a lower value than out of order; equal ones have 0."""
    way = torch.linspace(0, 1, 5)[:, None, None] * random(1, 3, 4)
    aligned = Alignment(("a",))
    assert aligned({"a": way}).sum() < aligned({"a": way[[0, 3, 1, 4, 2]]}).sum()
    assert (aligned({"a": way[:1].expand(4, -1, -1)}) == 0).all()
    with pytest.raises(ValueError, match="decay"):
        Alignment(("a",), 0.0)


def _diversity(activation, groups):
    def gram(image):
        channels = image.tolist()
        return [sum(x * y for x, y in zip(first, second)) for first in channels for second in channels]

    def cosine(first, second):
        return sum(x * y for x, y in zip(first, second)) / (math.hypot(*first) * math.hypot(*second))

    grams, values = [gram(image) for image in activation], []
    for i, own in enumerate(groups):
        others = [cosine(grams[i], grams[j]) for j, group in enumerate(groups) if group == own and i != j]
        values.append(-sum(others) / len(others) if others else 0.0)
    return torch.tensor(values)


def test_diversity_by_definition():
    """Minus the mean cosine of a picture's Gram matrix with those of its group; 0 for a group of one."""
    activation, groups = random(6, 3, 7, seed=4) + 0.3, [0, 1, 0, 2, 1, 0]
    value = Diversity("a", torch.tensor(groups))({"a": activation})
    torch.testing.assert_close(value, _diversity(activation, groups))
    assert value[3] == 0
    torch.testing.assert_close(Diversity("a", torch.tensor([9]))({"a": activation}), _diversity(activation, [0] * 6))


def test_diversity_of_equals_and_of_strangers():
    """Twins, at any strength, score -1; pictures that share no channel 0."""
    twin = random(1, 4, 9).abs()
    torch.testing.assert_close(Diversity("a", torch.tensor([0]))({"a": torch.cat([twin, 1e3 * twin])}), -torch.ones(2))
    apart = torch.zeros(2, 2, 3)
    apart[0, 0], apart[1, 1] = 1.0, 2.0
    assert Diversity("a", torch.tensor([0]))({"a": apart}).tolist() == [0, 0]


@pytest.mark.parametrize(
    "objective", [Alignment(("a",)), Diversity("a", torch.tensor([0]))], ids=["alignment", "diversity"]
)
def test_gradients_are_finite(objective):
    """Also where a picture shows nothing at all, and, for the others, where one was lost to NaN."""
    activation = random(4, 3, 5)
    activation[1] = 0
    for lost in (None, 2):
        if lost is not None:
            activation[lost, 0, 0] = float("nan")
        leaf = activation.clone().requires_grad_()
        value = objective({"a": leaf})
        value.sum().backward()
        kept = [image for image in range(4) if image != lost]
        assert value.isfinite().all()
        assert leaf.grad[kept].isfinite().all()
        assert leaf.grad[0].abs().sum() > 0


@pytest.mark.parametrize(
    "objective", [Alignment(("a",), 1.0), Diversity("a", torch.tensor([0]))], ids=["alignment", "diversity"]
)
def test_a_lost_picture_is_nobodys_neighbour(objective):
    """The others' values are those of a batch without it."""
    activation = random(3, 3, 5)
    broken = torch.cat([activation, torch.full((1, 3, 5), float("nan"))])
    torch.testing.assert_close(objective({"a": broken})[:3], objective({"a": activation}))

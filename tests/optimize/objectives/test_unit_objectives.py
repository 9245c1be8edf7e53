"""Units: each against its formula written as loops."""

import math

import pytest
import torch

from mindseye.optimize.objectives.unit import Channel, LayerNorm, LogProbability, Neuron

ROWS, COLUMNS = 2, 4


def random(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_channel_by_definition():
    """Each image's own channel, averaged over positions."""
    activation, channels = random(3, 6, 8, seed=10), torch.tensor([4, 0, 4])
    expected = [sum(activation[i, c].tolist()) / 8 for i, c in enumerate(channels.tolist())]
    torch.testing.assert_close(Channel("a", channels)({"a": activation}), torch.tensor(expected))


def test_neuron_by_definition():
    """Each image's own channel at its own row and column of the map."""
    maps, channels = random(3, 6, ROWS, COLUMNS, seed=10), [4, 0, 4]
    places = [(0, 3), (1, 0), (1, 2)]
    expected = [float(maps[i, c, row, column]) for i, (c, (row, column)) in enumerate(zip(channels, places))]
    positions = torch.tensor([row * COLUMNS + column for row, column in places])
    neuron = Neuron("a", torch.tensor(channels), positions)
    torch.testing.assert_close(neuron({"a": maps.flatten(2)}), torch.tensor(expected))


def test_layer_norm_by_definition():
    """The mean of all squared activations of an image."""
    activation = random(2, 3, 4)
    expected = []
    for image in range(2):
        squares = [value * value for channel in activation[image].tolist() for value in channel]
        expected.append(sum(squares) / len(squares))
    torch.testing.assert_close(LayerNorm("a")({"a": activation}), torch.tensor(expected))


@pytest.mark.parametrize("positions", [1, 4])
def test_log_probability_by_definition(positions):
    """log (exp(a_c) / sum_j exp(a_j)) at each position, averaged over positions."""
    activation, classes = random(3, 5, positions, seed=3), [4, 0, 2]
    expected = []
    for image, wanted in enumerate(classes):
        logs = []
        for position in range(positions):
            powers = [math.exp(value) for value in activation[image, :, position].tolist()]
            logs.append(math.log(powers[wanted] / sum(powers)))
        expected.append(sum(logs) / positions)
    value = LogProbability("a", torch.tensor(classes))({"a": activation})
    torch.testing.assert_close(value, torch.tensor(expected))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_log_probability_is_stable(size):
    """Logits so large that their exponentials overflow still give a finite value, and a gradient at a hopeless class."""
    logits = torch.tensor([[[size], [0.0], [-size]]], requires_grad=True)
    value = LogProbability("a", torch.tensor([2]))({"a": logits})
    value.sum().backward()
    assert value.isfinite().all()
    assert logits.grad.isfinite().all()
    assert logits.grad[0, 2, 0] > 0.5


def test_half_precision_is_summed_in_single():
    """Activations in bfloat16, as autocast gives them, are averaged in float32."""
    activation = torch.full((1, 2, 4096), 0.1, dtype=torch.bfloat16)
    for objective in (Channel("a", torch.tensor([0])), Neuron("a", torch.tensor([0]), torch.tensor([9]))):
        value = objective({"a": activation})
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(float(activation[0, 0, 0]), rel=1e-6)


def test_one_unit_for_all_images():
    """A unit given once is every image's; units for another number of images are refused, not spread over them."""
    activation = random(4, 6, 8)
    for once, often in (
        (Channel("a", torch.tensor([3])), Channel("a", torch.tensor([3] * 4))),
        (Neuron("a", torch.tensor([3]), torch.tensor([5])), Neuron("a", torch.tensor([3] * 4), torch.tensor([5] * 4))),
        (LogProbability("a", torch.tensor([3])), LogProbability("a", torch.tensor([3] * 4))),
    ):
        assert once({"a": activation}).shape == (4,)
        torch.testing.assert_close(once({"a": activation}), often({"a": activation}))
    with pytest.raises(ValueError, match="3 images do not fit a batch of 4"):
        Channel("a", torch.tensor([0, 1, 2]))({"a": activation})

"""Scores: each against the objective that it stands for."""

import pytest
import torch
from explained import images, plain, scored, surveyed
from nets import TinyConv, TinyTokens, seeded

from mindseye.attribution.score import class_probability, class_score, facet_score, predict_classes, unit_score
from mindseye.errors import UserError
from mindseye.facets.target import build_target
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.measure.pictures import dots
from mindseye.optimize.objectives.facet import DotProduct
from mindseye.optimize.objectives.unit import Channel, Neuron


def read(score, pixels):
    with Reader(score.model.network, [score.layer]) as reader:
        return reader(score.model.preprocessing.normalise(pixels))


def test_class_score_is_the_logit():
    """Of one class for all images, or of another one for each."""
    network = plain()
    logits = network(images())
    torch.testing.assert_close(scored(network)(images()), logits[:, 2])
    torch.testing.assert_close(scored(network, [4, 0])(images()), torch.stack([logits[0, 4], logits[1, 0]]))


def test_unit_scores_are_those_of_the_objectives():
    """A channel and a neuron of a reused module's first call."""
    score = scored(seeded(TinyConv))
    layer = find_layer(surveyed(score), "body.0.relu#0")
    activation = read(unit_score(score.model, layer, 3), images())
    channel, neuron = (
        Channel(layer.address, torch.tensor([3])),
        Neuron(layer.address, torch.tensor([3]), torch.tensor([21])),
    )
    torch.testing.assert_close(unit_score(score.model, layer, 3)(images()), channel(activation))
    torch.testing.assert_close(unit_score(score.model, layer, 3, (5, 2))(images()), neuron(activation))


@pytest.mark.parametrize(("network", "side", "address"), [(TinyConv, 16, "body.1"), (TinyTokens, 32, "blocks.3")])
def test_facet_score_is_its_dot_product(network, side, address):
    """The number that the picture of the facet is painted for, and that its measures are taken with."""
    score = scored(seeded(network), side=side)
    layer = find_layer(surveyed(score, side), address)
    ranks = torch.randn(3, layer.channels, layer.positions, generator=torch.Generator().manual_seed(1)).sort(-1).values
    target = build_target(address, ranks, 4)
    facet = facet_score(score.model, layer, target, 1)
    activation = read(facet, images(side=side))
    torch.testing.assert_close(facet(images(side=side)), DotProduct(target.select([1, 1]))(activation))
    torch.testing.assert_close(facet(images(side=side)), dots(target, 1, activation[address].mean(-1)))


def test_select_and_tiled_keep_each_image_its_class():
    score = scored(plain(), [4, 0])
    both = score(images())
    torch.testing.assert_close(score.select([1])(images()[1:]), both[1:])
    torch.testing.assert_close(score.tiled(torch.cat([images(), images()])), torch.cat([both, both]))


def test_probability_and_prediction():
    network = plain()
    probabilities = network(images()).softmax(1)
    torch.testing.assert_close(class_probability(scored(network, [4, 0]), images()), probabilities[[0, 1], [4, 0]])
    score = scored(network)
    assert predict_classes(score.model, score.layer, images()) == probabilities.argmax(1).tolist()


def test_what_is_not_there_is_refused():
    """With the valid range."""
    score = scored(seeded(TinyConv))
    model, layer = score.model, find_layer(surveyed(score), "body.1")
    target = build_target("body.1", torch.rand(2, 16, 4), 3)
    with pytest.raises(UserError, match="0-4"):
        class_score(model, score.layer, [5])
    with pytest.raises(UserError, match="0-15"):
        unit_score(model, layer, 16)
    with pytest.raises(UserError, match="x is 0-3, y is 0-3"):
        unit_score(model, layer, 0, (4, 0))
    with pytest.raises(UserError, match="no rows and columns"):
        unit_score(model, score.layer, 0, (0, 0))
    with pytest.raises(UserError, match="facets are 0-1"):
        facet_score(model, layer, target, 2)
    with pytest.raises(UserError, match="16 channels"):
        facet_score(model, score.layer, target, 0)

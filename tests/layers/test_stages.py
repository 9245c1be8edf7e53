"""Stages: the layers that tell a network's depth, found without knowing the network."""

import pytest
from nets import TinyConv, TinyTokens, seeded
from torch import nn

from mindseye.layers.layer import find_layer
from mindseye.layers.stages import blocks_below, default_layer, last_before_pooling, stages, stages_below
from mindseye.layers.survey import survey


def test_stages_of_a_small_network():
    """The last block of each width and resolution, head and pooling left out."""
    network = seeded(TinyConv)
    layers = survey(network, 32)
    assert [stage.address for stage in stages(network, layers)] == ["body.0", "body.2"]
    assert last_before_pooling(network, layers).address == "body.2"


def test_plain_transformer_is_cut_evenly():
    """A network of one width and resolution gives evenly spaced blocks, the last one included."""
    network = seeded(TinyTokens)
    found = [stage.address for stage in stages(network, survey(network, 32))]
    assert len(found) == 6
    assert found[-1] == "blocks.7"
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet18", ["layer1.1", "layer2.1", "layer3.1", "layer4.1"]),
        ("vgg11", ["features.4", "features.9", "features.14", "features.19"]),
        ("convnext_tiny", ["features.1.2", "features.3.2", "features.5.8", "features.7.2"]),
        ("swin_t", ["features.1.1", "features.3.1", "features.5.5", "norm"]),
    ],
)
def test_stages_of_known_networks(name, expected):
    """What a person would name the stages of torchvision's networks."""
    import torchvision

    network = torchvision.models.get_model(name, weights=None).eval()
    assert [stage.address for stage in stages(network, survey(network, 224))] == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("resnet18", "layer4.1"), ("vit_b_32", "encoder.layers.encoder_layer_9"), ("swin_t", "norm")]
)
def test_the_default_layer_of_known_networks(name, expected):
    """The last before pooling, also of a transformer that merges its tokens; of a plain one the tenth of twelve blocks."""
    import torchvision

    network = torchvision.models.get_model(name, weights=None).eval()
    assert default_layer(network, survey(network, 224)).address == expected


def test_the_default_layer_is_a_block_whatever_stands_around_the_blocks():
    """Neither the normalisation behind the blocks nor what makes tokens of the image count as depth of their own."""
    network = seeded(TinyTokens)
    layers = survey(network, 32)
    assert default_layer(network, layers).address == "blocks.6"
    network.blocks = network.blocks[:1]
    assert default_layer(network, survey(network, 32)).address == "blocks.0"


def test_stages_below_a_layer_inside_a_block():
    """Below a layer lie the stages that have fired before it; the stage that holds it does not count."""
    network = seeded(TinyConv)
    layers = survey(network, 32)
    below = [stage.address for stage in stages_below(network, layers, find_layer(layers, "body.2.conv1"))]
    assert below == ["body.0"]
    assert stages_below(network, layers, find_layer(layers, "body.0")) == []


def test_blocks_below_are_all_blocks_of_the_trunk_but_the_stem():
    """Every residual block, in order; of convolution, normalisation and activation at the stem none."""
    import torchvision

    network = torchvision.models.resnet18(weights=None).eval()
    layers = survey(network, 64)
    below = [block.address for block in blocks_below(network, layers, find_layer(layers, "layer4.1"))]
    assert below == ["layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1", "layer4.0"]
    inside = [block.address for block in blocks_below(network, layers, find_layer(layers, "layer2.0.conv2"))]
    assert inside == ["layer1.0", "layer1.1"]


def test_of_a_convolution_and_its_activation_function_one_is_a_block():
    """In a network of single modules, what only looks at each value stands for the convolution before it."""
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 8, 1)
    ).eval()
    layers = survey(network, 16)
    assert [block.address for block in blocks_below(network, layers, find_layer(layers, "4"))] == ["2", "3"]

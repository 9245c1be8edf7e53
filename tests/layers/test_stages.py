"""Stages: the layers that tell a network's depth, found without knowing the network."""

import pytest
from nets import TinyConv, TinyTokens, seeded

from mindseye.layers.layer import find_layer
from mindseye.layers.stages import last_before_pooling, stages, stages_below
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


def test_stages_below_a_layer_inside_a_block():
    """Below a layer lie the stages that have fired before it; the stage that holds it does not count."""
    network = seeded(TinyConv)
    layers = survey(network, 32)
    below = [stage.address for stage in stages_below(network, layers, find_layer(layers, "body.2.conv1"))]
    assert below == ["body.0"]
    assert stages_below(network, layers, find_layer(layers, "body.0")) == []

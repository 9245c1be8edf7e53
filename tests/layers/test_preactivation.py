"""Before the activation function: found by comparing values, read by address."""

import pytest
import torch
import torchvision
from nets import ChannelsLast, TinyConv, TinyTokens, seeded

from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.preactivation import find_preactivation, is_activation_function
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey


def before(network, address, side=32, channels=3):
    layers = survey(network, side, channels)
    found = find_preactivation(network, layers, find_layer(layers, address), side, channels)
    return None if found is None else found.address


@pytest.mark.parametrize("channels", [1, 3, 7])
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("stem", None),
        ("relu", "relu@input"),
        ("body.0", "body.0.relu#1@input"),
        ("body.0.relu#0", "body.0.relu#0@input"),
        ("body.0.relu", "body.0.relu#1@input"),
        ("body.0.conv1", None),
        ("body.0.conv1@input", "relu@input"),
        ("body.0.conv2@input", "body.0.relu#0@input"),
        ("relu@input", None),
        ("body.1", None),
        ("body.2", "body.2.relu#1@input"),
        ("body", "body.2.relu#1@input"),
        ("pool", None),
        ("fc", None),
    ],
)
def test_small_network(address, expected, channels):
    """Modules that run twice, blocks that end in one of them, inputs that come from one; convolutions have none."""
    assert before(seeded(TinyConv, channels), address, channels=channels) == expected


def test_what_is_found_is_what_the_function_turns_into_the_layer():
    """The input found, put through the function, is the layer; and its address leads back to it."""
    network = seeded(TinyConv)
    layers = survey(network, 32)
    layer = find_layer(layers, "body.2")
    found = find_preactivation(network, layers, layer, 32)
    assert find_layer(layers, found.address) == found
    with Reader(network, [layer, found]) as read:
        got = read(torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(2)))
    assert got[found.address].min() < 0
    torch.testing.assert_close(got[found.address].relu(), got["body.2"])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("layer4", "layer4.1.relu#1@input"),
        ("layer3.0", "layer3.0.relu#1@input"),
        ("layer3.0.relu#0", "layer3.0.relu#0@input"),
        ("layer3.0.bn1", None),
        ("layer3.0.downsample", None),
        ("maxpool", None),
    ],
)
def test_resnet(address, expected):
    """torchvision's blocks call one ReLU several times."""
    assert before(torchvision.models.resnet18(weights=None).eval(), address, side=64) == expected


def test_linear_bottleneck():
    """EfficientNet's blocks end without an activation function; the layers inside them have one."""
    timm = pytest.importorskip("timm")
    network = timm.create_model("efficientnet_b0", pretrained=False).eval()
    layers = survey(network, 64)
    assert find_preactivation(network, layers, find_layer(layers, "blocks.3.1"), 64) is None
    inner = find_preactivation(network, layers, find_layer(layers, "blocks.3.1.bn1"), 64)
    assert inner.address == "blocks.3.1.bn1.act@input"


def test_channels_last_and_tokens():
    """GELU on [B, H, W, C]; a transformer's block has no function of its own at the end, its activation is no module."""
    assert before(seeded(ChannelsLast), "gelu") == "gelu@input"
    assert before(seeded(ChannelsLast), "norm") is None
    assert before(seeded(TinyTokens), "blocks.1") is None


def test_the_output_of_a_network():
    """An output that a sigmoid gave is found too."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Sigmoid())
    layers = survey(network, 8)
    assert find_preactivation(network, layers, find_output(network, 8)[0], 8).address == "1@input"


def test_the_first_of_two_functions_counts():
    """A ReLU behind a ReLU changes nothing: the input of the first still has its negative side."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.ReLU())
    assert before(network, "3", 8) == "1@input"
    assert before(network, "2", 8) == "1@input"


def test_two_dead_layers_are_not_taken_for_each_other():
    """A layer of zeros that comes from no activation function has none, though a ReLU before it gave zeros too."""
    network = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Conv2d(3, 3, 1), torch.nn.ReLU(), torch.nn.Conv2d(3, 3, 1))
    with torch.no_grad():
        network[1].weight.zero_()
        network[1].bias.fill_(-1.0)
        network[3].weight.zero_()
        network[3].bias.zero_()
    assert before(network, "3", 8) is None
    assert before(network, "2", 8) == "2@input"


def test_which_modules_count():
    """Every element-wise function of torch.nn, and those named like one; not what mixes numbers."""
    modules = vars(torch.nn.modules.activation)
    mixing = {"GLU", "MultiheadAttention", "Softmax", "Softmax2d", "Softmin", "LogSoftmax"}
    for name in torch.nn.modules.activation.__all__:
        kind = modules[name]
        assert is_activation_function(kind.__new__(kind)) == (name not in mixing), name
    assert is_activation_function(type("GELUActivation", (torch.nn.Module,), {})())
    assert is_activation_function(type("Mine", (torch.nn.SiLU,), {})())
    assert not is_activation_function(torch.nn.Identity())

"""The network's own output: whatever structure it has, what is read is what the network gives."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import pytest
import torch
import torchvision
from nets import TinyConv, TinyTokens, seeded

from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey

SIDE = 32
Pair = namedtuple("Pair", ["scores", "features"])


class ModelOutput(OrderedDict):
    """As transformers' outputs are: a dict with attributes."""


@dataclass
class Dense:
    loss: torch.Tensor | None
    depth: torch.Tensor


class Gives(torch.nn.Module):
    """A small network that gives whatever is made of its image [B, C, H, W] and its scores [B, 5]."""

    def __init__(self, form, channels=3):
        super().__init__()
        self.inner = seeded(TinyConv, channels)
        self.form = form

    def forward(self, images):
        return self.form(images, self.inner(images))


def images(channels=3, batch=4, side=SIDE):
    return torch.randn(batch, channels, side, side, generator=torch.Generator().manual_seed(1))


def read(network, layer, channels=3):
    with Reader(network, [layer]) as reader:
        return reader(images(channels))[layer.address]


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_scores_of_a_plain_network(channels):
    """Without a structure the output is [B, C], and all words are left over."""
    network = seeded(TinyConv, channels)
    layer, left = find_output(network, SIDE, channels, ["3"])
    assert (layer.address, layer.path, layer.channels, layer.grid, left) == ("output", (), 5, (), ["3"])
    torch.testing.assert_close(read(network, layer, channels), network(images(channels))[..., None])


@pytest.mark.parametrize(
    ("form", "words", "address", "left"),
    [
        (lambda x, y: {"out": x, "aux": y}, ["aux", "3"], "output:aux", ["3"]),
        (lambda x, y: {"out": x, "aux": y}, ["aux"], "output:aux", []),
        (lambda x, y: {"a": {"b": [x, (x, y)]}}, ["a.b.1.1", "3"], "output:a.b.1.1", ["3"]),
        (lambda x, y: {"a": {"b": [x, (x, y)]}}, ["a", "b.1", "1"], "output:a.b.1.1", []),
        (lambda x, y: {"a": {"b": [x, (x, y)]}}, ["a", "b", "1", "1", "0"], "output:a.b.1.1", ["0"]),
        (lambda x, y: {"head.a": y, "head": {"b": x}}, ["head.a"], "output:head.a", []),
        (lambda x, y: {7: {"head.a": [x, y]}}, ["7.head.a.1"], "output:7.head.a.1", []),
        (lambda x, y: Pair(y, x), ["scores", "4"], "output:scores", ["4"]),
        (lambda x, y: Pair(y, x), ["0", "4"], "output:0", ["4"]),
        (lambda x, y: ModelOutput(loss=None, logits=y), ["logits"], "output:logits", []),
        (lambda x, y: Dense(x.mean(), y), ["depth"], "output:depth", []),
        (lambda x, y: (y, x), [], "output:0", []),
        (lambda x, y: {"loss": y.mean(), "best": y.argmax(1), "scores": [y]}, [], "output:scores.0", []),
    ],
)
def test_parts_of_a_structure(form, words, address, left):
    """Keys, indices and fields lead to the part; what is behind it is left over; without words the first that fits."""
    network = Gives(form)
    layer, rest = find_output(network, SIDE, 3, words)
    assert (layer.address, rest) == (address, left)
    assert (layer.layout.axes, layer.channels) == ("vector", 5)
    torch.testing.assert_close(read(network, layer), network.inner(images())[..., None])


def test_two_parts_beside_an_inner_layer():
    """Several parts of one output and a layer within are read in one pass."""
    network = Gives(lambda x, y: {"map": x, "scores": y})
    layers = [
        find_output(network, SIDE, 3, ["map"])[0],
        find_output(network, SIDE, 3, ["scores"])[0],
        find_layer(survey(network, SIDE), "inner.stem"),
    ]
    with Reader(network, layers) as reader:
        got = reader(images())
    torch.testing.assert_close(got["output:map"], images().flatten(2))
    torch.testing.assert_close(got["output:scores"], network.inner(images())[..., None])
    torch.testing.assert_close(got["inner.stem"], network.inner.stem(images()).flatten(2))


def test_segmentation_network():
    """torchvision's segmentation gives a dict with a dense map for every class."""
    network = torchvision.models.get_model("lraspp_mobilenet_v3_large", weights=None, weights_backbone=None).eval()
    layer, left = find_output(network, SIDE, 3, ["out", "15"])
    assert (layer.address, layer.layout.axes, layer.channels, layer.grid) == ("output:out", "map", 21, (SIDE, SIDE))
    assert left == ["15"]
    with torch.no_grad():
        torch.testing.assert_close(read(network, layer), network(images())["out"].flatten(2))


@pytest.mark.parametrize("grows", [True, False])
def test_depth_has_one_channel(grows):
    """[B, H, W] is one channel, whether the network takes other sizes or only its own."""

    def depth(x, _):
        if not grows and x.shape[-1] != SIDE:
            raise RuntimeError("one size only")
        return x.mean(1)

    network = Gives(depth)
    layer, _ = find_output(network, SIDE)
    assert (layer.channels, layer.grid, layer.rows_and_columns) == (1, (SIDE, SIDE), (SIDE, SIDE))
    torch.testing.assert_close(read(network, layer), images().mean(1).flatten(1)[:, None])


def test_one_number_for_an_image_is_one_channel():
    """[B] is one channel of one position."""
    network = Gives(lambda x, y: y[:, 2])
    layer, _ = find_output(network, SIDE)
    assert (layer.channels, layer.positions) == (1, 1)
    torch.testing.assert_close(read(network, layer), network.inner(images())[:, 2, None, None])


def test_joints_of_a_pose_are_tokens():
    """[B, 17, 2]: seventeen positions of two channels, none taken for a class token."""
    network = Gives(lambda x, y: x.flatten(1)[:, :34].reshape(-1, 17, 2))
    layer, _ = find_output(network, SIDE)
    assert (layer.channels, layer.grid, layer.rows_and_columns) == (2, (17,), None)
    torch.testing.assert_close(read(network, layer), images().flatten(1)[:, :34].reshape(-1, 17, 2).transpose(1, 2))


def test_tokens_with_a_stated_prefix():
    """A network that says how many of its tokens are no patches has them left out."""
    network = seeded(TinyTokens)
    network.head, network.num_prefix_tokens = torch.nn.Identity(), 2
    network.forward = lambda x: network.blocks(
        torch.cat([network.extra.expand(len(x), -1, -1), network.patches(x).flatten(2).transpose(1, 2)], 1)
    )
    layer, _ = find_output(network, SIDE)
    assert (layer.channels, layer.grid, layer.rows_and_columns) == (12, (16,), (4, 4))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mask"], r"no part 'mask'; it has out, inner"),
        (["inner", "2"], r"part 'inner' has no part '2'; it has 0, 1"),
        (["inner.2"], r"part 'inner' has no part '2'; it has 0, 1"),
        (["out.15"], r"part 'out' has no part '15'; it has no parts"),
        ([""], r"no part ''; it has out, inner"),
        (["inner."], r"part 'inner' has no part ''; it has 0, 1"),
    ],
)
def test_unknown_parts_name_those_that_exist(words, message):
    """A part that is not there is refused with the parts that are."""
    with pytest.raises(UserError, match=message):
        find_output(Gives(lambda x, y: {"out": x, "inner": [y, y]}), SIDE, 3, words)


@pytest.mark.parametrize(
    ("form", "words", "message"),
    [
        (lambda x, y: {"loss": y.mean(), "out": y}, ["loss"], r"output:loss of shape \[\]"),
        (lambda x, y: {"best": y.argmax(1)}, ["best"], r"output:best of shape \[2\] \(torch.int64\)"),
        (lambda x, y: {"prototypes": torch.zeros(2, 5)}, ["prototypes"], r"output:prototypes of shape \[2, 5\]"),
        (lambda x, y: [{"boxes": one[0, :4], "masks": one} for one in x], ["0.boxes"], r"output:0.boxes of shape"),
        (lambda x, y: [{"boxes": one[0, :4]} for one in x], [], r"a list of 0, 1"),
        (lambda x, y: None, [], r"a NoneType"),
        (lambda x, y: y[:, None, None, None], [], r"neither a map"),
    ],
)
def test_what_holds_no_images_is_refused(form, words, message):
    """A loss, indices, a table that has two rows by accident, a list by image: none is an activation of the images."""
    with pytest.raises(UserError, match=message):
        find_output(Gives(form), SIDE, 3, words)


def test_a_part_that_is_missing_at_run_time():
    """What an output held at first and holds no more is told."""
    network = Gives(lambda x, y: {"out": y, "aux": y})
    layer, _ = find_output(network, SIDE, 3, ["aux"])
    network.form = lambda x, y: {"out": y}
    with pytest.raises(UserError, match=r"no part 'aux'; it has out"):
        read(network, layer)
    network.form = lambda x, y: {"out": y, "aux": None}
    with pytest.raises(UserError, match=r"'output:aux' gave no activations"):
        read(network, layer)
    assert not any(module._forward_hooks for module in network.modules())


def test_images_that_the_network_does_not_take():
    """The size is told, with the network's own words."""
    with pytest.raises(UserError, match="3 x 40 x 40"):
        find_output(seeded(TinyTokens), 40)


def test_a_network_in_training_is_left_as_it_was():
    """It is looked at in evaluation mode: nothing is learned from the noise, and training goes on."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten()).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    find_output(network, 8)
    assert all(module.training for module in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_a_module_named_output_is_another_layer():
    """The module and the network's output are read beside each other under addresses of their own."""
    network = torch.nn.Sequential(
        OrderedDict(flat=torch.nn.Flatten(), output=torch.nn.Linear(48, 5), last=torch.nn.Softmax(1))
    )
    inner, (whole, _) = find_layer(survey(network, 4), "output"), find_output(network, 4)
    assert inner.address != whole.address
    with Reader(network, [inner, whole]) as reader:
        got = reader(images(side=4))
    torch.testing.assert_close(got[whole.address], got[inner.address].softmax(1))

"""Layers: what fires, where it is addressed, and that what is read is what was there."""

import pytest
import torch
from nets import ChannelsLast, TinyConv, TinyTokens, seeded

from mindseye.errors import UserError
from mindseye.layers.layer import find_layer, list_outputs
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey


def images(side=32, channels=3, batch=4):
    return torch.randn(batch, channels, side, side, generator=torch.Generator().manual_seed(1))


def read(network, *addresses, side=32, channels=3):
    network_layers = survey(network, side, channels)
    with Reader(network, [find_layer(network_layers, address) for address in addresses]) as reader:
        return reader(images(side, channels))


def test_reused_inplace_relu_is_read_at_every_call():
    """Each call of a reused in-place module gives its own tensor, untouched by what comes after."""
    network = seeded(TinyConv)
    block = network.body[0]
    got = read(network, "body.0.conv1", "body.0.relu#0", "body.0.conv2", "body.0.relu#1", "body.0.relu")
    features = network.stem(images()).relu()
    conv1 = block.conv1(features)
    conv2 = block.conv2(conv1.relu())
    expected = {
        "body.0.conv1": conv1,
        "body.0.relu#0": conv1.relu(),
        "body.0.conv2": conv2,
        "body.0.relu#1": (conv2 + features).relu(),
        "body.0.relu": (conv2 + features).relu(),
    }
    for address, tensor in expected.items():
        torch.testing.assert_close(got[address], tensor.flatten(2))


def test_input_of_a_module():
    """``@input`` reads what goes in, before an in-place module changes it."""
    network = seeded(TinyConv)
    got = read(network, "relu@input", "body.0.conv1@input")
    stem = network.stem(images())
    torch.testing.assert_close(got["relu@input"], stem.flatten(2))
    torch.testing.assert_close(got["body.0.conv1@input"], stem.relu().flatten(2))


def test_tokens_leave_out_class_and_register_tokens():
    """[B, T, C] becomes [B, C, patches]: the two tokens that are no patches are gone, the order stays."""
    network = seeded(TinyTokens)
    got = read(network, "blocks.0")["blocks.0"]
    tokens = network.patches(images()).flatten(2).transpose(1, 2)
    tokens = torch.cat([network.extra.expand(4, -1, -1), tokens], 1) + network.place
    torch.testing.assert_close(got, network.blocks[0](tokens)[:, 2:].transpose(1, 2), rtol=1e-4, atol=1e-5)


def test_encoder_blocks_list_only_what_fires():
    """PyTorch's fused attention does not hide the modules inside, and an attention's out_proj is no address."""
    addresses = [layer.address for layer in list_outputs(survey(seeded(TinyTokens), 32))]
    assert "blocks.0.linear1" in addresses
    assert not [address for address in addresses if address.endswith("out_proj")]


@pytest.mark.parametrize("side", [32, 28])
def test_channels_last_is_told_from_channels_first(side):
    """[B, H, W, C] is read by its last axis, also where H, W and C are equal and the shape says nothing."""
    network = seeded(ChannelsLast)
    layers = survey(network, side)
    assert find_layer(layers, "gelu").shape[:2] == (side // 4, side // 4)
    for address in ("norm", "gelu", "pair"):
        assert (find_layer(layers, address).layout.axes, find_layer(layers, address).channels) == ("map_last", 8)
    assert find_layer(layers, "conv").layout.axes == "map"
    got = read(network, "pair", side=side)["pair"]
    inner = network.gelu(network.norm(network.conv(images(side)).permute(0, 2, 3, 1))) * 2
    torch.testing.assert_close(got, inner.permute(0, 3, 1, 2).flatten(2))


def test_windows_in_the_batch_axis_are_unfolded():
    """[B * windows, T, C] is read as [B, C, windows * T], each image with its own windows."""

    class Windows(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Identity()

        def forward(self, x):
            b = len(x)
            return self.inner(x.unfold(2, 8, 8).unfold(3, 8, 8).permute(0, 2, 3, 4, 5, 1).reshape(b * 16, 64, 3))

    got = read(Windows(), "inner")["inner"]
    assert got.shape == (4, 3, 1024)
    torch.testing.assert_close(got.mean(-1), images().mean((-1, -2)))


def test_vectors_have_one_position():
    """[B, C] is read as [B, C, 1]."""
    assert read(seeded(TinyConv), "fc")["fc"].shape == (4, 5, 1)


def test_forward_stops_behind_the_last_layer_read():
    """What lies behind the layers that are read is not computed."""
    network = seeded(TinyConv)
    layers = [find_layer(survey(network, 32), "body.1")]
    ran = []
    network.fc.register_forward_hook(lambda *_: ran.append("fc"))
    network.body[1].register_forward_hook(lambda *_: ran.append("body.1"))
    with Reader(network, layers) as reader:
        reader(images())
    assert ran == ["body.1"]


def test_hooks_are_gone_after_an_error():
    """A reader leaves no hook behind, even when the network raises in the middle."""
    network = seeded(TinyConv)
    layers = [find_layer(survey(network, 32), "body.2")]
    with pytest.raises(RuntimeError), Reader(network, layers) as reader:
        reader(images(channels=4))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_gradients_reach_the_image_through_every_layer_read():
    """The gradient of a read activation is autograd's own on the plain network, with in-place modules behind it."""
    network = seeded(TinyConv)
    first, second = images().requires_grad_(), images().requires_grad_()
    layers = survey(network, 32)
    with Reader(network, [find_layer(layers, "stem"), find_layer(layers, "body.1")]) as reader:
        got = reader(first)
    (got["stem"].square().sum() + got["body.1"].sum()).backward()
    stem = network.stem(second)
    (stem.square().sum() + network.body[1](network.body[0](stem.relu())).sum()).backward()
    torch.testing.assert_close(first.grad, second.grad)


def test_unknown_layer_names_near_ones():
    """A misspelt address is answered with those that are near."""
    with pytest.raises(UserError, match=r"body\.0\.conv1"):
        find_layer(survey(seeded(TinyConv), 32), "body.0.konv1")


def test_call_that_does_not_happen_is_unknown():
    """``#n`` beyond the number of calls is refused."""
    with pytest.raises(UserError, match="#7"):
        find_layer(survey(seeded(TinyConv), 32), "body.0.relu#7")


def test_wrong_size_is_told():
    """A network of one size names the size that it was given."""
    with pytest.raises(UserError, match="40 px"):
        survey(seeded(TinyTokens), 40)


def test_cost_is_the_share_of_operations():
    """The cost of a layer is the operations up to it over all: here of convolutions whose counts are known."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.Conv2d(4, 12, 1))
    costs = [layer.cost for layer in list_outputs(survey(network, 8))]
    assert costs == pytest.approx([12 / 60, 1.0])


def test_two_readers_do_not_disturb_each_other():
    """A reader that is open but not reading neither ends another one's forward pass nor counts its calls."""
    network = seeded(TinyConv)
    layers = survey(network, 32)
    with (
        Reader(network, [find_layer(layers, "stem")]) as first,
        Reader(network, [find_layer(layers, "body.2")]) as second,
    ):
        deep = second(images())["body.2"]
        shallow = first(images())["stem"]
    torch.testing.assert_close(deep, read(network, "body.2")["body.2"])
    torch.testing.assert_close(shallow, read(network, "stem")["stem"])


def test_rows_and_columns():
    """A map's own; tokens that fill a square; none for a vector, for windows or for tokens that fill no square."""
    conv, tokens, last = (survey(seeded(network), 32) for network in (TinyConv, TinyTokens, ChannelsLast))
    assert find_layer(conv, "stem").rows_and_columns == (16, 16)
    assert find_layer(conv, "fc").rows_and_columns is None
    assert find_layer(tokens, "blocks.3").rows_and_columns == (4, 4)
    assert find_layer(last, "pair").rows_and_columns == (8, 8)

    class Folded(torch.nn.Module):
        def __init__(self, width):
            super().__init__()
            self.inner, self.width = torch.nn.Identity(), width

        def forward(self, x):
            return self.inner(x.flatten(2).transpose(1, 2).reshape(-1, self.width, 3))

    assert find_layer(survey(Folded(64), 32), "inner").rows_and_columns is None
    assert find_layer(survey(Folded(32 * 32), 32), "inner").rows_and_columns == (32, 32)


def test_position_index_runs_row_by_row():
    """Position y * columns + x of what is read is the map's value in row y and column x."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, (1, 5)))
    layer = find_layer(survey(network, 8), "0")
    rows, columns = layer.rows_and_columns
    assert (rows, columns) == (8, 4)
    got, whole = read(network, "0", side=8)["0"], network(images(8))
    torch.testing.assert_close(got[:, :, 6 * columns + 3], whole[:, :, 6, 3])


def test_one_layer_under_two_names_does_not_end_the_pass():
    """The same address twice counts once: the layers behind it are still read."""
    network = seeded(TinyConv)
    layers = survey(network, 32)
    twice = [find_layer(layers, "stem"), find_layer(layers, "stem"), find_layer(layers, "body.1")]
    with Reader(network, twice) as reader:
        assert set(reader(images())) == {"stem", "body.1"}

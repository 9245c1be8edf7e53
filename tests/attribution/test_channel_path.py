"""What carries a channel's value: attribution and ablation of channels one layer before."""

import pytest
import torch
from torch import nn

from mindseye.attribution.channels import ChannelPath
from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey

SIDE = 12


def layers_of(network):
    listed = survey(network, SIDE, 3)
    return lambda address: find_layer(listed, address)


def images(count=3):
    return torch.randn(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def linear():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 5, 3), nn.Conv2d(5, 4, 3, bias=False)).eval()


def test_of_a_linear_network_attribution_is_the_drop(linear):
    """Where nothing bends, what a channel carries is exactly what is lost when it is held at its mean."""
    find = layers_of(linear)
    means = torch.randn(5)
    path = ChannelPath(linear, find("0"), find("1"), 2, means)
    carried = path.attribute(images())
    whole, *held = path.ablate(images(), [None, *range(5)])
    for channel in range(5):
        assert carried[:, channel] == pytest.approx(whole - held[channel], abs=1e-5)


def test_ablation_is_a_forward_pass_with_the_channel_held(linear):
    """Against the modules called by hand; nothing of it stays in the network."""
    find = layers_of(linear)
    means = torch.arange(5.0)
    before = linear[0](images()).detach().clone()
    before[:, 3] = means[3]
    (value,) = ChannelPath(linear, find("0"), find("1"), 1, means).ablate(images(), [3])
    assert value == pytest.approx(linear[1](before)[:, 1].mean((1, 2)).detach())
    assert torch.equal(linear(images()), linear[1](linear[0](images())))


def test_attribution_is_the_slope_times_what_exceeds_the_mean():
    """Behind a ReLU that works in place, which must not spoil what was read: against autograd by hand."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(inplace=True), nn.Conv2d(5, 4, 3), nn.ReLU(inplace=True)).eval()
    find = layers_of(network)
    means = torch.randn(5)
    carried = ChannelPath(network, find("0"), find("3"), 1, means).attribute(images())
    inner = network[0](images()).detach().requires_grad_()
    torch.relu(network[2](torch.relu(inner)))[:, 1].mean((1, 2)).sum().backward()
    slow = ((inner - means[:, None, None]) * inner.grad).sum((2, 3))
    assert carried == pytest.approx(slow.detach(), abs=1e-6)


def test_what_is_no_output_cannot_be_followed(linear):
    """The input of a module is not exchanged: it is refused beforehand."""
    find = layers_of(linear)
    assert ChannelPath.can_follow(find("0"))
    assert not ChannelPath.can_follow(find("1@input"))


class Branching(nn.Module):
    """In-place work on kept outputs, a module that is called twice, and a way around the earlier layer."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True))
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.before = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True))
        self.after = nn.Conv2d(4, 5, 3)
        self.passes = 0

    def forward(self, images):
        self.passes += 1
        stem = self.stem(images)
        around = self.twice(self.twice(stem))
        stem += 1  # in place, on what the stem gave
        return self.after(self.before(stem * 2) + around)


def test_passes_that_begin_behind_the_layer_are_whole_passes():
    """Bit for bit what whole passes with the channel exchanged give, and the network is left as it was."""
    torch.manual_seed(0)
    network = Branching().eval()
    find = layers_of(network)
    means = torch.randn(4)
    drawn = images()
    values = ChannelPath(network, find("before"), find("after"), 2, means).ablate(drawn, [1, None, 3])
    for row, channel in zip(values, [1, None, 3], strict=True):

        def exchange(module, inputs, output, channel=channel):
            output = output.clone()
            if channel is not None:
                output[:, channel] = means[channel]
            return output

        handle = network.before.register_forward_hook(exchange)
        with torch.no_grad():
            assert torch.equal(row, network(drawn)[:, 2].flatten(1).mean(-1))
        handle.remove()
    assert not any("forward" in module.__dict__ for module in network.modules())


def test_what_lies_before_the_layer_is_computed_once():
    """Of four values the stem is asked for one."""
    torch.manual_seed(0)
    asked = []

    class Stem(nn.Conv2d):
        def forward(self, images):
            asked.append(len(images))
            return super().forward(images)

    network = nn.Sequential(nn.Sequential(Stem(3, 4, 3)), nn.Conv2d(4, 5, 3), nn.Conv2d(5, 6, 3)).eval()
    find = layers_of(network)
    asked.clear()
    ChannelPath(network, find("1"), find("2"), 0, torch.zeros(5)).ablate(images(), [None, 0, 1, 2])
    assert asked == [3]

"""Saliency and integrated gradients: closed forms of linear networks, and sums written as loops."""

import re
import sys

import pytest
import torch
from explained import DICE, SIDE, images, plain, scored
from nets import TinyTokens, seeded
from torch import nn

from mindseye.attribution.gradients import integrated_gradients, saliency
from mindseye.errors import UserError
from mindseye.wording import install_command


def linear():
    return seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 5)))


def test_linear_network():
    """The gradient is the weight; integrated, it is weight times pixel, and nothing is missed."""
    network, pixels = linear(), images()
    weight = network[1].weight[2].view(3, SIDE, SIDE)
    torch.testing.assert_close(saliency(scored(network), pixels).map, weight.abs().amax(0).expand(2, -1, -1))
    found = integrated_gradients(scored(network), pixels, DICE, steps=3)
    torch.testing.assert_close(found.map, (weight * pixels).sum(1))
    assert max(found.numbers["error"]) < 1e-4


@pytest.mark.parametrize(("network", "side"), [(plain, 16), (lambda: seeded(TinyTokens), 32)])
def test_integrated_gradients_complete(network, side):
    """Maps sum up to the score's difference to the baseline, each image with a class and a baseline of its own."""
    score, pixels = scored(network(), [4, 0], side), images(side=side)
    found = integrated_gradients(score, pixels, DICE, "mean", steps=200)
    difference = score(pixels) - score(pixels.mean((2, 3), keepdim=True).expand_as(pixels))
    torch.testing.assert_close(found.map.sum((1, 2)), difference, rtol=0.03, atol=1e-3)
    expected = (found.map.sum((1, 2)) - difference).abs() / difference.abs()
    torch.testing.assert_close(torch.tensor(found.numbers["error"]), expected, rtol=0.01, atol=1e-4)


@pytest.mark.parametrize(("network", "side"), [(plain, 16), (lambda: seeded(TinyTokens), 32)])
def test_saliency_is_the_gradient(network, side):
    score, pixels = scored(network(), [4, 0], side), images(side=side).requires_grad_()
    (slopes,) = torch.autograd.grad(score(pixels).sum(), pixels)
    torch.testing.assert_close(saliency(score, pixels.detach()).map, slopes.abs().amax(1))


def test_a_network_in_training_is_left_so():
    """The user's own module: looked at in evaluation mode, and as it was afterwards."""
    network = nn.Sequential(plain(), nn.Dropout(0.5)).train().requires_grad_(True)
    expected = saliency(scored(plain()), images()).map
    torch.testing.assert_close(saliency(scored(network), images()).map, expected)
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_no_steps_are_refused():
    with pytest.raises(UserError, match="at least 1 step"):
        integrated_gradients(scored(plain()), images(), DICE, steps=0)


def test_nan_is_refused():
    network = plain()
    network[8].bias.data[2] = float("nan")
    network[8].weight.data[2] = float("nan")
    with pytest.raises(UserError, match="image 0 is NaN"):
        saliency(scored(network), images())


def test_without_captum_the_way_out_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(UserError, match=re.escape(f"this method needs Captum: {install_command('explain')}")):
        saliency(scored(plain()), images())

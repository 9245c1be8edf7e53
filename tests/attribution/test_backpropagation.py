"""Deconvnet and guided backpropagation: against Captum where it is right, against loops and the gradient elsewhere."""

import pytest
import torch
from captum.attr import Deconvolution, GuidedBackprop
from explained import Functional, Gated, hooks, images, plain, scored
from nets import ChannelsLast, TinyConv, TinyTokens, seeded
from torch import nn
from torch.nn import functional

from mindseye.attribution.backpropagation import backpropagation
from mindseye.attribution.score import class_score
from mindseye.errors import UserError
from mindseye.layers.output import find_output

CAPTUMS = {"deconvnet": Deconvolution, "guided-backprop": GuidedBackprop}


class Bounded(nn.ReLU6):
    """A subclass, as networks bring their own."""


class Applied(nn.Module):
    """Any function as a network."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, pixels):
        return self.function(self.weight * pixels).sum((2, 3))


def gradient(score, pixels):
    pixels = pixels.clone().requires_grad_()
    return torch.autograd.grad(score(pixels).sum(), pixels)[0].sum(1)


@pytest.mark.parametrize("method", CAPTUMS)
@pytest.mark.filterwarnings("ignore:Setting backward hooks", "ignore:Input Tensor 0")
def test_equals_captum_s_on_a_plain_relu_network(method):
    """And on the same network written with functions, which Captum's hooks do not see."""
    expected = CAPTUMS[method](plain()).attribute(images(), target=2).sum(1).detach()
    torch.testing.assert_close(backpropagation(scored(plain()), images(), method).map, expected)
    found = backpropagation(scored(seeded(Functional)), images(), method)
    torch.testing.assert_close(found.map, expected)
    assert found.settings["activations"] == 3


@pytest.mark.parametrize(
    "function",
    [
        nn.ReLU6(), nn.ReLU6(inplace=True), nn.Hardtanh(0, 6), Bounded(), functional.relu6,
        lambda x: functional.hardtanh(x, 0, 6, inplace=True), lambda x: x.clamp(0, 6), lambda x: x.clamp_(0, 6),
    ],
)  # fmt: skip
def test_bounded_functions_by_definition(function):
    """``g [g > 0] [0 < x < 6]``, ``g [g > 0]`` and ``g [0 < x < 6]``, whatever it is called."""
    pixels = 12 * images() - 3
    signs = torch.tensor([1.0, -1.0, 1.0]).view(1, 3, 1, 1)
    score = scored(Applied(lambda x: function(x) * signs))
    score = type(score)(score.name, score.model, score.layer, torch.ones(1, 3, 1))
    inside = ((pixels > 0) & (pixels < 6)).float()
    expected = {
        "backprop": signs * inside,
        "deconvnet": signs.clamp(min=0),
        "guided-backprop": inside * signs.clamp(min=0),
    }
    for method, slopes in expected.items():
        found = backpropagation(score, pixels, method).map
        torch.testing.assert_close(found, slopes.expand_as(pixels).sum(1))


@pytest.mark.parametrize(
    "function", [functional.relu, torch.relu, torch.relu_, lambda x: x.relu_(), lambda x: x.clamp_min(0)]
)
def test_a_relu_by_any_name(function):
    pixels = images() - 0.5
    score = scored(Applied(lambda x: -function(x)))
    assert (backpropagation(score, pixels, "backprop").map != 0).any()
    assert (backpropagation(score, pixels, "guided-backprop").map == 0).all()


def test_a_reused_in_place_relu():
    """Each call of the one module counts: none but positive gradients pass it."""
    score = scored(seeded(TinyConv))
    found = backpropagation(score, images(), "guided-backprop")
    assert found.settings["activations"] == 5
    assert not torch.allclose(found.map, gradient(score, images()))


def test_a_transformer_with_a_functional_relu():
    """PyTorch's own encoder calls ``F.relu``; attention and norms keep their gradient."""
    score, pixels = scored(seeded(TinyTokens), side=32), images(side=32)
    found = backpropagation(score, pixels, "guided-backprop")
    assert found.settings["activations"] == 8
    assert not torch.allclose(found.map, gradient(score, pixels))


def test_guided_differs_from_the_gradient_on_efficientnet_lite0(lite0):
    """Whose ReLU6 Captum passes without a word."""
    score, pixels = class_score(lite0, find_output(lite0.network, 64)[0], [285]), images(1, 64)
    found = {method: backpropagation(score, pixels, method) for method in ("backprop", "deconvnet", "guided-backprop")}
    maps = [entry.map for entry in found.values()]
    torch.testing.assert_close(maps[0], gradient(score, pixels))
    for one, two in ((0, 1), (0, 2), (1, 2)):
        assert torch.corrcoef(torch.stack([maps[one].flatten(), maps[two].flatten()]))[0, 1] < 0.9
    relus = sum(isinstance(module, nn.ReLU6) for module in lite0.network.modules())
    assert found["guided-backprop"].settings["activations"] == relus == 33


@pytest.mark.parametrize(("network", "side", "named"), [
    (lambda: seeded(ChannelsLast), 16, r"module 'gelu' \(GELU\) computes 'Gelu'"),
    (lambda: plain(nn.SiLU), 16, r"module '1' \(SiLU\)"),
    (lambda: plain(nn.Tanh), 16, r"module '1' \(Tanh\)"),
    (lambda: plain(nn.LeakyReLU), 16, r"module '1' \(LeakyReLU\)"),
    (lambda: plain(nn.Hardtanh), 16, r"module '1' \(Hardtanh\)"),
    (lambda: Applied(lambda x: torch.where(x > 0, x, 0.0)), 16, r"the network \(Applied\) itself"),
])  # fmt: skip
@pytest.mark.parametrize("method", CAPTUMS)
def test_other_activation_functions_are_refused(network, side, named, method):
    """Naming the first module; the gradient itself is any network's."""
    network = network()
    score = scored(network, side=side)
    with pytest.raises(UserError, match=named):
        backpropagation(score, images(side=side), method)
    assert hooks(network) == 0
    torch.testing.assert_close(backpropagation(score, images(), "backprop").map, gradient(score, images()))


def test_nothing_is_left_behind():
    """No hook, and the gradient of later passes is the plain one, also after an error on the way."""
    network = plain()
    score, before = scored(network), gradient(scored(network), images())
    backpropagation(score, images(), "guided-backprop")
    network[8].register_forward_hook(fail := lambda *_: (_ for _ in ()).throw(ValueError("broken")))
    with pytest.raises(ValueError, match="broken"):
        backpropagation(score, images(), "guided-backprop")
    assert list(network[8]._forward_hooks.values()) == [fail]
    network[8]._forward_hooks.clear()
    assert hooks(network) == 0
    torch.testing.assert_close(gradient(score, images()), before)


def test_gates_keep_their_gradient_and_unknown_methods_are_refused():
    assert backpropagation(scored(seeded(Gated)), images(), "guided-backprop").settings["activations"] == 1
    with pytest.raises(UserError, match="backprop, deconvnet, guided-backprop"):
        backpropagation(scored(plain()), images(), "guided")

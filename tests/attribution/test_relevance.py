"""LRP: against its definition written with matrices, against Captum's, and its conservation on real architectures."""

import pytest
import torch
import torchvision
from captum.attr import LRP
from captum.attr._utils.lrp_rules import EpsilonRule
from explained import Functional, Gated, hooks, images, plain, randomised, scored
from nets import ChannelsLast, TinyConv, TinyTokens, seeded
from torch import nn
from torch.nn import functional
from torchvision.models.vgg import make_layers

from mindseye.attribution.relevance import check_rules, lrp
from mindseye.attribution.score import class_score, predict_classes, unit_score
from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.survey import survey
from mindseye.models.load import load_model

GAMMAS = {"epsilon": 0.0, "gamma": 0.25, "zplus": torch.inf}


class Layered(nn.Module):
    """Two layers, of which the first may be negative where it ends."""

    def __init__(self, negative: int) -> None:
        super().__init__()
        self.first, self.second, self.negative = nn.Linear(3 * 16, 12), nn.Linear(12, 5), bool(negative)

    def forward(self, pixels):
        hidden = self.first(pixels.flatten(1))
        return self.second(hidden if self.negative else hidden.relu())


class Skips(nn.Module):
    """Adds in place and not, with constants, joins, pads and pools, and folds no batch norm into a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.bn2, self.lone = nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), nn.BatchNorm2d(12)
        self.fc = nn.Linear(12, 5)

    def forward(self, pixels):
        x = functional.relu6(self.bn1(self.conv1(pixels)))
        out = self.bn2(self.conv2(x))
        out += x
        both = torch.cat([functional.relu(out), 0.5 * x + 0.1], 1)
        both = functional.avg_pool2d(functional.pad(self.lone(both), (1, 1, 1, 1)), 3)
        return self.fc(both.mean((2, 3)) - 0.2)


def slow_layer(weight, bias, x, relevance, gamma, epsilon):
    """One layer's rule for one image: x [i], relevance [j], as loops over its outputs."""
    found, z = torch.zeros_like(x), weight @ x + bias
    least = epsilon * z.square().mean().sqrt()
    taken = 0.0
    for j in range(len(z)):
        sign = 1 if z[j] >= 0 else -1
        parts, own = weight[j] * x, bias[j]
        if gamma:
            kept = 0 if gamma == torch.inf else 1
            size = 1 if gamma == torch.inf else gamma
            parts = kept * parts + size * torch.where(parts * sign > 0, parts, 0)
            own = kept * own + size * torch.where(own * sign > 0, own, 0)
        total = sign * max(sign * (parts.sum() + own), least)
        found += parts / total * relevance[j]
        taken += float(own / total * relevance[j])
    return found, taken


@pytest.mark.parametrize("rule", GAMMAS)
@pytest.mark.parametrize("negative", [0, 1])
@pytest.mark.parametrize("epsilon", [1e-3, 1.0])
def test_rules_by_definition(rule, negative, epsilon):
    """Both layers, signed inputs, and hidden numbers of either sign; the biases' share too."""
    network, pixels = seeded(Layered, negative), images(side=4) - 0.5
    found = lrp(scored(network, [2, 4], side=4), pixels, rule, epsilon)
    for image, wanted in enumerate([2, 4]):
        x = pixels[image].flatten()
        z = network.first(x)
        hidden = z if negative else z.relu()
        relevance = torch.zeros(5).index_fill(0, torch.tensor(wanted), float(network.second(hidden)[wanted]))
        middle, one = slow_layer(network.second.weight, network.second.bias, hidden, relevance, GAMMAS[rule], epsilon)
        expected, two = slow_layer(network.first.weight, network.first.bias, x, middle, GAMMAS[rule], epsilon)
        torch.testing.assert_close(found.map[image], expected.view(3, 4, 4).sum(0), rtol=1e-4, atol=1e-6)
        assert found.numbers["biases"][image] == pytest.approx(one + two, rel=1e-4, abs=1e-6)


def test_composite_is_epsilon_in_dense_layers_and_zplus_in_convolutions():
    """A network of dense layers has the one's map; behind the last dense layer a network with a map has the other's."""
    dense = scored(seeded(Layered, 0), side=4)
    torch.testing.assert_close(lrp(dense, images(side=4)).map, lrp(dense, images(side=4), "epsilon").map)
    score = scored(plain())
    unit = unit_score(score.model, find_layer(survey(score.model.network, 16), "3"), 1)
    torch.testing.assert_close(lrp(unit, images()).map, lrp(unit, images(), "zplus").map)
    assert not torch.allclose(lrp(unit, images()).map, lrp(unit, images(), "epsilon").map)


def test_equals_captum_s_on_a_plain_relu_network():
    """With an epsilon so small that it matters little what it is a share of."""
    network = plain()
    for module in network:
        module.rule = EpsilonRule(1e-9)
    captums = LRP(network).attribute(images().requires_grad_(), target=2)
    found = lrp(scored(plain()), images(), "epsilon", epsilon=1e-7)
    torch.testing.assert_close(found.map, captums.sum(1).detach(), rtol=1e-3, atol=1e-5)


def test_small_epsilon_is_gradient_times_input():
    """As for every network of ReLUs: also one with skip connections, folded batch norm and functions."""
    score = scored(randomised(seeded(Skips)))
    pixels = images().requires_grad_()
    (slopes,) = torch.autograd.grad(score(pixels).sum(), pixels)
    found = lrp(score, images(), "epsilon", epsilon=1e-7)
    torch.testing.assert_close(found.map, (images() * slopes).sum(1), rtol=1e-3, atol=1e-5)


def test_folded_batch_norm_is_that_of_the_folded_network():
    """Convolution and batch norm have the map of the one convolution that they are."""

    def network():
        head = nn.ReLU(), nn.Flatten(), nn.Linear(6 * 14 * 14, 5)
        return nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), *head)

    both = randomised(seeded(network))
    folded = torch.nn.utils.fuse_conv_bn_eval(both[0], both[1])
    for rule in GAMMAS:
        expected = lrp(scored(nn.Sequential(folded, *both[2:]).eval()), images(), rule)
        found = lrp(scored(both), images(), rule)
        torch.testing.assert_close(found.map, expected.map, rtol=1e-3, atol=1e-6)
        # The error is what rounding leaves of a sum that cancels: of any size below a bound, so bounded, not compared.
        assert max(found.numbers.pop("error") + expected.numbers.pop("error")) < 1e-3
        torch.testing.assert_close(found.numbers, expected.numbers, rtol=1e-3, atol=1e-5)


def test_functions_are_as_modules():
    for rule in GAMMAS:
        expected = lrp(scored(plain()), images(), rule).map
        torch.testing.assert_close(lrp(scored(seeded(Functional)), images(), rule).map, expected)


class Vgg(nn.Sequential):
    """torchvision's convolutions of a VGG, narrower, with a head of two dense layers."""

    def __init__(self, batch_norm: int) -> None:
        features = make_layers([8, "M", 16, "M", 24, 24, "M"], batch_norm=bool(batch_norm))
        super().__init__(*features, nn.Flatten(), nn.Linear(24 * 16, 20), nn.ReLU(True), nn.Dropout(), nn.Linear(20, 5))


@pytest.mark.parametrize("rule", ["epsilon", "gamma", "zplus", "composite"])
@pytest.mark.parametrize("name", ["skips", "tiny", "resnet18", "vgg", "vgg_bn", "lite0"])
def test_relevance_is_conserved(name, rule, lite0):
    """To 1 %, the biases' share counted, for the class that comes first; the scores are the network's own."""
    made = {
        "skips": lambda: randomised(seeded(Skips)),
        "tiny": lambda: seeded(TinyConv),
        "resnet18": lambda: randomised(seeded(lambda: torchvision.models.resnet18(weights=None, num_classes=5))),
        "vgg": lambda: seeded(Vgg, 0),
        "vgg_bn": lambda: randomised(seeded(Vgg, 1)),
        "lite0": lambda: lite0.network,
    }
    side = 64 if name == "lite0" else 32
    model = lite0 if name == "lite0" else load_model(made[name](), size=side)
    output, _ = find_output(model.network, side)
    score = class_score(model, output, predict_classes(model, output, images(side=side)))
    found = lrp(score, images(side=side), rule)
    numbers = {key: torch.tensor(values) for key, values in found.numbers.items()}
    torch.testing.assert_close(numbers["score"], score(images(side=side)), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(numbers["pixels"], found.map.sum((1, 2)), rtol=1e-3, atol=1e-4)
    rest = numbers["score"] - numbers["pixels"] - numbers["biases"]
    torch.testing.assert_close(numbers["error"], rest.abs() / numbers["score"].abs(), rtol=1e-3, atol=1e-4)
    assert numbers["error"].max() < 0.01
    # With what epsilon has taken nothing is missing at all.
    torch.testing.assert_close(rest, numbers["stabiliser"], rtol=1e-2, atol=1e-3 * float(numbers["score"].abs().max()))


def test_a_saturated_relu6_hands_its_relevance_on():
    """Its gradient is zero there, its relevance is not."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 4), nn.ReLU6(inplace=True), nn.Linear(4, 5)).eval()
    network[1].weight.data.fill_(1.0)
    found = lrp(scored(network, side=4), images(side=4) + 1, "epsilon")
    assert (found.map != 0).all()
    assert max(found.numbers["error"]) < 0.01


def test_a_unit_of_a_reused_relu_is_conserved():
    """Relevance starts wherever the score is read."""
    score = scored(seeded(TinyConv))
    unit = unit_score(score.model, find_layer(survey(score.model.network, 16), "body.2.relu#0"), 3, (1, 2))
    found = lrp(unit, images())
    torch.testing.assert_close(torch.tensor(found.numbers["score"]), unit(images()))
    assert max(found.numbers["error"]) < 0.01


@pytest.mark.parametrize(("network", "side", "named"), [
    (lambda: seeded(ChannelsLast), 16, r"module 'norm' \(LayerNorm\) computes 'NativeLayerNorm'"),
    (lambda: seeded(TinyTokens), 32, r"'blocks.0.self_attn' \(MultiheadAttention\)"),
    (lambda: plain(nn.GELU), 16, r"module '1' \(GELU\)"),
    (lambda: plain(nn.LeakyReLU), 16, r"module '1' \(LeakyReLU\)"),
    (lambda: seeded(Gated), 16, r"module 'gate' \(Gate\) computes 'Mul'"),
    (lambda: nn.Sequential(nn.InstanceNorm2d(3), *plain()).eval(), 16, r"module '0' \(InstanceNorm2d\)"),
])  # fmt: skip
def test_what_no_rule_covers_is_refused(network, side, named):
    """Naming the first such module, before a photo is looked at, and leaving nothing behind."""
    network = network()
    score = scored(network, side=side)
    for ask in (lambda: check_rules(score, side), lambda: lrp(score, images(side=side))):
        with pytest.raises(UserError, match=named):
            ask()
    assert hooks(network) == 0
    assert torch.overrides._get_current_function_mode_stack() == []


def test_a_covered_network_passes_the_check():
    score = scored(seeded(TinyConv), [1, 3])
    check_rules(score, 16)
    assert hooks(score.model.network) == 0


def test_settings_that_make_no_sense_are_refused():
    for settings, why in (
        ({"rule": "z"}, "composite, epsilon"),
        ({"epsilon": 0.0}, "above 0"),
        ({"gamma": -1.0}, "above 0"),
    ):
        with pytest.raises(UserError, match=why):
            lrp(scored(plain()), images(), **settings)

"""Residual branches: found in networks of all kinds, and their gradient against a closed form."""

import pytest
import torch
from torch import nn
from torchvision import models

from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.residual import Branches, find_branches
from mindseye.layers.survey import survey

IMAGES = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def names(network, images=IMAGES):
    return sorted(find_branches(network.eval().requires_grad_(False), images, 0.5).calls)


class Block(nn.Module):
    """``x + f(x)``, or what else is made of the two."""

    def __init__(self, join, width=3):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, width, 3, padding=1)
        self.join = join

    def forward(self, x):
        x = x * 1.0
        return self.join(x, self.last(self.first(x).relu()))


def in_place(x, branch):
    branch += x
    return branch


@pytest.mark.parametrize(
    "join",
    [
        lambda x, branch: x + branch,
        lambda x, branch: branch + x,
        lambda x, branch: torch.add(branch, x),
        lambda x, branch: branch.add_(x),
        in_place,
    ],
    ids=["x + f", "f + x", "torch.add", "add_", "+="],
)
def test_however_it_is_added(join):
    assert names(Block(join)) == [("last", 0)]


@pytest.mark.parametrize(
    "join",
    [
        lambda x, branch: x * branch,
        lambda x, branch: torch.cat([x, branch], 1),
        lambda x, branch: branch + 1.0,
        lambda x, branch: branch + torch.ones(3, 1, 1),
        lambda x, branch: branch + branch,
    ],
    ids=["product", "concatenation", "number", "constant", "itself"],
)
def test_what_is_no_residual_block(join):
    assert names(Block(join)) == []


def test_two_branches_beside_each_other_are_none():
    """Neither of them was computed from the other: there is no skip connection between them."""

    class Beside(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return self.one(x) + self.other(x)

    assert names(Beside()) == []


def test_a_block_that_is_called_twice():
    network = nn.Sequential(Block(torch.add))
    network.append(network[0])
    assert names(network) == [("0.last", 0), ("0.last", 1)]


def test_a_compiled_network_has_the_branches_of_the_plain_one():
    """It is run without its compiled code, as readers run it: that may not call hooks which came later."""
    network = torch.compile(Block(torch.add).eval().requires_grad_(False), backend="eager")
    network(IMAGES.clone().requires_grad_())
    assert names(network) == [("_orig_mod.last", 0)]


def test_networks_of_torchvision():
    """Per network, the blocks whose input and output are of one shape."""
    assert names(models.resnet18()) == [(f"layer{stage}.{block}.bn2", 0) for stage, block in
                                        [(1, 0), (1, 1), (2, 1), (3, 1), (4, 1)]]  # fmt: skip
    transformer = models.VisionTransformer(32, 8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32)
    blocks = [f"encoder.layers.encoder_layer_{block}" for block in range(2)]
    assert names(transformer) == [(f"{block}.{part}", 0) for block in blocks for part in ("dropout", "mlp.3")]
    assert [name.rsplit(".", 1)[-1] for name, _ in names(models.convnext_tiny())] == ["stochastic_depth"] * 18
    assert names(models.squeezenet1_1()) == names(models.densenet121()) == []


class Line(nn.Module):
    """Two residual blocks of one number each: ``(1 + w)`` times its input."""

    def __init__(self, weights):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Conv2d(1, 1, 1, bias=False) for _ in weights)
        for block, weight in zip(self.blocks, weights, strict=True):
            nn.init.constant_(block.weight, weight)
        self.end = nn.Identity()

    def forward(self, x):
        x = x * 1.0
        for block in self.blocks:
            branch = block(x)
            branch += x
            x = branch
        return self.end(x)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_gradient_against_a_closed_form(share):
    """Of each block 1 + share w comes back, while the values are those of 1 + w, bit for bit."""
    weights = (0.7, -2.0, 0.25)
    network = Line(weights).requires_grad_(False)
    images = torch.rand(2, 1, 8, 8, requires_grad=True)
    layers = [find_layer(survey(network, 8, 1), "end")]
    with Reader(network, layers) as plain:
        usual = plain(images)["end"].detach()
    branches = find_branches(network, images, share)
    assert len(branches.calls) == (0 if share == 1 else 3)
    with Reader(network, layers, branches=branches) as read:
        read_values = read(images)["end"]
    assert torch.equal(read_values, usual)
    read_values.sum().backward()
    factor = torch.tensor([1 + share * weight for weight in weights]).prod()
    assert torch.allclose(images.grad, factor.expand_as(images), rtol=1e-6)


def test_what_is_read_of_a_branch_has_its_whole_gradient():
    """The share is of what goes on into the network, whether the branch is the last layer that is read or not."""
    network = Line((0.7, 0.5)).requires_grad_(False)
    surveyed = survey(network, 8, 1)
    images = torch.rand(1, 1, 8, 8, requires_grad=True)
    branches = find_branches(network, images, 0.1)
    for addresses in (["blocks.0"], ["blocks.0", "end"]):
        with Reader(network, [find_layer(surveyed, address) for address in addresses], branches=branches) as read:
            gradient = torch.autograd.grad(read(images)["blocks.0"].sum(), images)[0]
        assert torch.allclose(gradient, torch.full_like(gradient, 0.7))


def test_nothing_is_left_behind():
    """No hook stays on the network, neither of the search nor of a reader."""
    network = Line((0.7, 0.5)).requires_grad_(False)
    layers = [find_layer(survey(network, 8, 1), "end")]
    branches = find_branches(network, torch.rand(1, 1, 8, 8), 0.5)
    with Reader(network, layers, branches=branches):
        pass
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_without_a_gradient_the_output_is_the_very_tensor():
    branches = Branches(frozenset({("a", 0)}), 0.5)
    output = torch.rand(2, 3)
    assert branches.scale(("a", 0), output) is output
    assert branches.scale(("b", 0), output.requires_grad_()) is output

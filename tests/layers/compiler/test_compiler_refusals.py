"""Compiled passes are left out wherever they would give something else, or would take longer."""

import re

import pytest
import torch
from compiled_passes import assert_same, gradient_of, plain, said
from nets import seeded
from torch import nn

from mindseye.layers.compiler import Compiler
from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey


def test_where_it_is_slower(network, layers, images, quick, monkeypatch):
    """Nothing more is asked of it, and the line says how slow it was."""
    said(monkeypatch, 0.58)
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        gradient_of(read, images)
        tried = len(quick)
        assert_same(gradient_of(read, images), plain(network, layers, images), rtol=0, atol=0)
    assert len(quick) == tried
    assert compiler.verdicts == ["torch.compile at body.2, 2 at once, 32 px: not used, 0.58 x as fast"]


class Undecided(nn.Module):
    """Whose way depends on what it computes."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, images):
        features = self.conv(images)
        return features * 2 if features.sum().item() > 0 else features


class Single(Undecided):
    """That cannot be copied either."""

    def __deepcopy__(self, memo):
        raise TypeError("there is one only\nof these")


@pytest.mark.parametrize("kind", [Undecided, Single])
def test_a_network_that_cannot_be_compiled(images, quick, kind):
    """The line names the error, and the pictures are painted without."""
    network = seeded(kind).eval().requires_grad_(False)
    layers = [find_layer(survey(network, 32), "conv")]
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        assert_same(gradient_of(read, images), plain(network, layers, images), rtol=0, atol=0)
    assert len(compiler.verdicts) == 1
    assert re.fullmatch(r"torch\.compile at conv, 2 at once, 32 px: not used, \w+Error: .+", compiler.verdicts[0])


@pytest.mark.parametrize("wrong", [1.1, float("nan")])
def test_a_pass_that_gives_something_else(network, layers, images, monkeypatch, wrong):
    """A compiler that computes wrongly is found out, however fast it is."""

    def compile_wrongly(function, **options):
        return lambda read, images: {address: tensor * wrong for address, tensor in function(read, images).items()}

    monkeypatch.setattr(torch, "compile", compile_wrongly)
    said(monkeypatch, 9.0)
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        assert_same(gradient_of(read, images), plain(network, layers, images), rtol=0, atol=0)
    assert "not used, it differs by" in compiler.verdicts[0]


def test_hooks_of_others_are_heard(network, layers, images, quick, monkeypatch):
    """While anybody else has hooks on the network, as the redirected gradients have, passes are plain."""
    said(monkeypatch, 2.0)
    heard = []
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        gradient_of(read, images)
        before = len(quick)
        handle = network.stem.register_forward_hook(lambda module, inputs, output: heard.append(output.shape))
        gradient_of(read, images)
        assert (len(heard), len(quick)) == (1, before)
        handle.remove()
        gradient_of(read, images)
        assert (len(heard), len(quick)) == (1, before + 1)
    assert not any(module._forward_hooks for module in network.modules())


def test_hooks_that_were_there_before_are_heard_too(network, layers, images, quick, monkeypatch):
    """A user's own, from before the painting: nothing is compiled then."""
    said(monkeypatch, 2.0)
    heard = []
    network.stem.register_forward_hook(lambda module, inputs, output: heard.append(output.shape))
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        gradient_of(read, images)
    assert (len(heard), len(quick)) == (1, 0)


def test_looks_without_a_gradient_are_plain(network, layers, images, quick):
    """They are few; nothing is tried for them."""
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        read(images.detach())
        with torch.no_grad():
            read(images)
    assert not quick
    assert not compiler.verdicts

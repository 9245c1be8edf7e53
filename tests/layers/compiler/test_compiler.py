"""Compiled passes give what plain ones give, and torch is left as it was."""

import pytest
import torch
from compiled_passes import assert_same, gradient_of, plain, said
from nets import seeded
from torch import nn

from mindseye.layers import compiler as compiled
from mindseye.layers.compiler import Compiler
from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey


@pytest.mark.slow
def test_machine_code_gives_the_same(network, layers, images, monkeypatch):
    """Activations and gradients of what the compiler really makes; skipped where there is no compiler of C++."""
    said(monkeypatch, 2.0)
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        found = gradient_of(read, images)
    if "InvalidCxxCompiler" in compiler.verdicts[0]:
        pytest.skip("no compiler of C++")
    assert compiler.verdicts == ["torch.compile at body.2, 2 at once, 32 px: 2.00 x as fast"]
    assert_same(found, plain(network, layers, images), rtol=1e-4, atol=1e-5)


def test_the_trial_takes_the_time_of_both(network, layers, images, monkeypatch):
    """The gain is that of steps in turn: by a clock that counts two for a plain step and one for the other."""
    clock, now = {"plain": 2.0, "other": 1.0}, [0.0]
    monkeypatch.setattr(compiled.time, "perf_counter", lambda: now[0])

    def timed(name):
        def read(seen):
            now[0] += clock[name]
            return {"all": seen * 3}

        return read

    assert compiled._gain(timed("other"), timed("plain"), images.detach()) == 2.0


class Overwritten(nn.Module):
    """What is read last is small, and worked on in place behind it."""

    def __init__(self):
        super().__init__()
        self.loud, self.quiet, self.relu = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.ReLU(inplace=True)

    def forward(self, images):
        loud = self.loud(images) * 1e4
        return self.relu(self.quiet(loud * 1e-8))


def test_a_last_layer_that_is_overwritten(images, quick, monkeypatch):
    """The compiled pass goes on behind it, and must have kept what it was."""
    said(monkeypatch, 2.0)
    network = seeded(Overwritten).eval().requires_grad_(False)
    layers = [find_layer(survey(network, 32), address) for address in ("loud", "quiet")]
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        found = gradient_of(read, images)
    assert compiler.verdicts == ["torch.compile at quiet, 2 at once, 32 px: 2.00 x as fast"]
    assert found[0]["quiet"].min() < 0
    assert_same(found, plain(network, layers, images), rtol=1e-4, atol=1e-9)


def test_a_quiet_layer_is_compared_too(images, monkeypatch):
    """However small beside the others, a layer that comes out wrong is found."""

    def compile_wrongly(function, **options):
        def wrong(read, images):
            return {address: tensor * (1 + (address == "quiet")) for address, tensor in function(read, images).items()}

        return wrong

    monkeypatch.setattr(torch, "compile", compile_wrongly)
    network = seeded(Overwritten).eval().requires_grad_(False)
    layers = [find_layer(survey(network, 32), address) for address in ("loud", "quiet")]
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        gradient_of(read, images)
    assert "not used, it differs by 1" in compiler.verdicts[0]


def test_torch_is_left_as_it_was(network, layers, images, quick, monkeypatch):
    """The fast path of attention is back on, whatever was compiled; no hook stays on the network."""
    said(monkeypatch, 2.0)
    assert torch.backends.mha.get_fastpath_enabled()
    with Compiler() as compiler:
        with compiler.reader(network, layers) as read:
            gradient_of(read, images)
        assert not any(module._forward_hooks for module in network.modules())
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_kind_is_compiled_once(network, layers, images, monkeypatch):
    """A second step does not compile again."""
    graphs, real = [], torch.compile

    def backend(graph, examples):
        graphs.append(graph)
        return graph.forward

    monkeypatch.setattr(
        torch, "compile", lambda function, *, mode, **options: real(function, **options, backend=backend)
    )
    said(monkeypatch, 2.0)
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        for _ in range(3):
            gradient_of(read, images)
    assert len(graphs) == 1


@pytest.mark.slow
def test_many_kinds_of_passes(network, layers, quick, monkeypatch):
    """Each is tried once, also by another reader, and there may be more than a function has room for graphs."""
    said(monkeypatch, 2.0)
    with Compiler() as compiler:
        for _ in range(2):
            for number in range(1, 11):
                many = torch.rand(number, 3, 32, 32, requires_grad=True)
                with compiler.reader(network, layers) as read:
                    found = gradient_of(read, many)
                assert_same(found, plain(network, layers, many), rtol=1e-4, atol=1e-5)
    assert [verdict.split(", ")[1] for verdict in compiler.verdicts] == [f"{number} at once" for number in range(1, 11)]


def test_the_modes_of_a_device(network, layers, images, monkeypatch):
    """All are tried, and the fastest is kept; what CUDA graphs give is copied, as they overwrite it at the next step."""
    gains, buffers = iter([3.0, 2.0]), {}

    def like_graphs(function, *, mode, **options):
        def replayed(read, images):
            found = function(read, images)
            for address, tensor in found.items():
                buffer = buffers.setdefault((mode, address), torch.empty_like(tensor))
                buffer.data.copy_(tensor.detach())
                found[address] = tensor - tensor.detach() + buffer
                found[address].data = buffer.data
            return found

        return replayed

    monkeypatch.setattr(torch, "compile", like_graphs)
    monkeypatch.setattr(compiled, "_gain", lambda compiled, plain, images: next(gains))
    monkeypatch.setattr(compiled, "MODES", {"cpu": ("reduce-overhead", "default")})
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        first = read(images)
        kept = {address: tensor.detach().clone() for address, tensor in first.items()}
        read((images * 2).detach().requires_grad_())
    assert all(torch.equal(first[address], tensor) for address, tensor in kept.items())
    about = "torch.compile at body.2, 2 at once, 32 px"
    assert compiler.verdicts == [f"{about}, reduce-overhead: 3.00 x as fast", f"{about}: not used, 2.00 x as fast"]


def test_bfloat16(network, layers, images, quick, monkeypatch):
    """Under autocast another graph is made, and agrees to the digits that bfloat16 has."""
    said(monkeypatch, 2.0)
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        gradient_of(read, images)
        with torch.autocast("cpu", torch.bfloat16):
            found = gradient_of(read, images)
    assert [verdict.endswith("2.00 x as fast") for verdict in compiler.verdicts] == [True, True]
    assert found[0]["stem"].dtype == torch.bfloat16

"""Compiled passes give what plain ones give, and are left out wherever they would not, or would take longer."""

import re

import pytest
import torch
from nets import TinyConv, seeded
from torch import nn

from mindseye.layers import compiler as compiled
from mindseye.layers.compiler import Compiler
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey

ADDRESSES = ["stem", "body.0.relu", "body.2"]


@pytest.fixture
def network():
    """A small network, ready to be painted from."""
    return seeded(TinyConv).eval().requires_grad_(False)


@pytest.fixture
def layers(network):
    """Three layers, an in-place one that is called twice among them."""
    return [find_layer(survey(network, 32), address) for address in ADDRESSES]


@pytest.fixture
def images():
    """Two images with a gradient."""
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)


@pytest.fixture
def quick(monkeypatch):
    """The whole of ``torch.compile`` but for the making of machine code; counts the calls of what it has made."""
    real, calls = torch.compile, []

    def without_code(function, *, mode, **options):
        made = real(function, **options, backend="aot_eager")

        def counted(*arguments):
            calls.append(mode)
            return made(*arguments)

        return counted

    monkeypatch.setattr(torch, "compile", without_code)
    return calls


def said(monkeypatch, gain):
    """Have the trial find that compiled steps are so many times as fast."""
    monkeypatch.setattr(compiled, "_gain", lambda compiled, plain, images: gain)


def plain(network, layers, images):
    """Activations and the gradient of their sum, by a reader."""
    with Reader(network, layers) as read:
        return gradient_of(read, images)


def gradient_of(read, images):
    found = read(images)
    return found, torch.autograd.grad(sum(tensor.square().sum() for tensor in found.values()), images)[0]


def assert_same(ours, theirs, **tolerance):
    for address, tensor in theirs[0].items():
        torch.testing.assert_close(ours[0][address], tensor, **tolerance)
    torch.testing.assert_close(ours[1], theirs[1], **tolerance)


def test_machine_code_gives_the_same(network, layers, images, monkeypatch):
    """Activations and gradients of what the compiler really makes; skipped where there is no compiler of C++."""
    said(monkeypatch, 2.0)
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        found = gradient_of(read, images)
    if "InvalidCxxCompiler" in compiler.verdicts[0]:
        pytest.skip("no compiler of C++")
    assert compiler.verdicts == ["torch.compile at body.2, 2 at once, 32 px: 2.00 x as fast"]
    assert_same(found, plain(network, layers, images), rtol=1e-4, atol=1e-5)


def test_where_it_is_slower(network, layers, images, quick, monkeypatch):
    """Nothing more is asked of it, and the line says how slow it was."""
    said(monkeypatch, 0.58)
    with Compiler() as compiler, compiler.reader(network, layers) as read:
        gradient_of(read, images)
        tried = len(quick)
        assert_same(gradient_of(read, images), plain(network, layers, images), rtol=0, atol=0)
    assert len(quick) == tried
    assert compiler.verdicts == ["torch.compile at body.2, 2 at once, 32 px: not used, 0.58 x as fast"]


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

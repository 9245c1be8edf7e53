"""The library: a session and what can be asked of it, each against a slow computation or what the commands leave."""

from pathlib import Path

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded
from session_calls import COUNT, LAYER, RECIPE, SIDE, Counting, features, pixels_of

import mindseye as me
from mindseye.report.tables import layer_table

NETWORK = "from nets import TinyConv, seeded\ndef build():\n    return seeded(TinyConv)\n"


def state_of(network):
    """All that a call could leave behind in a module."""
    tensors = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    flags = [
        (module.training, len(module._forward_hooks), len(module._forward_pre_hooks)) for module in network.modules()
    ]
    strides = [tensor.stride() for tensor in network.parameters()]
    return tensors, flags, strides, [tensor.requires_grad for tensor in network.parameters()]


def test_a_module_comes_back_as_it_was(photos, tmp_path):
    """After every call: mode, gradients, hooks, weights and their layout in memory."""
    network = seeded(TinyConv).train().requires_grad_(True)
    network.body[0].eval()
    tensors, *others = state_of(network)
    session = me.Session(network, size=SIDE)

    def check():
        now, *flags = state_of(network)
        assert flags == others
        assert all(torch.equal(tensor, now[name]) for name, tensor in tensors.items())
        assert all(parameter.grad is None for parameter in network.parameters())

    check()
    session.layers()
    session.activations(photos, LAYER, maps=True)
    check()
    facets = session.facets(photos, LAYER, 2, recipe=RECIPE)
    target = facets.target(LAYER)
    check()
    pictures = session.paint(target, RECIPE, steps=2)
    check()
    pictures.measures()
    pictures.save(tmp_path / "run")
    session.paint("class:1", RECIPE, steps=2)
    check()


def test_a_name_is_as_good_as_a_module(photos, session, tmp_path):
    """And another seed is another start."""
    (tmp_path / "net.py").write_text(NETWORK)
    named = me.Session(f"{tmp_path / 'net.py'}:build", size=SIDE)
    by_name, by_module = (each.activations(photos, LAYER).values for each in (named, session))
    np.testing.assert_allclose(by_name, by_module, rtol=1e-4, atol=1e-6)
    starts = [
        me.Session(seeded(TinyConv), size=SIDE, seed=seed).paint("body.2:3", RECIPE, steps=1).starts
        for seed in (0, 0, 1)
    ]
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])


def test_layers_show_themselves_as_a_table(session):
    """Every module's output in the order of the forward pass, with its shape; as the command prints it."""
    layers = session.layers()
    by_address = {layer.address: layer for layer in layers}
    modules = [name for name, _ in seeded(TinyConv).named_modules() if name]
    assert set(modules) <= set(layers.addresses)
    assert layers.addresses.index("stem") < layers.addresses.index("body.0") < layers.addresses.index("fc")
    assert (by_address[LAYER].channels, by_address[LAYER].rows_and_columns) == (16, (8, 8))
    with session.using() as used:
        assert str(layers) == layer_table(used.model, used.network, "")
    assert layers.to_frame().shape[0] == len(layers)
    assert layers._repr_html_().count("<tr>") == len(layers) + 1
    assert session._repr_html_() == layers._repr_html_()


def test_activations(photos, session):
    """Means and maps equal what the network gives without hooks, photo by photo in the order of their names."""
    activations = session.activations(photos, LAYER, maps=True)
    assert [Path(path).name for path in activations.paths] == [f"{number:02d}.png" for number in range(COUNT)]
    slowly = features(pixels_of(activations.paths))
    np.testing.assert_allclose(activations.maps, slowly.numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(activations.values, slowly.mean((2, 3)).numpy(), rtol=1e-4, atol=1e-5)
    assert np.array_equal(np.asarray(activations), activations.values)
    table = activations.to_frame()
    assert table.loc[activations.paths[7], 3] == pytest.approx(float(activations.values[7, 3]))
    assert session.activations(photos, "fc").values.shape == (COUNT, 5)


def test_activations_come_from_the_cache_the_second_time(photos):
    """No photo passes through the network again (but for a probe of it), unless the session keeps no cache."""
    networks = [seeded(Counting) for _ in range(3)]
    sessions = [
        me.Session(network, size=SIDE, cache=cache)
        for network, cache in zip(networks, (True, True, False), strict=True)
    ]
    passed = []
    for network, session in zip(networks, sessions, strict=True):
        session.layers()
        before = network.passed
        values = session.activations(photos, LAYER).values
        passed.append((network.passed - before, values))
    assert [count >= COUNT for count, _ in passed] == [True, False, True]
    assert all(np.array_equal(values, passed[0][1]) for _, values in passed)


def test_on_step_sees_the_pictures_and_stops(session):
    """What is shown last is what is given back, and it is where a painting of so many steps ends."""
    shown = []

    def stop(step, images):
        shown.append((step, images.clone()))
        return step < 20

    pictures = session.paint(["body.2:3", "body.2:4"], "lucid", steps=60, on_step=stop)
    assert [step for step, _ in shown] == [10, 20]
    assert torch.equal(shown[-1][1], pictures.images)
    assert not torch.equal(shown[0][1], shown[1][1])
    ended = []
    session.paint("body.2:3", "lucid", steps=20, on_step=lambda step, images: ended.append(step))
    assert ended == [10, 20]  # None does not stop


def test_progress_is_told_and_stops(photos, session):
    """Stages with units done and in total; False, or an exception, ends the call."""
    told = []
    session.facets(photos, LAYER, 2, progress=lambda *news: told.append(news))
    assert {stage for stage, *_ in told} == {"extract", "cluster"}
    for stage in ("extract", "cluster"):
        counts = [(done, total) for name, done, total, _ in told if name == stage]
        assert counts[0] == (0, COUNT)
        assert counts[-1] == (COUNT, COUNT)
        assert counts == sorted(counts)
    steps = []

    def stop(stage, done, total, left):
        steps.append((done, total, left))
        return done < 20

    with pytest.raises(KeyboardInterrupt):
        session.paint("body.2:3", "lucid", steps=60, progress=stop)
    assert [(done, total) for done, total, _ in steps] == [(0, 60), (10, 60), (20, 60)]
    assert steps[0][2] is None
    assert steps[-1][2] >= 0

    def fail(stage, done, total, left):
        raise LookupError("enough")

    with pytest.raises(LookupError):
        session.activations(photos, LAYER, progress=fail)


def test_measures_are_functions_on_tensors():
    """Of what is alike and what is not, without a run; see tests/measure for the numbers in full."""
    means = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    perfect = me.measures.fidelity(means, means, torch.tensor([[0, 1], [2, 0]]))
    assert torch.as_tensor(perfect["cosine"]).tolist() == pytest.approx([1.0, 1.0])
    noise = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert float(me.measures.sorted_distance(noise, noise).abs().max()) == pytest.approx(0, abs=1e-6)
    assert float(me.measures.spectrum_slope(noise).mean()) > -0.5  # white noise is flat
    alike = me.measures.naturalness(noise, noise)
    assert float(alike["total_variation"].mean()) == pytest.approx(1.0, abs=1e-5)
    assert float(alike["spectrum_slope"].mean()) == pytest.approx(0.0, abs=1e-5)
    photos = torch.eye(12)
    near = me.measures.neighbourhood(photos[:1] * 3, photos, members=[0, 1])
    assert float(near["copy"]) == pytest.approx(1.0)
    assert float(me.measures.neighbourhood(-photos[:1], photos, members=[0])["copy"]) == pytest.approx(-1.0)

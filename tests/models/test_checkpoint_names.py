"""Checkpoints under the names that other programs give: what is taken, what is left aside, what is told."""

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import assert_same, network
from torch import nn

from mindseye.errors import UserError
from mindseye.models.checkpoint import fill, fit, read_checkpoint


def wrapped(state: dict[str, torch.Tensor]) -> dict[str, object]:
    parallel = {f"module.{key}": value for key, value in state.items()}
    return {
        "plain": state,
        "lightning": {"state_dict": state, "epoch": 3},
        "model": {"model": state, "optimizer": {"lr": 0.1}},
        "parallel": {"state_dict": parallel},
        "compiled": {f"_orig_mod.{key}": value for key, value in state.items()},
        "half": {key: value.half() if value.is_floating_point() else value for key, value in state.items()},
    }


@pytest.mark.parametrize("kind", ["plain", "lightning", "model", "parallel", "compiled", "half"])
def test_wrappings(tmp_path: Path, kind: str) -> None:
    """The usual ways of saving a state dict lead to the same weights (to half precision where that was saved)."""
    source, target = network(), network()
    torch.save(wrapped(source.state_dict())[kind], tmp_path / "w.pt")
    fill(target, fit(read_checkpoint(tmp_path / "w.pt"), target)[0], "w.pt", "net")
    for name, tensor in target.state_dict().items():
        torch.testing.assert_close(tensor, source.state_dict()[name], atol=1e-3 if kind == "half" else 0, rtol=0)


def kept(kind: str, state: dict[str, torch.Tensor]) -> object:
    """The same weights as different programs keep them, beside what they keep besides."""

    def under(prefix: str, scale: float = 1) -> dict[str, torch.Tensor]:
        return {prefix + key: tensor * scale if tensor.is_floating_point() else tensor for key, tensor in state.items()}

    return {
        "net": {"net": under("module."), "acc": 91.2, "epoch": 3},
        "lightning": {
            "state_dict": under("model.") | {"loss.weight": torch.ones(2)},
            "hparams": argparse.Namespace(lr=0.1),
        },
        "swa": under("module.") | {"n_averaged": torch.tensor(5)},
        "ema": {"model_ema": state, "optimizer": {"state": {0: {"step": torch.ones(1)}}}},
        "dino": {
            "student": under("module.backbone.", 2),
            "teacher": under("module.backbone.") | {"module.head.w": torch.ones(1)},
        },
        "profiled": under("") | {"total_ops": torch.zeros(1), "0.total_params": torch.zeros(1)},
        "numpy": {"state_dict": {key: tensor.numpy() for key, tensor in state.items()}, "best": np.float64(0.5)},
        "both": {"model": state, "ema": under("", 3)},
        "nested": {"ema": {"module": under("")}},
    }[kind]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("net", "'net' without the prefix 'module.': 9 of the model's 9 tensors"),
        ("lightning", "'state_dict' without the prefix 'model.': 9 of the model's 9 tensors, 1 others left aside"),
        ("swa", "the file's own tensors without the prefix 'module.': 9 of the model's 9 tensors, 1 others left aside"),
        ("ema", "'model_ema': 9 of the model's 9 tensors"),
        ("dino", "'teacher' without the prefix 'module.backbone.': 9 of the model's 9 tensors, 1 others left aside"),
        ("profiled", "the file's own tensors: 9 of the model's 9 tensors, 2 others left aside"),
        ("numpy", "'state_dict': 9 of the model's 9 tensors"),
        ("both", "'model': 9 of the model's 9 tensors (it also holds 'ema')"),
        ("nested", "'ema.module': 9 of the model's 9 tensors"),
    ],
)
def test_wherever_the_weights_are_kept(tmp_path: Path, kind: str, line: str) -> None:
    """The same weights come out, and a line says what was taken and how many tensors fitted."""
    source, target = network(), network()
    torch.save(kept(kind, source.state_dict()), tmp_path / "w.pt")
    state, said = fit(read_checkpoint(tmp_path / "w.pt"), target)
    fill(target, state, "w.pt", "net")
    assert all(torch.equal(tensor, source.state_dict()[name]) for name, tensor in target.state_dict().items())
    assert line in said


@pytest.mark.parametrize("wrapped_source", [False, True])
def test_a_network_inside_data_parallel(tmp_path: Path, wrapped_source: bool) -> None:
    """The network's own wrapper is put before the names, or left where both have it."""
    source, target = network(), nn.DataParallel(network())
    torch.save((nn.DataParallel(source) if wrapped_source else source).state_dict(), tmp_path / "w.pt")
    state, _ = fit(read_checkpoint(tmp_path / "w.pt"), target)
    fill(target, state, "w.pt", "net")
    assert torch.equal(target.module[0].weight, source[0].weight)


def test_what_an_optimizer_remembers_is_left_aside(tmp_path: Path) -> None:
    """Under any name that begins so: neither taken nor named."""
    source, target = network(), network()
    remembered = {"state": {0: {"exp_avg": torch.ones(3)}}, "0.weight": torch.ones(4, 1, 3, 3)}
    held = {"net": source.state_dict(), "optim": remembered, "optim_g": remembered, "optimizer_state_dict": remembered}
    torch.save(held, tmp_path / "w.pt")
    checkpoint = read_checkpoint(tmp_path / "w.pt")
    assert list(checkpoint.states) == ["net"]
    state, said = fit(checkpoint, target)
    fill(target, state, "w.pt", "net")
    assert_same(target, source)
    assert said.endswith("was taken 'net': 9 of the model's 9 tensors")


@pytest.mark.parametrize("part", ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"])
def test_parts_of_a_network_that_were_wrapped(tmp_path: Path, part: str) -> None:
    """Compiling or sharding a part puts a word into the middle of names: here or there, it does not matter."""
    source, target = nn.Sequential(network(), nn.ReLU()), nn.Sequential(network(), nn.ReLU())
    state = {key.replace("0.3.", f"0.3.{part}."): tensor for key, tensor in source.state_dict().items()}
    torch.save({"state_dict": {f"{part}.{key}": tensor for key, tensor in state.items()}}, tmp_path / "w.pt")
    fill(target, fit(read_checkpoint(tmp_path / "w.pt"), target)[0], "w.pt", "net")
    assert_same(target, source)
    torch.save(source.state_dict(), tmp_path / "plain.pt")
    target = nn.Sequential(network(), nn.ReLU())
    target[0][3] = torch.compile(target[0][3])
    fill(target, fit(read_checkpoint(tmp_path / "plain.pt"), target)[0], "plain.pt", "net")
    assert torch.equal(target[0][3].weight, source[0][3].weight)


def test_two_that_fit_alike_are_told(tmp_path: Path) -> None:
    """Two networks under prefixes of one length: the first in the file is taken, each time, and the line names the other."""
    source, target = network(), network()
    state = {f"encoder_{end}.{key}": tensor for end in "qk" for key, tensor in source.state_dict().items()}
    state["encoder_k.0.weight"] = torch.zeros(4, 1, 3, 3)
    torch.save(state, tmp_path / "w.pt")
    taken, said = fit(read_checkpoint(tmp_path / "w.pt"), target)
    fill(target, taken, "w.pt", "net")
    assert_same(target, source)
    assert "without the prefix 'encoder_q.': 9 of the model's 9 tensors" in said
    assert said.endswith("('encoder_k.' would fit as well)")


def test_names_of_older_versions(tmp_path: Path) -> None:
    """What a module's own way of loading makes of names counts: weight norm as it was before parametrizations."""
    source, target = network(), network()
    for net in (source, target):
        nn.utils.parametrizations.weight_norm(net[0])
    state = source.state_dict()
    for new, old in (("original0", "weight_g"), ("original1", "weight_v")):
        state[f"0.{old}"] = state.pop(f"0.parametrizations.weight.{new}")
    torch.save(state, tmp_path / "w.pt")
    fill(target, fit(read_checkpoint(tmp_path / "w.pt"), target)[0], "w.pt", "net")
    assert_same(target, source)


def test_tensors_that_a_network_has_twice(tmp_path: Path) -> None:
    """One of two names is enough; a tensor that it has once must be there."""
    target = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1))
    target[1].weight = target[0].weight
    state = {"0.weight": torch.ones(2, 2, 1, 1), "0.bias": torch.ones(2), "1.bias": torch.ones(2)}
    fill(target, state, "w.pt", "net")
    assert target[1].weight.eq(1).all()
    del state["1.bias"]
    with pytest.raises(UserError, match=r"missing '1\.bias'"):
        fill(target, state, "w.pt", "net")

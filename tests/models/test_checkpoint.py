"""Checkpoints: plain tensors go in, whatever they are wrapped in; anything else is refused and never run."""

import argparse
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mindseye.errors import UserError
from mindseye.models.checkpoint import fill, fit, read_checkpoint
from mindseye.models.load import load_model


def network(classes: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, classes))


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


def test_safetensors(tmp_path: Path) -> None:
    """The same from a safetensors file."""
    source, target = network(), network()
    save_file(source.state_dict(), tmp_path / "w.safetensors")
    fill(target, fit(read_checkpoint(tmp_path / "w.safetensors"), target)[0], "w", "net")
    assert all(torch.equal(tensor, source.state_dict()[name]) for name, tensor in target.state_dict().items())


def test_mismatch_names_the_tensors_and_copies_nothing(tmp_path: Path) -> None:
    """Missing, left over and wrongly shaped tensors, the first three each; the network stays as it was."""
    target = network()
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    state = network(5).state_dict() | {f"extra.{number}": torch.zeros(1) for number in range(5)}
    del state["0.bias"]
    with pytest.raises(UserError) as raised:
        fill(target, state, tmp_path / "w.pt", "net")
    text = str(raised.value)
    assert "w.pt' does not fit net: missing '0.bias'; unexpected 'extra.0', 'extra.1', 'extra.2' and 2 more" in text
    assert "'3.weight' is (5, 4), the model's (2, 4)" in text
    assert "\n" not in text
    assert all(torch.equal(tensor, before[name]) for name, tensor in target.state_dict().items())


class Malicious:
    """Unpickling this makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.folder,)


def test_code_is_never_run(tmp_path: Path) -> None:
    """A pickle that would act on loading is refused, in torch's format or bare, and does not act."""
    evil = Malicious(tmp_path / "made")
    torch.save({"state_dict": network().state_dict(), "more": evil}, tmp_path / "a.pt")
    torch.save(evil, tmp_path / "b.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "c.pt").write_bytes(pickle.dumps(evil))
    torch.save(network(), tmp_path / "whole.pt")
    for name in ("a.pt", "b.pt", "c.pt", "whole.pt"):
        with pytest.raises(
            UserError, match=r"holds code (\([\w.]+\) )?beside its weights \(not run\): save network.state_dict"
        ):
            read_checkpoint(tmp_path / name)
    assert not (tmp_path / "made").exists()
    torch.load(tmp_path / "a.pt", weights_only=False)
    assert (tmp_path / "made").exists()  # it would have


def test_files_that_are_none(tmp_path: Path) -> None:
    """Missing, empty, cut off, text, no tensors: one line each."""
    torch.save(network().state_dict(), tmp_path / "whole.pt")
    data = (tmp_path / "whole.pt").read_bytes()
    files = {"empty.pt": b"", "cut.pt": data[: len(data) // 2], "text.pt": b"weights", "text.safetensors": b"weights"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=name.replace(".", r"\.")):
            read_checkpoint(tmp_path / name)
    torch.save({"epoch": 3}, tmp_path / "nothing.pt")
    with pytest.raises(UserError, match="holds no state dict"):
        read_checkpoint(tmp_path / "nothing.pt")
    with pytest.raises(UserError, match="no checkpoint"):
        read_checkpoint(tmp_path / "gone.pt")


def test_named_model_with_another_number_of_classes(tmp_path: Path) -> None:
    """A fine-tuned ResNet-18 with seven classes loads, in the weights' preprocessing, and has no ImageNet labels."""
    trained = load_model("squeezenet1_1", weights="none")
    state = trained.network.state_dict()
    seven = {key: value[:7] if key.startswith("classifier") else value for key, value in state.items()}
    torch.save(seven, tmp_path / "seven.pt")
    model = load_model("squeezenet1_1", checkpoint=tmp_path / "seven.pt")
    assert model.network(torch.zeros(1, 3, 64, 64)).shape == (1, 7)
    assert (model.labels, model.wnids, model.weights) == (None, None, str(tmp_path / "seven.pt"))
    assert model.preprocessing == trained.preprocessing
    torch.save(state, tmp_path / "all.pt")
    assert load_model("squeezenet1_1", checkpoint=tmp_path / "all.pt").labels == trained.labels


def test_checkpoint_of_another_network(tmp_path: Path) -> None:
    """What does not fit is not made to fit."""
    torch.save(network().state_dict(), tmp_path / "w.pt")
    with pytest.raises(UserError, match=r"does not fit squeezenet1_1: missing .*; unexpected '0\.weight'"):
        load_model("squeezenet1_1", checkpoint=tmp_path / "w.pt")


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


def test_torchscript_is_not_run(tmp_path: Path) -> None:
    """A TorchScript archive is a program: the line says how its weights are saved alone."""
    torch.jit.save(torch.jit.script(network()), tmp_path / "program.pt")
    with pytest.raises(UserError, match=r"is a TorchScript program, which is not run: save its weights alone"):
        read_checkpoint(tmp_path / "program.pt")


def test_more_tensors_than_the_network_has_are_refused(tmp_path: Path) -> None:
    """The weights of a deeper network are no weights of this one, though every name of this one is among them."""
    torch.save(network().state_dict() | {"4.weight": torch.ones(3, 3)}, tmp_path / "deeper.pt")
    state, _ = fit(read_checkpoint(tmp_path / "deeper.pt"), network())
    with pytest.raises(UserError, match=r"unexpected '4\.weight'"):
        fill(network(), state, tmp_path / "deeper.pt", "net")

"""Checkpoints: plain tensors go in, whatever they are wrapped in; anything else is refused and never run."""

import argparse
import collections
import datetime
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


def assert_same(target: nn.Module, source: nn.Module) -> None:
    """The same numbers under the same names."""
    ours, theirs = target.state_dict(), source.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


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


def test_other_kinds_of_numbers(tmp_path: Path) -> None:
    """Sparse and quantised tensors are brought to what the network has; whole, complex and absent numbers are refused."""
    source, target = network(), network()
    state = source.state_dict()
    state["0.weight"] = state["0.weight"].to_sparse()
    state["3.weight"] = torch.quantize_per_tensor(torch.ones(2, 4 * 36), 0.5, 0, torch.qint8)[:, :4]
    torch.save(state, tmp_path / "w.pt")
    fill(target, fit(read_checkpoint(tmp_path / "w.pt"), target)[0], "w.pt", "net")
    assert torch.equal(target[0].weight, source[0].weight)
    assert target[3].weight.eq(1).all()
    for tensor, line in (
        (torch.ones(4, dtype=torch.int32), "'0.bias' is int32, the model's float32"),
        (torch.ones(4, dtype=torch.complex64), "'0.bias' is complex64, the model's float32"),
        (torch.ones(4, device="meta"), "'0.bias' is on the meta device, without numbers"),
    ):
        with pytest.raises(UserError, match=line):
            fill(target, source.state_dict() | {"0.bias": tensor}, "w.pt", "net")


def test_plain_values_of_many_kinds(tmp_path: Path) -> None:
    """What trainings keep besides: times, counts, NumPy's random state, names in arrays."""
    source, target = network(), network()
    plain = {
        "when": datetime.datetime(2020, 1, 1),
        "log": collections.Counter("aab"),
        "random": np.random.get_state(),
        "classes": np.array(["ant", "bee"]),
    }
    torch.save(plain | {"state_dict": source.state_dict()}, tmp_path / "w.pt")
    fill(target, fit(read_checkpoint(tmp_path / "w.pt"), target)[0], "w.pt", "net")
    assert_same(target, source)


def test_files_are_told_by_content(tmp_path: Path) -> None:
    """Safetensors, archives of arrays and torch's own files under any name; what is something else is named."""
    source = network()
    save_file(source.state_dict(), tmp_path / "safe.bin")
    torch.save(source.state_dict(), tmp_path / "torch.safetensors")
    np.savez(tmp_path / "arrays.npz", **{key: tensor.numpy() for key, tensor in source.state_dict().items()})
    for name in ("safe.bin", "torch.safetensors", "arrays.npz"):
        target = network()
        fill(target, fit(read_checkpoint(tmp_path / name), target)[0], name, "net")
        assert_same(target, source)
    np.savez(tmp_path / "objects.npz", names=np.array([{}], dtype=object))
    with pytest.raises(UserError, match=r"cannot read the checkpoint '.*objects\.npz'"):
        read_checkpoint(tmp_path / "objects.npz")
    for content, line in (
        (b"\x89HDF\r\n", "no checkpoint of PyTorch but an HDF5 file, as Keras writes"),
        (b"\x1f\x8b\x08", "but compressed with gzip: unpack it first"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "but a pointer of Git LFS, not the file itself: fetch it with",
        ),
        (b"<!DOCTYPE html>", "but a web page or XML, not what was to be downloaded"),
        (b'{"weight_map": {}}', "but JSON: name the file of weights itself"),
    ):
        (tmp_path / "other.pt").write_bytes(content)
        with pytest.raises(UserError, match=line):
            read_checkpoint(tmp_path / "other.pt")
    with pytest.raises(UserError, match="is a folder: name the file in it"):
        read_checkpoint(tmp_path)


def test_an_empty_a_cut_and_an_unknown_file_are_named(tmp_path):
    """In plain words, and not in those of the parser that trips over them."""
    torch.save(network().state_dict(), tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    for content, line in (
        (b"", r"the checkpoint '.*other\.pt' is empty$"),
        (whole[: len(whole) // 2], r"is cut short, or damaged: copy or download it again$"),
        (b"hello", r"is no checkpoint of PyTorch: give safetensors, or a state dict that torch\.save wrote$"),
    ):
        (tmp_path / "other.pt").write_bytes(content)
        with pytest.raises(UserError, match=line):
            read_checkpoint(tmp_path / "other.pt")
    (tmp_path / "other.pt").unlink()
    source, target = network(), network()
    torch.save(source.state_dict(), tmp_path / "other.pt", _use_new_zipfile_serialization=False)
    fill(target, fit(read_checkpoint(tmp_path / "other.pt"), target)[0], "other.pt", "net")
    assert_same(target, source)

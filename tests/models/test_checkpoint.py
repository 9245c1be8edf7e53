"""Checkpoints: plain tensors go in, whatever they are wrapped in; anything else is refused and never run."""

import collections
import datetime
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from small_networks import assert_same, network

from mindseye.errors import UserError
from mindseye.models.checkpoint import fill, fit, read_checkpoint
from mindseye.models.load import load_model


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

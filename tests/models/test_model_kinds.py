"""Kinds of modules that people really give: what is done to each, or the line that refuses it."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import Does, plain
from torch import nn

from mindseye.errors import UserError
from mindseye.layers.output import find_output
from mindseye.models.load import load_model


def test_torchscript_and_exported_programs_are_refused() -> None:
    """Their layers cannot be read: one line each, with what to give instead."""
    for program in (torch.jit.script(plain()), torch.jit.trace(plain().eval(), torch.zeros(2, 3, 32, 32))):
        with pytest.raises(UserError, match=r"is TorchScript, whose layers cannot be read: give the torch\.nn\.Module"):
            load_model(program)
    program = torch.export.export(plain().eval(), (torch.zeros(2, 3, 32, 32),)).module()
    with pytest.raises(UserError, match=r"is a program of torch\.export.*that it was exported from"):
        load_model(program)
    assert load_model(torch.fx.symbolic_trace(plain())).findings.outputs == 10


def test_eval_and_train_that_give_nothing_back(tmp_path: Path) -> None:
    """A train() that forgets to return the module."""
    (tmp_path / "net.py").write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))\n"
        "    def train(self, mode=True):\n        super().train(mode)\n    def forward(self, x): return self.body(x).mean((2, 3))\n"
    )
    model = load_model(f"{tmp_path / 'net.py'}:Net", size=32)
    assert not any(module.training for module in model.network.modules())


def test_findings() -> None:
    """What the probe says of networks whose truth is known, as plain values."""

    class Mixes(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x - x.mean((0, 2, 3), keepdim=True)).square().mean((2, 3))

    class Draws(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((2, 3)) + torch.rand(len(x), 3)

    class Remembers(nn.Module):
        seen = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.seen += 1
            return x.mean((2, 3)) * self.seen

    class Detached(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x *= 2
            return x.detach().mean((2, 3))

    first = load_model(plain(), size=32).findings.as_dict()
    assert first == {
        "in_channels": 3,
        "size": 32,
        "fixed_size": False,
        "outputs": 10,
        "dtype": "float32",
        "takes_batches": True,
        "independent": True,
        "deterministic": True,
        "steady": True,
        "gradient": True,
        "writes_input": False,
        "notes": [],
    }
    for network, changed in (
        (Mixes(), {"independent": False}),
        (Draws(), {"deterministic": False}),
        (Remembers(), {"deterministic": False, "steady": False}),
        (Detached(), {"gradient": False, "writes_input": True}),
    ):
        found = load_model(network, size=32).findings.as_dict()
        assert {key: value for key, value in found.items() if value != first[key]} == changed | {"outputs": 3}
    assert "answers depend on the images beside" in load_model(Mixes(), size=32).findings.describe()


def test_outputs_that_hold_nothing() -> None:
    """None, arrays and class indices are no scores; the network takes two images all the same."""
    for forward in (
        lambda net, x: net.body(x) is None or None,
        lambda net, x: net.body(x).detach().numpy(),
        lambda net, x: net.body(x).argmax(1),
    ):
        found = load_model(Does(forward), size=32).findings
        assert (found.outputs, found.takes_batches, found.dtype) == (None, True, "none")
    assert load_model(Does(lambda net, x: net.body(x).mean()), size=32).findings.outputs is None


def test_a_forward_that_reaches_beyond_the_network() -> None:
    """One that ends the program, or sets PyTorch's precision for everybody, is refused, and what it changed is put back."""

    def ends(net: nn.Module, x: torch.Tensor) -> None:
        sys.exit("no GPU")

    def sets(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        torch.set_default_dtype(torch.float64)
        return net.body(x)

    with pytest.raises(UserError, match=r"the network's forward ends the program \(no GPU\)"):
        load_model(Does(ends), size=32)
    with pytest.raises(UserError, match=r"changes PyTorch's default precision"):
        load_model(Does(sets), size=32)
    assert torch.get_default_dtype() == torch.float32


def test_attributes_that_fail(tmp_path: Path) -> None:
    """A property that raises is the user's code: one line that names the place."""

    class Fails(nn.Sequential):
        @property
        def preprocessing(self) -> None:
            raise RuntimeError("not set")

    with pytest.raises(UserError, match=r"'Fails' fails with RuntimeError: not set \(test_model_kinds.py, line \d+\)"):
        load_model(Fails(plain()), size=32)


def test_labels_that_are_no_list() -> None:
    """An array of names is read; a text or a set, whose order says nothing, is not, and a line says so."""
    network = plain(classes=3)
    network.labels = np.array(["ant", "bee", "wasp"])
    assert load_model(network, size=32).labels == ("ant", "bee", "wasp")
    network.labels = torch.arange(3)
    assert load_model(network, size=32).labels == ("0", "1", "2")
    for labels, kind in (("labels.txt", "str"), ({"ant", "bee", "wasp"}, "set")):
        network.labels = labels
        model = load_model(network, size=32)
        line = f"the attribute labels is a {kind}, no list of names by index: it is not read"
        assert (model.labels, model.findings.notes) == (None, (line,))


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.optim.swa_utils.AveragedModel])
def test_what_a_wrapped_network_states(wrap: Callable[[nn.Module], nn.Module]) -> None:
    """The attributes of the network inside count."""
    network = plain(classes=3)
    network.labels, network.image_size = ["ant", "bee", "wasp"], 48
    network.preprocessing = {"mean": 0.5, "std": 0.25}
    model = load_model(wrap(network))
    assert (model.labels, model.preprocessing.size) == (("ant", "bee", "wasp"), 48)
    assert (model.preprocessing.mean, model.preprocessing.std) == ((0.5,) * 3, (0.25,) * 3)


def test_a_part_called_preprocessing_is_a_part() -> None:
    """Fixed filters of the network's own, or a transform, that have this name say nothing about mean and deviation."""
    network = nn.Sequential(nn.Conv2d(3, 2, 3))
    network.preprocessing = nn.Hardtanh()
    assert load_model(network, size=32).preprocessing.mean == (0.0,) * 3
    network = nn.Sequential(nn.Conv2d(3, 2, 3))
    network.preprocessing = lambda photo: photo
    assert load_model(network, size=32).preprocessing.std == (1.0,) * 3


def test_remarks() -> None:
    """A line for each finding that is unusual; none for an ordinary network."""

    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if len(x) > 1:
                raise KeyError(len(x))
            x += torch.rand(())
            return x.detach().mean((2, 3))

    assert load_model(plain(), size=32).findings.remarks() == ()
    assert load_model(Odd(), size=32).findings.remarks() == (
        "the network takes no two images at once: it is given one at a time",
        "no gradient reaches the image from the network's output: what lies there is measured, not painted",
    )
    norm = nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False), plain())
    assert load_model(norm, size=32).findings.remarks() == (
        "what the network answers to an image depends on those beside it: images are given to it one at a time",
    )


def test_labels_in_a_dict() -> None:
    """id2label, as many networks have it, with whole numbers or their digits; other keys are refused."""
    network = plain(classes=3)
    network.labels = {2: "wasp", 0: "ant", 1: "bee"}
    assert load_model(network, size=32).labels == ("ant", "bee", "wasp")
    network.labels = {"1": "bee", "0": "ant", "2": "wasp"}
    assert load_model(network, size=32).labels == ("ant", "bee", "wasp")
    network.labels = {"ant": 0, "bee": 1, "wasp": 2}
    with pytest.raises(UserError, match="labels are a dict whose keys are not the indices 0 to 2"):
        load_model(network, size=32)


def test_imports_within_forward_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a network imports when it is first used is found beside its file; the working folder is not left to it."""
    (tmp_path / "beside_it.py").write_text("def pooled(x): return x.mean((2, 3))\n")
    (tmp_path / "net.py").write_text(
        "import os\nfrom pathlib import Path\nfrom torch import nn\nclass Net(nn.Module):\n"
        "    def forward(self, x):\n        from beside_it import pooled\n        return pooled(x)\n"
        "def moves():\n    os.chdir('/')\n    return Net()\n"
        "class Moves(Net):\n    def forward(self, x):\n        os.chdir('/')\n        return super().forward(x)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert load_model("net.py:Net", size=32).findings.outputs == 3
    assert load_model("net.py:moves", size=32).findings.outputs == 3
    assert Path.cwd() == tmp_path
    with pytest.raises(UserError, match="forward changes the working folder"):
        load_model("net.py:Moves", size=32)
    assert Path.cwd() == tmp_path


def test_labels_lead_to_the_scores() -> None:
    """Of (features, scores) the labels go with the scores: as many as there are names."""

    class Pair(nn.Module):
        labels = ("ant", "bee", "wasp")

        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = plain(classes=16), nn.Linear(16, 3)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.body(x), self.head(self.body(x))

    model = load_model(Pair(), size=32)
    assert (model.labels, model.findings.outputs) == (Pair.labels, 3)
    assert find_output(model.network, 32)[0].address == "output:1"
    Pair.labels = ("ant", "bee")
    with pytest.raises(UserError, match="states 2 labels, but has 16 outputs"):
        load_model(Pair(), size=32)

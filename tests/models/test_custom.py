"""Networks of the user's own: from a file or a package, with what they say about themselves."""

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.models.inputs import guess_planes, guess_sides
from mindseye.models.load import load_model
from mindseye.preprocessing import Preprocessing

NET = """
import torch
from torch import nn
from parts import head

class Tiny(nn.Module):
    labels = ["cat", "dog"]
    preprocessing = {"mean": [0.5], "std": [0.25], "size": 28}

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.head = head()

    def forward(self, x):
        return self.head(self.conv(x).relu().mean((2, 3)))

ready = Tiny()
def flat(): return nn.Sequential(nn.Flatten(), nn.Linear(785, 2))
def number(): return 3
def fails(): return nn.Linear(4, "two")
def leaves(): raise SystemExit(7)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "parts.py").write_text("from torch import nn\ndef head(): return nn.Linear(4, 2)\n")
    (tmp_path / "net.py").write_text(NET)
    return tmp_path / "net.py"


def test_file(file: Path) -> None:
    """Class, factory or ready module; what lies beside the file is imported; nothing is left on the path."""
    paths = list(sys.path)
    model = load_model(f"{file}:Tiny")
    assert (model.name, model.weights, model.in_channels, model.labels) == ("net.Tiny", "as given", 1, ("cat", "dog"))
    assert (model.preprocessing.mean, model.preprocessing.std, model.preprocessing.size) == ((0.5,), (0.25,), 28)
    assert not model.preprocessing.fixed_size
    assert not model.network.training
    assert load_model(f"{file}:ready").in_channels == 1
    assert sys.path == paths


def test_random_weights_are_the_same_each_time(file: Path) -> None:
    """The same command gives the same network, and leaves the random state alone."""
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = load_model(f"{file}:Tiny").network
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    second = load_model(f"{file}:Tiny", weights="none").network
    assert torch.equal(first.conv.weight, second.conv.weight)


def test_package(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dotted module, found from the current folder too; without a stated size the user's counts."""
    package = file.parent / "mine"
    package.mkdir()
    (package / "nets.py").write_text("from torch import nn\ndef build(): return nn.Conv2d(3, 2, 3)\n")
    monkeypatch.chdir(file.parent)
    model = load_model("mine.nets:build", size=40)
    assert (model.name, model.preprocessing.size, model.in_channels) == ("mine.nets.build", 40, 3)
    assert model.labels is None
    assert "states none" in model.preprocessing.source


def test_checkpoint(file: Path, tmp_path: Path) -> None:
    """Weights from a file go into the user's network; the manifest says which file."""
    trained = nn.Module()
    trained.conv, trained.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 2)
    torch.save(trained.state_dict(), tmp_path / "w.pt")
    model = load_model(f"{file}:Tiny", checkpoint=tmp_path / "w.pt")
    assert torch.equal(model.network.head.weight, trained.head.weight)
    assert model.weights == str(tmp_path / "w.pt")


@pytest.mark.parametrize(
    ("factory", "named"),
    [
        ("tiny", "has no 'tiny'; did you mean 'Tiny"),
        ("number", "gives a int, not a torch.nn.Module"),
        ("fails", r"fails with TypeError: .*"),
        ("leaves", r"fails with SystemExit: 7 \(net.py, line \d+\)"),
        ("flat", "does not take images of 3 x 224 x 224"),
    ],
)
def test_mistakes_in_the_users_code_are_named(file: Path, factory: str, named: str) -> None:
    """One line with the error and its place; the user's own ``exit`` ends nothing."""
    with pytest.raises(UserError, match=named):
        load_model(f"{file}:{factory}")


def test_mistakes_in_the_name(file: Path, tmp_path: Path) -> None:
    """A missing file, a missing package, a syntax error, weights by name: each has its own line."""
    (tmp_path / "bad.py").write_text("def build(:\n")
    for spec, named in {
        f"{tmp_path / 'gone.py'}:build": "no file",
        "no_such_package.nets:build": "ModuleNotFoundError: No module named 'no_such_package'",
        f"{tmp_path / 'bad.py'}:build": r"SyntaxError: .*bad\.py, line 1",
        f"{file}:": "names no factory",
    }.items():
        with pytest.raises(UserError, match=named):
            load_model(spec)
    with pytest.raises(UserError, match="--checkpoint"):
        load_model(f"{file}:Tiny", weights="IMAGENET1K_V1")


def test_channels_and_size_by_attribute() -> None:
    """Stated channels and sizes come before what is found; pairs and triples count when square."""
    body = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
    body.in_chans, body.img_size = 1, (1, 28, 28)
    assert guess_planes(body)[0].value == 1
    model = load_model(body)
    assert (model.in_channels, model.preprocessing.size, model.preprocessing.fixed_size) == (1, 28, True)
    body.img_size = (28, 30)
    with pytest.raises(UserError, match="only squares"):
        guess_sides(body, None)
    two = nn.Sequential(nn.Identity(), nn.Conv2d(7, 2, 1), nn.Conv2d(2, 9, 1))
    assert [guess.value for guess in guess_planes(two)] == [7, 3, 1, 4, 2]
    assert [guess.value for guess in guess_planes(nn.Linear(3, 3))] == [3, 1, 4]


def test_stated_preprocessing_and_labels_are_checked() -> None:
    """A ``Preprocessing`` is taken as it is; what cannot be, and labels that do not go with the outputs, are named."""
    body = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    body.preprocessing = Preprocessing((0.1,) * 3, (0.2,) * 3, 20, 30, "bicubic", fixed_size=True)
    assert load_model(body).preprocessing == body.preprocessing
    body.labels = ["one"]
    with pytest.raises(UserError, match="states 1 labels, but has 2 outputs"):
        load_model(body)
    body.preprocessing = 0.5
    with pytest.raises(UserError, match="is a float, not a Preprocessing"):
        load_model(body)

"""``--compile`` in the commands that paint: it is tried, and what came of it stands in the run's notes."""

import json

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded
from PIL import Image

import mindseye
from mindseye.cli.main import main

QUICK = {"steps": 4, "size": 32, "quiet": True}


@pytest.fixture
def classes(tmp_path):
    """Two folders of noise."""
    draw = np.random.default_rng(0)
    for name in ("ant", "bee"):
        (tmp_path / "classes" / name).mkdir(parents=True)
        for number in range(8):
            noise = draw.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / "classes" / name / f"{number}.png")
    return tmp_path / "classes"


@pytest.fixture
def no_compiler(monkeypatch):
    """A machine on which nothing can be compiled; the calls."""
    calls = []

    def fail(*arguments, **options):
        calls.append(options)
        raise RuntimeError("nothing to compile with")

    monkeypatch.setattr(torch, "compile", fail)
    return calls


def visualize(classes, out, **changes):
    return mindseye.visualize(classes / "ant", seeded(TinyConv), "body.2", facets=2, out=out, **QUICK, **changes).path


def inspect(classes, out, **changes):
    options = {"facets": 2, "channels_shown": 1, "recursive": True}
    return mindseye.inspect(classes, seeded(TinyConv), "body.2", out=out, **options, **QUICK, **changes).path


def paint(classes, out, **changes):
    return mindseye.paint("stem:1", seeded(TinyConv), out=out, **QUICK, **changes).path


def batch(classes, out, **changes):
    return mindseye.batch(classes, seeded(TinyConv), "body.2", facets=2, out=out, **QUICK, **changes).path


@pytest.mark.parametrize("command", [visualize, inspect, paint, batch])
def test_where_it_does_not_pay_nothing_else_changes(classes, tmp_path, no_compiler, command):
    """The same pictures as without it, bit for bit, and one line in each run that says why."""
    plain = command(classes, tmp_path / "plain")
    assert not no_compiler
    tried = command(classes, tmp_path / "tried", changes={"compile": True})
    pictures = [path.relative_to(plain) for path in plain.rglob("*.png") if "figures" not in path.parts]
    assert pictures
    for path in pictures:
        with Image.open(plain / path) as one, Image.open(tried / path) as other:
            assert np.array_equal(np.asarray(one), np.asarray(other))
    for run in tried.rglob("run.json"):
        notes = [note for note in json.loads(run.read_text())["notes"] if note.startswith("torch.compile at ")]
        assert notes
        assert all(note.endswith("not used, RuntimeError: nothing to compile with") for note in notes)


def test_from_the_command_line(classes, tmp_path, no_compiler, monkeypatch):
    """``--compile`` is the recipe's ``compile``."""
    (tmp_path / "net.py").write_text(
        f"import sys\nsys.path.insert(0, {str(__file__.rsplit('/', 2)[0])!r})\n"
        "from nets import TinyConv, seeded\n\ndef build():\n    return seeded(TinyConv)\n"
    )
    words = [
        "visualize",
        str(classes / "ant"),
        "--model",
        f"{tmp_path / 'net.py'}:build",
        "--layer",
        "body.2",
        "--quiet",
    ]
    words += ["--facets", "2", "--size", "32", "--steps", "2", "--compile", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    assert no_compiler
    assert json.loads((tmp_path / "run" / "run.json").read_text())["recipe"]["compile"] is True

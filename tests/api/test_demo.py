"""`demo --models`: a run for each network, one sheet and one page over them, and what is left alone."""

from pathlib import Path

import pytest
from PIL import Image

import mindseye
from mindseye.api import demo as demo_module
from mindseye.cli.main import main
from mindseye.errors import UserError

FACTORIES = """
from nets import TinyConv

class First(TinyConv):
    image_size = 32

class Second(TinyConv):
    image_size = 32

    def __init__(self):
        super().__init__(width=6)
"""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two small networks, and few crops of each photo."""
    monkeypatch.setattr(demo_module, "CROPS", 4)
    path = tmp_path / "small.py"
    path.write_text(FACTORIES)
    return [f"{path}:First", f"{path}:Second"]


def runs_in(out: Path) -> list[Path]:
    return sorted(path.parent for path in out.glob("*/run.json"))


@pytest.mark.slow
def test_networks_are_painted_side_by_side_and_left_alone_when_finished(models, tmp_path: Path, capsys) -> None:
    """A run each, one named twice painted once; what is gone is painted again, what is there is not, unless it is forced."""
    out = tmp_path / "out"
    words = ["demo", "--models", ", ".join([*models, models[0]]), "--out", str(out), "--steps", "2", "--quiet"]
    assert main(words) == 0
    first, second = runs_in(out)
    figure = out / "figures/networks.png"
    drawn = figure.read_bytes()
    assert Image.open(figure).height > 2 * 160
    page = (out / "index.html").read_text("utf-8")
    assert page.count('<article class="me-card"') == 2
    assert page.count('<img class="sheet" src="data:image/') == 1
    manifests = {path: (path / "run.json").stat().st_mtime_ns for path in (first, second)}
    pictures = [mindseye.Run(path).pictures for path in (first, second)]
    assert [len(painted) for by_layer in pictures for painted in by_layer.values()] == [8, 8]

    (second / "run.json").unlink()
    figure.unlink()
    assert main(words) == 0
    assert (first / "run.json").stat().st_mtime_ns == manifests[first]
    assert (second / "run.json").stat().st_mtime_ns > manifests[second]
    assert figure.read_bytes() == drawn

    assert main([*words, "--force"]) == 0
    assert (first / "run.json").stat().st_mtime_ns > manifests[first]
    assert figure.read_bytes() == drawn
    assert capsys.readouterr().err == ""


def test_one_network_in_python(models, tmp_path: Path) -> None:
    """It just works, with a sheet of one row; another number of steps is another run, and refused."""
    report = mindseye.demo(tmp_path / "out", steps=1, quiet=True, models=models[0])
    assert report.figure == tmp_path / "out/figures/networks.png"
    assert report.path == tmp_path / "out/index.html"
    assert report.failures == []
    assert len(runs_in(tmp_path / "out")) == 1
    with pytest.raises(UserError, match="--force to replace it"):
        mindseye.demo(tmp_path / "out", steps=2, quiet=True, models=models[:1])


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("efficientnet_lite7", "no model 'efficientnet_lite7'; did you mean 'efficientnet_lite"),
        ("", "names of one network or more"),
        (" , ", "names of one network or more"),
        ("small.py:Third", "small.py"),
    ],
)
def test_a_wrong_name_costs_no_painting(models, tmp_path: Path, capsys, wrong: str, line: str) -> None:
    """One line and nothing written, though the first network is a good one."""
    given = f"{models[0]},{wrong}" if wrong.strip(" ,") else wrong
    assert main(["demo", "--models", given, "--out", str(tmp_path / "out"), "--steps", "1"]) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_models_are_names(tmp_path: Path) -> None:
    """No modules, which have no name for a folder; and not none at all."""
    for wrong in ([], [3], 3, [""]):
        with pytest.raises(UserError, match="model"):
            mindseye.demo(tmp_path / "out", models=wrong)


def test_without_models_it_is_the_one_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Photos, network, layers, facets, steps and folder are what they were before there were several networks."""
    asked = []
    monkeypatch.setattr(demo_module, "write_crops", lambda folder: asked.append(folder))
    monkeypatch.setattr(demo_module, "visualize", lambda *values, **named: asked.append((values, named)))
    mindseye.demo(quiet=True)
    photos, ((place, model, layers), named) = asked
    assert photos == place == Path("runs/demo/photos")
    assert (model, layers) == ("efficientnet_lite0", ("blocks.2.1", "blocks.4.2", "blocks.5.3", "bn2"))
    assert named == {
        "facets": 8,
        "out": Path("runs/demo"),
        "steps": 100,
        "recursive": True,
        "force": False,
        "quiet": True,
        "progress": None,
        "command": "mindseye demo",
    }

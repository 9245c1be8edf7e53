"""Films of finished runs, of both kinds: which files, from which pictures, and one line per mistake."""

import json

import numpy as np
import pytest
from PIL import Image, ImageSequence

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import SCHEMA

GREYS = (10, 90, 170, 250)


def paint(folder, name, index):
    """A picture's entry, with a start and three steps of one grey each."""
    paths = [
        f"starts/{name}.png",
        *(f"steps/{name}/step-{step:05d}.png" for step in (10, 20, 30)),
        f"pictures/{name}.png",
    ]
    for path, grey in zip(paths, (*GREYS, GREYS[-1]), strict=True):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), (grey + index,) * 3).save(folder / path)
    steps = [{"step": step, "picture": path} for step, path in zip((10, 20, 30), paths[1:4], strict=True)]
    return {"index": index, "status": "done", "picture": paths[4], "start": paths[0], "steps": steps}


@pytest.fixture
def visualized(tmp_path):
    """A run over two layers with two facets each."""
    folder = tmp_path / "ants"
    layers = [
        {"layer": layer, "facets": [paint(folder, f"{layer}/facet-{index:02d}", index) for index in range(2)]}
        for layer in ("layer1", "layer2")
    ]
    return write(folder, {"kind": "visualize", "layers": layers})


@pytest.fixture
def painted(tmp_path):
    """A run of two objectives, the second failed."""
    folder = tmp_path / "paint"
    lost = paint(folder, "01-layer1_60", 1) | {"status": "failed", "picture": None}
    return write(folder, {"kind": "paint", "status": "partial", "pictures": [paint(folder, "00-layer1.0_11", 0), lost]})


def write(folder, content):
    (folder / "run.json").write_text(json.dumps({"schema": SCHEMA, "status": "done"} | content))
    return folder


def relative(folder, paths):
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def test_every_facet_of_every_layer(visualized):
    """A GIF stands where the picture stands, one folder over; its frames are start and steps."""
    written = mindseye.film(visualized, quiet=True)
    wanted = [f"films/layer{layer}/facet-0{facet}.gif" for layer in (1, 2) for facet in (0, 1)]
    assert relative(visualized, written) == wanted
    with Image.open(visualized / wanted[1]) as film:
        shown = [np.asarray(frame.convert("L"))[0, 0] for frame in ImageSequence.Iterator(film)]
    assert shown == [grey + 1 for grey in GREYS]


def test_objectives_both_kinds_of_file(painted, capsys):
    """The same for a paint run; a picture that failed has no film; quiet is quiet."""
    assert main(["film", str(painted), "--gif", "--mp4", "--seconds", "1", "--quiet"]) == 0
    assert relative(painted, (painted / "films").iterdir()) == ["films/00-layer1.0_11.gif", "films/00-layer1.0_11.mp4"]
    assert capsys.readouterr() == ("", "")


def test_one_kind_and_one_facet(visualized):
    """--mp4 alone writes no GIF; --facet takes that facet of each layer."""
    assert main(["film", str(visualized), "--mp4", "--seconds", "0.5", "--facet", "1"]) == 0
    found = [path for path in (visualized / "films").rglob("*") if path.is_file()]
    assert relative(visualized, found) == ["films/layer1/facet-01.mp4", "films/layer2/facet-01.mp4"]


def test_films_go_when_the_run_is_painted_anew(visualized):
    """They are the run's own."""
    mindseye.film(visualized, quiet=True)
    RunFolder(visualized).clear()
    assert not (visualized / "films").exists()


def changed(folder, change):
    manifest = json.loads((folder / "run.json").read_text())
    change(manifest)
    (folder / "run.json").write_text(json.dumps(manifest))


def test_a_run_without_steps_says_how_to_get_them(painted):
    """One line with the way out."""
    changed(painted, lambda manifest: [one.update(steps=[]) for one in manifest["pictures"]])
    with pytest.raises(UserError, match=r"kept no steps.*--snapshots"):
        mindseye.film(painted)


def test_a_run_that_goes_on_is_refused(painted):
    """Its films would miss their ends."""
    changed(painted, lambda manifest: manifest.update(status="interrupted"))
    with pytest.raises(UserError, match="not finished"):
        mindseye.film(painted)


def test_a_lost_step_is_named(painted):
    """The file and the reason."""
    (painted / "steps/00-layer1.0_11/step-00020.png").unlink()
    with pytest.raises(UserError, match=r"step-00020\.png.*no such file"):
        mindseye.film(painted)


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--facet", "7"], "0, 1"), (["--seconds", "0"], "0.1 to 600"), (["--seconds", "1e9"], "0.1 to 600")],
)
def test_a_mistake_is_one_line_and_code_2(visualized, capsys, words, told):
    """The valid range is named, and nothing is written."""
    assert main(["film", str(visualized), *words]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert told in said[0]
    assert not (visualized / "films").exists()


def test_no_run_and_no_kind(tmp_path, visualized):
    """A folder that holds no run stays as it is; neither GIF nor MP4 makes no sense."""
    with pytest.raises(UserError, match="no run folder"):
        mindseye.film(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    with pytest.raises(UserError, match="at least one"):
        mindseye.film(visualized, gif=False)

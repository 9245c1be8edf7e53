"""What goes wrong with a photo costs no other; an interrupted run goes on, a finished one is left alone."""

import json
from pathlib import Path

import pytest
from explain_runs import SIDE, look, record_of, write_photo
from nets import seeded
from PIL import Image
from torch import nn

from mindseye.errors import UserError


def test_a_broken_photo_costs_nothing_but_itself(place):
    (place / "photos" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    found = look()
    assert [Path(one.photo).name for one in found.maps[::2]] == ["0.png", "2.png"]
    assert len(found.failures) == 1
    assert "1.png" in found.failures[0]
    assert record_of(found)["status"] == "partial"


class Logarithm(nn.Module):
    """NaN for a photo that is black all over."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)

    def forward(self, images):
        return self.conv(images).mean((2, 3)) * images.mean((1, 2, 3))[:, None].log()


def test_a_photo_without_a_map_costs_nothing_but_itself(place):
    """What shares its batch is explained all the same, and the map's place on the figure says why it is empty."""
    Image.new("RGB", (SIDE, SIDE)).save(place / "photos" / "1.png")
    found = look(model=seeded(Logarithm), method="saliency,backprop", target="output:1")
    assert [Path(one.photo).name for one in found.maps] == ["0.png", "0.png", "2.png", "2.png"]
    assert len(found.failures) == 2
    assert all("1.png" in line and "NaN" in line for line in found.failures)
    assert len(found.figures) == 3


def test_an_interrupted_run_goes_on_where_it_stopped(place):
    """To the same bytes; what was done is not done again."""
    words = {"method": "occlusion,perturbation", "fill": "random", "steps": 3, "batch_size": 1}
    whole = look(out="whole", **words)

    def stop(stage, done, total, left):
        if stage.startswith("explain") and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(out="part", progress=stop, **words)
    assert json.loads((place / "part" / "run.json").read_text())["status"] == "interrupted"
    written = {path: path.stat().st_mtime_ns for path in (place / "part").rglob("*.npy")}
    assert len(written) == 3
    parts = look(out="part", **words)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    files = sorted(path.relative_to(whole.path) for path in whole.path.rglob("*.*") if path.suffix in (".npy", ".png"))
    assert len(files) == 3 * 7
    for name in files:
        assert (whole.path / name).read_bytes() == (parts.path / name).read_bytes()


def test_a_finished_run_is_left_alone(place):
    """Asked for something else it is refused; --force replaces it and touches nothing of the user's."""
    look(out="out")
    (place / "out" / "mine.cam.png").write_bytes(b"mine")
    before = (place / "out" / "run.json").read_bytes()
    assert len(look(out="out").maps) == 6
    assert (place / "out" / "run.json").read_bytes() == before
    with pytest.raises(UserError, match="differs in methods"):
        look(out="out", method="saliency")
    write_photo(place / "photos" / "1.png", 99)
    with pytest.raises(UserError, match="differs in photos"):
        look(out="out")
    look("photos/0.png", out="out", method="saliency", force=True)
    left = {path.name for path in (place / "out").iterdir()} - {".lock"}
    maps = {"0.saliency.npy", "0.saliency.png", "0.saliency.overlay.png"}
    assert left == maps | {"mine.cam.png", "0.figure.png", "run.json", "report.html"}


def test_force_removes_nothing_outside_the_folder(place):
    """run.json may have been changed by hand."""
    look("photos/0.png", out="out")
    record = json.loads((place / "out" / "run.json").read_text())
    kept = [place / "photos" / "0.png", place / "net.py"]
    record["photos"][0]["maps"][0] |= {"map": "../photos/0.png", "picture": str(kept[0]), "overlay": "../net.py"}
    (place / "out" / "run.json").write_text(json.dumps(record))
    look("photos/0.png", out="out", method="saliency", force=True)
    assert all(path.is_file() for path in kept)


def test_a_refused_run_leaves_no_folder(place):
    """Where none of the photos can be read there is nothing to keep; a folder of the user's own stays."""
    for photo in (place / "photos").iterdir():
        photo.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(UserError):
        look(out="out")
    assert not (place / "out").exists()
    (place / "mine").mkdir()
    with pytest.raises(UserError):
        look(out="mine")
    assert (place / "mine").is_dir()

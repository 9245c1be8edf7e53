"""What a layer keeps of a photo, painted and from patches of others: the numbers by hand, resume, and one line per mistake."""

import json
import os

import numpy as np
import pytest
import torch
from byhand import QUICK, SIDE, features, files, hooks, image_of, picture, value, write_photos
from nets import ChannelsLast, TinyConv, seeded
from torch import nn

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.facets.patches import nearest_positions, paste, windows
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.receptive_field import receptive_field
from mindseye.layers.survey import survey
from mindseye.preprocessing import identity

ASKED = ["photos/00.png", "photos/03.png"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with 6 photos of the size that the network sees."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 6)
    return tmp_path


def invert(photos=ASKED[0], network=None, layer="body.2", **changes):
    return mindseye.invert(photos, network or seeded(TinyConv), layer, **QUICK | changes)


def rebuild(photos=ASKED[0], network=None, layer="body.2", **changes):
    asked = {"patches": "photos", "size": SIDE, "quiet": True} | changes
    return mindseye.invert(photos, network or seeded(TinyConv), layer, **asked)


def distance(network, blocks, image, photo):
    """Relative squared distance of the maps behind some blocks."""
    seen, goal = (features(network, one, blocks) for one in (image, photo))
    return float((seen - goal).square().sum() / goal.square().sum())


def test_each_photo_at_each_layer(place):
    """The value is minus the relative distance of the maps, by hand; the picture is nearer than its start."""
    network = seeded(TinyConv)
    run = invert(ASKED, network, ["body.0", "body.2"], steps=30)
    entries = run.manifest.pictures
    assert [entry.objective for entry in entries] == [
        f"{name} at {layer}" for name in ("00.png", "03.png") for layer in ("body.0", "body.2")
    ]
    assert [entry.photo for entry in entries] == [str(place / path) for path in ASKED for _ in range(2)]
    for index in range(4):
        photo, blocks = image_of(ASKED[index // 2]), (1, 3)[index % 2]
        for role in ("picture", "start"):
            wanted = -distance(network, blocks, picture(run, index, role), photo)
            assert value(run, index, role) == pytest.approx(wanted, abs=1e-5)
        assert value(run, index) > value(run, index, "start")
    assert run.path.name == "invert-00-TinyConv-2-layers"
    assert (run.path / "figures" / "steps.png").is_file()


@pytest.mark.parametrize("channels", [1, 7])
def test_arrays_for_other_numbers_of_channels(place, channels):
    """No file holds seven; the run says that it came from an array."""
    shape = (SIDE, SIDE, channels)
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    run = invert(array, seeded(TinyConv, channels))
    (entry,) = run.manifest.pictures
    assert (entry.objective, entry.photo) == ("array at body.2", None)
    others = np.random.default_rng(1).integers(0, 256, (3, *shape), dtype=np.uint8)
    rebuilt = rebuild(array, seeded(TinyConv, channels), patches=others, out="rebuilt")
    assert rebuilt.manifest.patches == {"folder": "", "count": 3}
    assert (rebuilt.path / rebuilt.manifest.pictures[0].picture).is_file()


def test_a_name_that_is_no_text(place):
    """Bytes that no encoding explains, as some archives have them."""
    name = os.fsdecode(b"photos/caf\xe9\n.png")
    os.rename("photos/00.png", name)  # noqa: PTH104
    for run in (invert(name, steps=1), rebuild(name, out="rebuilt")):
        (entry,) = run.manifest.pictures
        assert os.fsencode(entry.photo).endswith(b"caf\xe9\n.png")
        assert (run.path / entry.picture).is_file()


def test_patches_are_the_nearest_of_all_photos(place):
    """The picture and its numbers are those of the parts, each tested by itself, put together here."""
    network = seeded(TinyConv)
    run = rebuild(ASKED[0], network)
    others = torch.cat([image_of(path) for path in sorted((place / "photos").iterdir())])
    layer = find_layer(survey(network, SIDE), "body.2")
    where = windows(receptive_field(network, layer, SIDE), SIDE)
    with Reader(network, [layer]) as read:
        batch = [(list(range(6)), (others * 255).round().byte())]
        (found,) = nearest_positions(read, identity(3, SIDE), batch[0][1][:1], batch, torch.device("cpu"))["body.2"]
    assert 0 not in found.photos
    wanted = paste(found, where, lambda photo: others[photo])
    assert (picture(run) - wanted).abs().max() <= 0.5 / 255 + 1e-6
    (entry,) = run.manifest.pictures
    assert run.manifest.patches == {"folder": str(place / "photos"), "count": 6}
    assert entry.patches == {
        "photos": len(found.photos),
        "positions": 64,
        "cosine": pytest.approx(float(found.cosine.mean()), abs=1e-6),
        "window": [where.height, where.width],
    }
    photo = image_of(ASKED[0])
    assert value(run) == pytest.approx(-distance(network, 3, wanted, photo), abs=1e-5)
    assert value(run) > value(run, 0, "start")
    assert (run.manifest.kind, run.manifest.status, run.manifest.recipe) == ("invert", "done", {})
    assert (run.path / "figures" / "pictures.png").is_file()
    assert hooks(network) == 0


def test_a_copy_of_the_photo_under_another_name_is_left_out(place):
    """By content: with it the picture would be the photo."""
    run = rebuild(out="without")
    (place / "photos" / "copy.png").write_bytes((place / "photos" / "00.png").read_bytes())
    again = rebuild(out="with")
    assert files(again.path) == files(run.path)


def test_interrupted_it_continues_picture_by_picture(place):
    """What was rebuilt is not searched again; the end is the same byte for byte."""
    whole = rebuild(ASKED, layer=["body.0", "body.2"], out="whole")

    def stop(stage, done, total, left):
        if stage == "paste" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(ASKED, layer=["body.0", "body.2"], out="cut", progress=stop)
    state = json.loads((place / "cut" / "run.json").read_text())
    assert (state["status"], [entry["status"] for entry in state["pictures"]]) == (
        "interrupted",
        ["done"] * 2 + ["todo"] * 2,
    )
    pasted = []
    cut = rebuild(
        ASKED,
        layer=["body.0", "body.2"],
        out="cut",
        progress=lambda stage, done, total, left: pasted.append((done, total)) if stage == "paste" else None,
    )
    assert pasted == [(0, 2), (1, 2), (2, 2)]
    assert files(cut.path) == files(whole.path)
    assert cut.manifest.pictures == whole.manifest.pictures


def test_broken_photos_of_the_folder_are_listed(place):
    """And nothing is lost by them."""
    (place / "photos" / "half.png").write_bytes((place / "photos" / "01.png").read_bytes()[:300])
    run = rebuild()
    assert [os.path.basename(entry.path) for entry in run.manifest.skipped] == ["half.png"]  # noqa: PTH119
    assert run.manifest.patches["count"] == 6


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"photos": ASKED[1]}, "photos"),
        ({"layer": "body.0"}, "layers"),
        ({"steps": 9}, r"recipe \(steps\)"),
        ({"seed": 1}, "seed"),
        ({"snapshots": 2}, r"recipe \(snapshots\)"),
        ({"patches": "photos", "steps": None}, "recipe, patches"),
    ],
)
def test_another_command_is_another_run(kept, changes, named, monkeypatch):
    """Refused with the name of what differs; patches are no inversion."""
    monkeypatch.chdir(kept.parent)
    with pytest.raises(UserError, match=f"differs in .*{named}.*--force"):
        invert(out=kept, **changes)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A finished inversion, beside photos."""
    folder = tmp_path_factory.mktemp("kept")
    write_photos(folder / "photos", 4)
    invert(folder / ASKED[0], out=folder / "run")
    return folder / "run"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"photos": []}, "no photo"),
        ({"photos": "gone.jpg"}, "photo 'gone.jpg' cannot be read: no such file"),
        ({"photos": "photos"}, "photo 'photos' cannot be read: a folder"),
        ({"layer": "body.9"}, "no layer 'body.9'"),
        ({"changes": {"crop": [0.7, 1.0], "flip": 0.5}}, r"--set crop=\[1,1\] --set flip=0$"),
        ({"changes": {"pad": 0.1, "scale": [0.9, 1.1]}}, r"--set scale=\[1,1\] --set pad=0$"),
        ({"recipe": "distribution"}, "recipe distribution has random views, and an inversion .*rotate=0"),
        ({"changes": {"octaves": 2}}, "octaves is 2"),
        ({"changes": {"objective": 0.0}}, "no weight"),
        ({"patches": "nowhere", "steps": None}, "nowhere"),
        ({"patches": "photos"}, "--patches paints nothing"),
        ({"patches": "photos", "steps": None, "recipe": "lucid"}, "--patches paints nothing"),
        ({"recursive": True}, "--recursive is about the folder of --patches"),
        ({"patches": "photos", "steps": None, "changes": {"lr": 1}}, "--patches paints nothing"),
    ],
)
def test_a_mistake_is_one_line_before_any_work(place, changes, told):
    """What is wrong, with the way out; no folder is made."""
    with pytest.raises(UserError, match=told) as raised:
        invert(**changes)
    assert "\n" not in str(raised.value)
    assert not (place / "runs").exists()


def test_a_folder_of_the_photo_alone(place):
    """There is nothing to take patches of."""
    with pytest.raises(UserError, match=r"no photo but 00.png at body.2 itself"):
        rebuild(patches=[ASKED[0]])


def test_positions_that_form_no_grid_have_no_patches(place):
    """Five tokens are no square."""

    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.split = nn.Conv2d(3, 4, (8, SIDE), stride=8)
            self.mix = nn.Linear(4, 4)

        def forward(self, images):
            return self.mix(self.split(images).flatten(2).transpose(1, 2)[:, 1:])

    with pytest.raises(UserError, match="form no rows and columns"):
        rebuild(network=seeded(Tokens), layer="mix")


def test_maps_whose_channels_are_last(place):
    """Read rightly, and pasted rightly."""
    assert rebuild(network=seeded(ChannelsLast), layer="gelu").manifest.pictures[0].patches["window"] == [4, 4]


def test_command_line(place, capsys):
    """The same words, with and without patches."""
    (place / "net.py").write_text(
        "import torch\n\ndef build():\n    torch.manual_seed(0)\n    return torch.nn.Sequential("
        "torch.nn.Conv2d(3, 8, 3, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3))\n"
    )
    words = ["invert", *ASKED, "--model", "net.py:build", "--size", "32", "--quiet"]
    assert main([*words, "--layers", "0,2", "--steps", "2", "--snapshots", "1", "--out", "painted"]) == 0
    assert main([*words, "--layers", "0,2", "--patches", "photos", "--out", "rebuilt"]) == 0
    (place / "above").mkdir()
    (place / "photos").rename(place / "above" / "photos")
    words[1 : len(ASKED) + 1] = [f"above/{photo}" for photo in ASKED]
    assert main([*words, "--layers", "0,2", "--patches", "above", "--recursive", "--out", "deeper"]) == 0
    assert files(place / "deeper" / "pictures") == files(place / "rebuilt" / "pictures")
    assert main([*words, "--patches", "above", "--out", "shallow"]) == 2
    assert "--recursive reads its sub-folders" in capsys.readouterr().err
    found = [json.loads((place / out / "run.json").read_text())["pictures"] for out in ("painted", "rebuilt")]
    painted, rebuilt = ([entry["objective"] for entry in entries] for entries in found)
    assert painted == rebuilt
    capsys.readouterr()
    assert main([*words, "--layer", "0", "--patches", "above", "--recursive", "--recipe", "lucid"]) == 2
    assert "--patches paints nothing" in capsys.readouterr().err.strip().splitlines()[-1]

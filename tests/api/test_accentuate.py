"""What a photo lacks for a unit, and caricatures: what is raised, what is measured, what holds it near, and mistakes."""

import json

import numpy as np
import pytest
import torch
from byhand import QUICK, SIDE, features, files, image_of, picture, value, write_photos
from nets import TinyConv, TinyTokens, seeded

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError

PHOTO = "photos/02.png"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with 3 photos of the size that the network sees."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 3)
    return tmp_path


def accentuate(objectives, network=None, photo=PHOTO, **changes):
    return mindseye.accentuate(photo, objectives, network or seeded(TinyConv), **QUICK | changes)


def test_a_class_has_no_caricature(place):
    """The line names the way out, and no layer that happens to be called alike."""
    with pytest.raises(UserError, match=r"a caricature exaggerates layers: for 'class:1' leave --caricature out$"):
        accentuate(["body.2", "class:1"], caricature=True)


def test_the_value_is_the_units_own(place):
    """Not the sum with the pull towards the photo: by hand, for a channel, a neuron and a class, at picture and start."""
    network = seeded(TinyConv)
    by_hand = {
        "body.2:3": lambda images: features(network, images)[0, 3].mean(),
        "body.2:5@1,2": lambda images: features(network, images)[0, 5, 2, 1],
        "class:1": lambda images: network(images)[0, 1],
    }
    run = accentuate(list(by_hand), network, steps=25, changes={"lr": 0.1})
    assert (run.manifest.kind, run.path.name) == ("accentuate", "accentuate-02-TinyConv-3-objectives")
    for index, (words, slowly) in enumerate(by_hand.items()):
        entry = run.manifest.pictures[index]
        assert (entry.objective, entry.photo) == (words, str(place / PHOTO))
        for role in ("picture", "start"):
            with torch.no_grad():
                assert value(run, index, role) == pytest.approx(float(slowly(picture(run, index, role))), abs=1e-5)
        assert value(run, index) > value(run, index, "start")
        assert (picture(run, index, "start") - image_of(PHOTO)).abs().max() < 0.02


def test_near_holds_it_near(place):
    """The stronger the pull, the closer the picture is to the photo at the layer where it is held."""
    network, photo = seeded(TinyConv), image_of(PHOTO)

    def away(near):
        run = accentuate("body.2:3", network, near=near, out=f"near-{near}", steps=25, changes={"lr": 0.1})
        assert run.manifest.options["near_layer"] == "body.0"
        return float((features(network, picture(run), 1) - features(network, photo, 1)).square().mean())

    assert away(50.0) < 0.5 * away(0.0)


def test_another_layer_to_be_held_at(place):
    """Named by hand."""
    run = accentuate("class:1", near_layer="stem", near=2.0)
    assert (run.manifest.options["near_layer"], run.manifest.status) == ("stem", "done")


def test_a_caricature_goes_further(place):
    """1 at the photo; above it in the picture; the formula by hand at the picture."""
    network = seeded(TinyConv)
    run = accentuate("body.0", network, caricature=True, steps=25, changes={"lr": 0.05})
    assert run.manifest.pictures[0].objective == "caricature at body.0"
    assert value(run, 0, "start") == pytest.approx(1, abs=0.01)
    seen, goal = (features(network, images, 1).flatten(2) for images in (picture(run), image_of(PHOTO)))
    wanted = (seen * goal).sum() / goal.square().sum()
    assert value(run) == pytest.approx(float(wanted), abs=1e-4)
    assert value(run) > value(run, 0, "start")


def test_a_caricature_in_octaves(place):
    """Picture and photo are seen at the same sizes, so their maps change together."""
    run = accentuate("body.0", caricature=True, recipe="deepdream")
    assert run.manifest.status == "done"


@pytest.mark.parametrize("channels", [1, 7])
def test_arrays_for_other_numbers_of_channels(place, channels):
    """Given as an array; there is no path then."""
    array = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, channels), dtype=np.uint8)
    run = accentuate("body.2:3", seeded(TinyConv, channels), array, steps=2)
    assert run.manifest.pictures[0].photo is None
    assert run.path.name.startswith("accentuate-array-")


def test_a_transformer_of_one_size(place):
    """A canvas larger than what it sees, under the recipe's random views of picture and photo alike."""
    run = accentuate(["blocks.2:3@1,2", "class:1"], seeded(TinyTokens), size=48)
    assert run.manifest.status == "done"


def test_same_inputs_same_pictures(place):
    """Bit for bit; another seed sees other views."""
    one, two, other = (accentuate("body.2:3", out=f"{at}", seed=seed) for at, seed in enumerate((0, 0, 1)))
    assert files(one.path) == files(two.path)
    assert files(one.path) != files(other.path)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"objectives": "body.2:4"}, "objectives"),
        ({"objectives": "body.2", "caricature": True}, "caricature"),
        ({"near": 2.0}, "near"),
        ({"near_layer": "stem"}, "near_layer"),
        ({"power": 1.0}, "power"),
        ({"probability": True}, "probability"),
        ({"steps": 9}, "recipe"),
        ({"batch_size": 1}, "batch_size"),
        ({"photo": "photos/01.png"}, "photo"),
    ],
)
def test_another_command_is_another_run(kept, changes, named, monkeypatch):
    """Refused with the name of what differs."""
    monkeypatch.chdir(kept.parent)
    with pytest.raises(UserError, match=f"differs in .*{named}.*--force"):
        accentuate(**{"objectives": "body.2:3", "out": kept} | changes)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A finished run, beside photos."""
    folder = tmp_path_factory.mktemp("kept")
    write_photos(folder / "photos", 3)
    accentuate("body.2:3", photo=folder / PHOTO, out=folder / "run")
    return folder / "run"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"objectives": []}, "no objective"),
        ({"objectives": "body.9:1"}, "no layer 'body.9'"),
        ({"objectives": "body.2:3", "caricature": True}, "body.2:3"),
        ({"photo": "gone.jpg"}, "photo 'gone.jpg' cannot be read: no such file"),
        ({"near": -1.0}, "near is a weight"),
        ({"near_layer": "body.9"}, "no layer 'body.9'"),
        ({"changes": {"objective": 0.0}}, "no weight"),
        ({"changes": {"canvas": "cppn"}}, "cppn cannot start from a picture"),
    ],
)
def test_a_mistake_is_one_line_before_any_work(place, changes, told):
    """What is wrong, with the way out; no folder is made."""
    with pytest.raises(UserError, match=told) as raised:
        accentuate(**{"objectives": "body.2:3"} | changes)
    assert "\n" not in str(raised.value)
    assert not (place / "runs").exists()


def test_command_line(place, capsys):
    """The same words."""
    (place / "net.py").write_text(
        "import torch\n\ndef build():\n    torch.manual_seed(0)\n    return torch.nn.Sequential("
        "torch.nn.Conv2d(3, 8, 3, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3))\n"
    )
    words = [
        "accentuate",
        PHOTO,
        "--model",
        "net.py:build",
        "--size",
        "32",
        "--steps",
        "2",
        "--quiet",
        "--snapshots",
        "1",
    ]
    assert main([*words, "2:3", "0:1", "--near", "2", "--near-layer", "0", "--out", "one"]) == 0
    assert main([*words, "0", "--caricature", "--out", "two"]) == 0
    found = [json.loads((place / out / "run.json").read_text())["pictures"] for out in ("one", "two")]
    assert [entry["objective"] for entry in [*found[0], *found[1]]] == ["2:3", "0:1", "caricature at 0"]
    capsys.readouterr()
    assert main([*words, "2:99"]) == 2
    assert "0-7" in capsys.readouterr().err.strip().splitlines()[-1]

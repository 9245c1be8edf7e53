"""Where in photos: maps against the methods themselves, what is left under which names, and one line per mistake."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from explain_runs import SIDE, look, pixels, record_of, write_photo
from nets import TinyConv, TinyTokens, seeded
from PIL import Image

import mindseye
from mindseye.attribution.methods import METHODS
from mindseye.attribution.occlusion import occlusion
from mindseye.attribution.relevance import lrp
from mindseye.attribution.score import class_score, unit_score
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.survey import survey
from mindseye.models.load import load_model
from mindseye.optimize.random import RandomKeys
from mindseye.photos.fingerprint import photo_digest
from mindseye.workflows.explanation.files import unique_names


def scored(network, index):
    model = load_model(network, size=SIDE)
    return class_score(model, find_output(model.network, SIDE)[0], [index])


class TwoHeads(torch.nn.Module):
    """Gives a map and class scores, in a dictionary."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Conv2d(3, 4, 3)
        self.head = torch.nn.Linear(4, 3)

    def forward(self, images):
        maps = self.body(images)
        return {"masks": maps, "scores": self.head(maps.mean((2, 3)))}


def test_of_several_outputs_the_one_that_is_explained_is_named(place):
    """Unless labels tell which of them is meant, or the target does."""
    line = "the classes of TwoHeads are read from output:masks; --target output:PART:CHANNEL explains another part"
    assert line in record_of(look("photos/0.png", TwoHeads(), method="saliency", out="first"))["notes"]
    assert (
        record_of(look("photos/0.png", TwoHeads(), method="saliency", target="output:scores:1", out="b"))["notes"] == []
    )
    named = TwoHeads()
    named.labels = ["ant", "bee", "wasp"]
    found = record_of(look("photos/0.png", named, method="saliency", out="named"))
    assert (found["models"][0]["target"]["layer"], found["notes"]) == ("output:scores", [])


def test_maps_are_the_methods_own(place):
    """Each photo's own class, its own random numbers, and the numbers that were given."""
    network = seeded(TinyConv)
    found = look(method="occlusion,lrp", box=(12, 8), stride=6, fill="random", rule="epsilon", batch_size=2, seed=4)
    kinds = {(Path(one.photo).name, one.method) for one in found.maps}
    assert kinds == {(f"{number}.png", method) for number in range(3) for method in ("occlusion", "lrp")}
    for one in found.maps:
        image = pixels(one.photo)
        with torch.no_grad():
            logits = network(image)[0]
        best = int(logits.argmax())
        assert one.target == f"class {best}"
        assert one.score == pytest.approx(float(logits[best]), abs=1e-5)
        random = RandomKeys(4, (photo_digest(image[0]),))
        if one.method == "occlusion":
            wanted = occlusion(scored(network, best), image, random, (12, 8), (6, 6), "random").map[0]
        else:
            wanted = lrp(scored(network, best), image, "epsilon").map[0]
        np.testing.assert_allclose(one.load(), wanted.numpy(), rtol=1e-4, atol=1e-5)


def test_what_is_left_and_under_which_name(place):
    """Map, heat map and overlay per photo and method, a figure per photo, and run.json, which says the same as Python."""
    found = look("photos/1.png")
    assert found.path == Path("runs/explain-1-TinyConv")
    roles = ("npy", "png", "overlay.png")
    wanted = {f"1.{method}.{role}" for method in ("saliency", "cam") for role in roles}
    assert {path.name for path in found.path.iterdir()} == wanted | {"1.figure.png", "run.json", "report.html", ".lock"}
    record = record_of(found)
    assert (record["schema"], record["kind"], record["status"]) == (2, "explain", "done")
    entry = record["photos"][0]["maps"][0]
    values = found.maps[0].load()
    assert values.dtype == np.float32
    assert values.shape == (SIDE, SIDE)
    assert entry["range"] == pytest.approx([values.min(), values.max()])
    for picture in (found.maps[0].picture, found.maps[0].overlay):
        assert Image.open(picture).size == (SIDE, SIDE)
    assert found.figures == [found.path / "1.figure.png"]
    assert not found.failures
    assert found.table == ""


def test_photos_of_one_name_keep_apart(place):
    """Also where upper and lower case, or the ending, are all that tells them apart; hostile names stay in the folder."""
    names = ["a/x.png", "b/x.png", "a/x.bmp", "a/X.png", "a/x-2.png", "a/ ..; rm -rf ~.png"]
    for seed, name in enumerate(names):
        write_photo(place / name, seed)
    found = look(["a", "b"], method="saliency", out="out")
    assert len({one.array for one in found.maps}) == len(names)
    assert {path.parent for path in (place / "out").rglob("*.npy")} == {place / "out"}
    for one in found.maps:
        alone = look([one.photo], method="saliency", out="alone", force=True)
        np.testing.assert_allclose(one.load(), alone.maps[0].load(), rtol=1e-4, atol=1e-6)


def test_names_of_files():
    assert unique_names(["x", "X", "x", "x-2", "a/b", ".."]) == ["x", "X-2", "x-3", "x-2-2", "a_b", "_"]


def test_networks_side_by_side(place):
    """A folder each, also for two of one name; one figure, and the target looked up in each."""
    networks = [seeded(TinyConv), seeded(TinyConv, 3, 6)]
    found = look("photos/0.png", networks, method="saliency", target="body.0.conv1:3", out="out")
    assert [one.model for one in found.maps] == ["TinyConv", "TinyConv-2"]
    assert [one.array.parent.name for one in found.maps] == ["TinyConv", "TinyConv-2"]
    assert len(found.figures) == 1
    assert not np.allclose(found.maps[0].load(), found.maps[1].load())
    with pytest.raises(UserError, match="0-5"):
        look("photos/0.png", networks, method="saliency", target="body.0.conv1:7", out="other")


@pytest.mark.parametrize("bands", [1, 7])
def test_arrays_of_any_number_of_channels(place, bands):
    network = seeded(TinyConv, bands)
    arrays = list(np.random.default_rng(0).random((2, SIDE, SIDE, bands), dtype=np.float32))
    found = look(arrays, network, method="all", steps=2)
    assert len(found.maps) == 2 * len(METHODS)
    assert {one.photo for one in found.maps} == {"array-00000", "array-00001"}
    assert all(path.is_file() for path in found.figures)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_all_leaves_out_what_a_network_does_not_allow(place):
    """With its reason, in the notes and on the figure; named by itself it is refused, before any work."""
    found = look("photos/0.png", seeded(TinyTokens), method="all", steps=2, out="out")
    methods = {one.method for one in found.maps}
    assert {"saliency", "occlusion", "integrated-gradients", "perturbation", "backprop", "grad-cam"} <= methods
    assert set(found.refused["TinyTokens"]) == set(METHODS) - methods
    assert "lrp" in found.refused["TinyTokens"]
    assert any("lrp of TinyTokens is left out" in note and "blocks.0" in note for note in found.notes)
    with pytest.raises(UserError, match=r"lrp of TinyTokens: module 'blocks\.0"):
        look("photos/0.png", seeded(TinyTokens), method="saliency,lrp", out="other")
    assert not (place / "other").exists()


def test_a_unit_and_a_neuron(place):
    """The channel's mean over positions, and its value at x = 1, y = 2."""
    network = seeded(TinyConv)
    model = load_model(network, size=SIDE)
    layer = find_layer(survey(network, SIDE), "body.1")
    image = pixels(place / "photos" / "0.png")
    for target, position in (("body.1:3", None), ("body.1:3@1,2", (1, 2))):
        (one,) = look("photos/0.png", network, method="saliency", target=target, out=f"out{position}").maps
        wanted = float(unit_score(model, layer, 3, position)(image))
        assert one.score == pytest.approx(wanted, abs=1e-5)
        assert one.target == target
        assert (one.load() > 0).any()


def test_checks_are_a_table(place):
    """A row per method beside that of a random order; the curves begin with the photo's own probability."""
    found = look(method="saliency,cam,guided-backprop", check=True, batch_size=2)
    rows = [line.split(" | ") for line in found.table.splitlines() if line.startswith("| TinyConv")]
    assert [row[1] for row in rows] == ["random order", "saliency", "cam", "guided-backprop"]
    assert (found.path / "table.md").read_text() == found.table
    network = seeded(TinyConv)
    for entry in record_of(found)["photos"]:
        with torch.no_grad():
            probability = float(network(pixels(entry["path"])).softmax(1).max())
        for one in [*entry["chance"].values(), *(one["check"] for one in entry["maps"])]:
            assert one["deletion"]["values"][0] == pytest.approx(probability, abs=1e-5)
            assert one["insertion"]["values"][-1] == pytest.approx(probability, abs=1e-5)
        assert all(-1 <= value <= 1 for value in entry["maps"][0]["check"]["forgetting"]["absolute"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"method": "grad-kam"}, "did you mean 'grad-cam'"),
        ({"method": ""}, "at least one method"),
        ({"target": "class:zebra"}, "no label names"),
        ({"target": "body.1:99"}, "0-15"),
        ({"target": "body.1:3@99,0"}, "x is 0-7"),
        ({"target": "body.1"}, "'top'"),
        ({"target": "body.1:3:neg"}, "'top'"),
        ({"target": "output"}, "output:11"),
        ({"target": "convolution:3"}, "no layer 'convolution'"),
        ({"method": "occlusion", "box": 99}, "99 px high does not fit"),
        ({"method": "occlusion", "box": 4, "stride": 5}, "from 1 to 4"),
        ({"method": "occlusion", "box": (1, 2, 3)}, r"\(height, width\)"),
        ({"method": "perturbation", "fill": "plaid"}, "plaid"),
        ({"method": "perturbation", "game": "chess"}, "chess"),
        ({"method": "integrated-gradients", "baseline": "grey"}, "grey"),
        ({"method": "lrp", "rule": "alpha"}, "alpha"),
        ({"method": "lrp", "epsilon": 0.0}, "above 0"),
        ({"method": "grad-cam", "cam_layer": "fc"}, "rows and columns"),
        ({"method": "cam", "target": "body.1:3"}, "take 'grad-cam'"),
        ({"photos": "nowhere"}, "nowhere"),
        ({"photos": []}, "empty list"),
        ({"batch_size": 0}, "batch_size"),
        ({"seed": -1}, "seed"),
        ({"weights": "none"}, "module"),
    ],
)
def test_a_mistake_is_one_line_before_any_work(place, changes, told):
    """What is wrong is named, with the way out, and no folder is made."""
    with pytest.raises(UserError, match=told) as raised:
        look(**changes)
    assert "\n" not in str(raised.value)
    assert not (place / "runs").exists()


def test_numbers_that_change_nothing_are_said(place):
    found = look("photos/0.png", gamma=0.5)
    assert any("gamma changes nothing" in note for note in found.notes)


def test_maps_are_no_pictures_for_judges(place):
    found = look("photos/0.png")
    with pytest.raises(UserError, match="no pictures to be judged"):
        mindseye.evaluate(found.path, seeded(TinyConv))
    with pytest.raises(UserError, match="kept no steps"):
        mindseye.film(found.path)


def test_command_line(place, capsys):
    """The same words; 3 for a photo that cannot be read, 2 for a mistake; the table on the standard output."""
    (place / "broken.jpg").write_bytes(b"nothing")
    words = ["explain", "photos/0.png", "--model", "net.py:build", "--size", "32", "--method", "occlusion,cam"]
    assert main([*words, "--box", "12x8", "--stride", "4", "--target", "output:1", "--check", "--out", "out"]) == 0
    record = json.loads((place / "out" / "run.json").read_text())
    assert record["options"]["settings"]["box"] == [12, 8]
    assert record["options"]["settings"]["stride"] == [4, 4]
    assert "| net.build | cam |" in capsys.readouterr().out
    assert main([*words[:2], "broken.jpg", *words[2:], "--out", "other"]) == 3
    assert "broken.jpg" in capsys.readouterr().err
    assert main([*words, "--target", "class:9", "--out", "third"]) == 2
    assert "0 to 2" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*words, "--box", "3x4x5"])


def test_the_name_is_a_function_whatever_is_imported(place):
    """No part of the package hides it."""
    assert callable(mindseye.explain)


def test_the_page_shows_of_a_photo_what_the_maps_lie_over(place):
    """The square in the middle of a wide one, beside its maps, for each network at its own size."""
    wide = np.zeros((SIDE, 3 * SIDE, 3), np.uint8)
    for part in range(3):
        wide[:, part * SIDE : (part + 1) * SIDE, part] = 255
    Image.fromarray(wide).save(place / "wide.png")
    page = (look("wide.png", method="cam").path / "report.html").read_text()
    seen = re.search(r'src="data:image/webp;base64,([^"]+)"', page).group(1)
    square = np.asarray(Image.open(io.BytesIO(base64.b64decode(seen))).convert("RGB"))
    assert square.shape == (SIDE, SIDE, 3)
    assert np.abs(square[2:-2, 2:-2].reshape(-1, 3).mean(0) - [0, 255, 0]).max() < 30

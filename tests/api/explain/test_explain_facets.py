"""Where in photos the facets of a run are: by its own network, and in the run itself."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from explain_runs import NETWORK, SIDE, look, pixels, write_photo
from safetensors.torch import load_file, save_file
from torch import nn

import mindseye
from mindseye.attribution.score import facet_score
from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey
from mindseye.models.load import load_model
from mindseye.workflows.explanation.run_facet import find_facet


def paint(folder, out="run"):
    """A run over two layers, of a network in a file."""
    photos, model = str(folder / "photos"), f"{folder / 'net.py'}:build"
    mindseye.visualize(photos, model, ["0", "3"], facets=2, steps=1, size=SIDE, out=folder / out, quiet=True)


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("painted")
    (folder / "net.py").write_text(NETWORK)
    for number in range(16):
        write_photo(folder / "photos" / f"{number}.png", number)
    paint(folder)
    return folder


@pytest.fixture
def run(place, painted):
    """A run in the working folder, whose photos and network are elsewhere."""
    shutil.copytree(painted / "run", place / "run")
    return place / "run"


def test_a_facet_of_a_run(run):
    """The dot product with its target, in the run's own network and at its size, whatever the default model is."""
    for words, layer in (("facet:run/1", "3"), ("facet:run/0/1", "0")):
        found = mindseye.explain("photos/0.png", target=words, method="grad-cam,occlusion", out=layer, quiet=True)
        facet = find_facet(words.removeprefix("facet:"))
        model = load_model("net.py:build", size=SIDE)
        score = facet_score(model, find_layer(survey(model.network, SIDE), layer), facet.target, 1)
        with torch.no_grad():
            wanted = float(score(pixels(run.parent / "photos" / "0.png")))
        assert [one.score for one in found.maps] == pytest.approx([wanted, wanted], abs=1e-5)
        assert found.maps[0].target == f"facet 1 of run at {layer}"
        assert found.maps[0].load().shape == (SIDE, SIDE)


def test_a_facet_that_has_changed_is_another_one(run):
    """Under the same words."""
    words = {"target": "facet:run/0", "method": "grad-cam", "out": "out", "quiet": True}
    mindseye.explain("photos/0.png", **words)
    tensors = load_file(run / "facets.safetensors")
    save_file(tensors | {"3/target": 2 * tensors["3/target"]}, run / "facets.safetensors")
    with pytest.raises(UserError, match="differs in facet"):
        mindseye.explain("photos/0.png", **words)


def test_where_a_facet_lives_stands_in_its_run(run, painted):
    """For the nearest four members, what each position adds to the dot product; twice the same bytes."""
    record = json.loads((run / "run.json").read_text())
    for layer in record["layers"]:
        for entry in layer["facets"]:
            maps = np.load(run / entry["where"])
            assert maps.shape == (min(4, len(entry["members"])), *layer["grid"])
            facet = find_facet(f"{run}/{layer['layer']}/{entry['index']}")
            target = facet.target.select([facet.index])
            goal = target.mean.gather(1, target.channels)[0]
            model = load_model("net.py:build", size=SIDE)
            with torch.no_grad():
                activation = model.network[: int(layer["layer"]) + 1](pixels(entry["members"][0]["path"]))[0]
            shares = torch.einsum("k,khw->hw", goal / goal.square().sum(), activation[target.channels[0]])
            wanted = shares.clamp(min=0).numpy() / shares.numel()
            np.testing.assert_allclose(maps[0], wanted, rtol=1e-3, atol=1e-6)
    paint(painted, "again")
    for path in (run / "where").rglob("*.npy"):
        assert path.read_bytes() == (painted / "again" / path.relative_to(run)).read_bytes()


@pytest.mark.parametrize(
    ("words", "model", "told"),
    [
        ("facet:run/2", None, "facets are 0-1"),
        ("facet:run/body/0", None, "no layer 'body'; it has 0, 3"),
        ("facet:nowhere/0", None, "no run folder"),
        ("facet:run", None, "facet:RUN/2"),
        ("facet:run/0", ["net.py:build", "net.py:build"], "leave --model out"),
        ("facet:run/0", nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU()), "other weights"),
    ],
)
def test_facets_that_are_not_there(run, words, model, told):
    with pytest.raises(UserError, match=told):
        mindseye.explain("photos/0.png", model, target=words, quiet=True, out="out")
    assert not Path("out").exists()


def test_a_damaged_run_is_named(run):
    record = json.loads((run / "run.json").read_text())
    record["layers"][1]["facets"][0]["channels"] = [{"channel": 99}]
    (run / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"damaged|0-7"):
        mindseye.explain("photos/0.png", target="facet:run/0", quiet=True)
    (run / "run.json").write_text(json.dumps(record | {"layers": 3}))
    with pytest.raises(UserError, match="damaged"):
        mindseye.explain("photos/0.png", target="facet:run/0", quiet=True)


def test_a_run_of_another_kind_is_not_touched(run):
    before = (run / "run.json").read_bytes()
    with pytest.raises(UserError, match="differs in kind"):
        look("photos/0.png", out="run")
    assert (run / "run.json").read_bytes() == before

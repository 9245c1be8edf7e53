"""Parts of the user's own from the command line: an objective, a canvas, transforms, regularizers and a recipe in one file each."""

import json
from functools import partial
from pathlib import Path

import pytest
from byhand import files, write_photos
from own_parts import write_parts

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.optimize.recipe.load import load_recipe
from mindseye.user_code import load_object

TESTS = Path(__file__).parent.parent
NETWORK = f"{TESTS / 'nets.py'}:TinyConv"
OPTIONS = ["--model", NETWORK, "--size", "32", "--steps", "4", "--quiet"]
PARTS = [
    "--set", "canvas=my.py:Grey", "--set", 'transforms=["my.py:Cutout(share=0.25)"]', "--set", 'regularizers=["my.py:Still"]',
    "--set", "lr=0.2", "--set", "total_variation=0", "--set", "octaves=1",
]  # fmt: skip


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_parts(tmp_path)
    write_photos(tmp_path / "photos", 12)
    return tmp_path


def test_own_parts_paint_from_words(place, monkeypatch):
    """All in one command: kept by whole paths, so that the run continues from another folder; the same from Python."""
    words = ["paint", f"{place}/my.py:Contrast(channel=5)", "class:1", *OPTIONS, "--steps", "16"]
    assert main([*words, *PARTS, "--out", "run"]) == 0
    manifest = json.loads((place / "run" / "run.json").read_text())
    assert manifest["recipe"]["canvas"] == f"{place}/my.py:Grey"
    assert manifest["recipe"]["transforms"] == [f"{place}/my.py:Cutout(share=0.25)"]
    assert manifest["recipe"]["regularizers"] == [f"{place}/my.py:Still"]
    for entry in manifest["pictures"]:
        assert entry["status"] == "done"
        assert entry["measures"]["objective"]["picture"]["value"] > entry["measures"]["objective"]["start"]["value"]
    (place / "below").mkdir()
    monkeypatch.chdir(place / "below")
    whole = [word.replace("my.py", f"{place}/my.py") for word in PARTS]
    before = (place / "run" / "run.json").stat().st_mtime_ns
    assert main([*words, *whole, "--out", f"{place}/run"]) == 0
    assert (place / "run" / "run.json").stat().st_mtime_ns == before
    parts = {name: load_object(f"{place}/my.py:{name}") for name in ("Grey", "Cutout", "Still")}
    changes = {"canvas": parts["Grey"], "transforms": [parts["Cutout"](0.25)], "regularizers": [parts["Still"]]}
    changes |= {"lr": 0.2, "total_variation": 0, "octaves": 1}
    run = mindseye.paint(words[1:3], NETWORK, size=32, steps=16, quiet=True, changes=changes, out=place / "python")
    assert run.manifest.recipe == manifest["recipe"]
    assert files(place / "python") == files(place / "run")


def test_a_canvas_has_settings(place):
    """By keyword behind the request, from words and from Python alike, and in the words that the run notes."""
    words = ["paint", "body.2:3", *OPTIONS, "--set", "canvas=my.py:Patches(count=4)", "--set", "total_variation=0"]
    assert main([*words, "--out", "run"]) == 0
    manifest = json.loads((place / "run" / "run.json").read_text())
    assert manifest["recipe"]["canvas"] == f"{place}/my.py:Patches(count=4)"
    patches = load_object(f"{place}/my.py:Patches")
    options = {"size": 32, "steps": 4, "quiet": True}
    for name, count in (("python", 4), ("three", 3)):
        changes = {"canvas": partial(patches, count=count), "total_variation": 0}
        run = mindseye.paint("body.2:3", NETWORK, changes=changes, out=place / name, **options)
        assert run.manifest.recipe["canvas"] == f"{place}/my.py:Patches(count={count})"
        assert (files(place / name) == files(place / "run")) == (count == 4)
    with pytest.raises(UserError, match="without a name"):
        mindseye.paint("body.2:3", NETWORK, changes={"canvas": partial(patches, 4)}, out=place / "none", **options)


def test_an_objective_is_noted_by_the_whole_path_of_its_file(place, monkeypatch, capsys):
    """Named from anywhere the run is the same; a file of that name elsewhere is another; an older run's path still counts."""
    words = ["paint", "my.py:Contrast", "body.2:3", "--together", *OPTIONS, "--out", f"{place}/run"]
    assert main(words) == 0
    file = place / "run" / "run.json"
    manifest = json.loads(file.read_text())
    assert manifest["options"]["objectives"] == [f"{place}/my.py:Contrast + body.2:3"]
    older = manifest | {"options": manifest["options"] | {"objectives": ["my.py:Contrast + body.2:3"]}}
    file.write_text(json.dumps(older))
    (place / "below").mkdir()
    write_parts(place / "below")
    monkeypatch.chdir(place / "below")
    assert main([word.replace("my.py", f"{place}/my.py") for word in words]) == 0
    file.write_text(json.dumps(manifest))
    assert main(words) == 2
    assert "holds a run that differs in objectives; choose another --out" in capsys.readouterr().err


def test_an_accentuation_notes_the_whole_path_too(place):
    """As paint does."""
    photo = next((place / "photos").iterdir())
    assert main(["accentuate", str(photo), "my.py:Contrast", *OPTIONS, "--out", "run"]) == 0
    manifest = json.loads((place / "run" / "run.json").read_text())
    assert manifest["options"]["objectives"] == [f"{place}/my.py:Contrast"]


def test_examples_in_class_folders(place, capsys):
    """As they are refused without it, so --recursive reads them."""
    (place / "classes").mkdir()
    (place / "photos").rename(place / "classes" / "ant")
    words = ["paint", "body.2:3", *OPTIONS, "--examples", "classes", "--recipe", "distribution", "--out", "run"]
    assert main(words) == 2
    assert "--recursive reads its sub-folders" in capsys.readouterr().err
    assert main([*words, "--recursive"]) == 0


def test_facets_on_own_parts(place):
    """Facets painted on a canvas of twelve pixels, under a recipe of the user's own that names its parts."""
    (place / "mine.toml").write_text(
        'about = "mine"\nsteps = 4\nmatch = 1.0\ndot = 1.0\ncanvas = "my.py:Small"\nstart = "weighted"\n'
        'transforms = ["my.py:darker"]\nregularizers = ["my.py:Fade(share=0.2)"]\n'
    )
    words = ["visualize", "photos", "--layer", "body.2", "--facets", "2", "--recipe", "mine.toml", *OPTIONS]
    assert main([*words, "--out", "run"]) == 0
    manifest = json.loads((place / "run" / "run.json").read_text())
    assert [facet["status"] for facet in manifest["layers"][0]["facets"]] == ["done", "done"]
    assert (manifest["recipe"]["name"], manifest["recipe"]["size"]) == ("mine", 12)
    assert load_recipe("mine.toml").regularizers == ("my.py:Fade(share=0.2)",)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["my.py:Contrats"], "'my.py' has no 'Contrats'; did you mean 'Contrast'"),
        (["my.py:Average"], "objective 'my.py:Average' gives [] for 1 image, "),
        (["my.py:Cutout"], "the objective 'my.py:Cutout' gives no Objective but a Cutout"),
        (["my.py"], "write 'my.py:NAME'"),
        (["body.2:3", "--set", "canvas=my.py:Canvaz"], "has no 'Canvaz'; did you mean 'Canvas'"),
        (["body.2:3", "--set", "canvas=my.py:Grey", "--set", "start=grey"], "cannot start from a picture"),
        (["body.2:3", "--set", "transforms=my.py:Cutout"], 'wants a list such as ["my.py:NAME"]'),
        (["body.2:3", "--set", 'regularizers=["my.py:Flattens"]'], "the regularizer"),
    ],
)
def test_mistakes_are_one_line(place, words, told, capsys):
    """Exit code 2, no traceback, and the part is named."""
    assert main(["paint", *words, *OPTIONS]) == 2
    said = capsys.readouterr().err.strip()
    assert told in said
    assert "Traceback" not in said

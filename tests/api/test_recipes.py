"""Every recipe that comes along, with the command that it is for."""

import pytest
from byhand import QUICK, write_photos
from nets import TinyConv, TinyTokens, seeded

import mindseye
from mindseye.optimize.recipe.files import recipe_names

FACETS = ("distribution", "distribution-1", "draft", "paper", "reference", "lucid", "maco", "vital")
NAMED = ("class", "deepdream", "invert", "accentuate")


def start(recipe, network, layer, photos, out):
    """The run that a recipe is for."""
    options = QUICK | {"recipe": recipe, "out": out, "steps": 3}
    photo = photos / "00.png"
    match recipe:
        case "class":
            return mindseye.paint("class:1", network, **options)
        case "deepdream":
            return mindseye.paint(layer, network, init=photo, **options)
        case "invert":
            return mindseye.invert(photo, network, layer, **options)
        case "accentuate":
            return mindseye.accentuate(photo, f"{layer}:3", network, **options)
    return mindseye.visualize(photos, network, layer, facets=2, **options)


def test_no_recipe_is_left_out():
    """What follows runs all that come along."""
    assert sorted(FACETS + NAMED) == recipe_names()


@pytest.mark.parametrize(("network", "layer"), [(TinyConv, "body.1"), (TinyTokens, "blocks.2")])
@pytest.mark.parametrize("recipe", FACETS + NAMED)
def test_every_recipe_runs_on_maps_and_tokens(tmp_path, recipe, network, layer):
    """Convolutions and a transformer of one size: the run ends, under that recipe, and every picture is there."""
    photos = write_photos(tmp_path / "photos", 16)
    run = start(recipe, seeded(network), layer, photos, tmp_path / "run")
    manifest = run.manifest
    entries = manifest.layers[0].facets if recipe in FACETS else manifest.pictures
    assert (manifest.status, manifest.recipe["name"]) == ("done", recipe)
    assert [entry.status for entry in entries] == ["done"] * len(entries)
    assert len(entries) == (2 if recipe in FACETS else 1)


def test_a_run_of_the_older_default_continues_under_its_new_name(tmp_path):
    """What ``distribution`` was is ``distribution-1`` by now: the same numbers under another name are the same recipe."""
    photos = write_photos(tmp_path / "photos", 6)
    options = QUICK | {"facets": 2, "recipe": "distribution-1", "out": tmp_path / "run"}

    def stop(stage, done, total, left):
        if stage.startswith("paint") and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mindseye.visualize(photos, seeded(TinyConv), "body.1", progress=stop, **options)
    file = tmp_path / "run" / "run.json"
    file.write_text(file.read_text().replace('"distribution-1"', '"distribution"'))
    with pytest.raises(mindseye.UserError, match="differs in recipe;"):
        mindseye.visualize(photos, seeded(TinyConv), "body.1", **options | {"recipe": "distribution"})
    run = mindseye.visualize(photos, seeded(TinyConv), "body.1", **options)
    assert run.manifest.status == "done"

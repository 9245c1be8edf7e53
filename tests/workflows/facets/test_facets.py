"""The main job on small networks and made-up photos: what a run leaves, what costs it nothing, and what it refuses."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from facet_runs import QUICK, same_pictures
from nets import TinyConv, TinyTokens, seeded
from PIL import Image
from tars import write_tar

import mindseye
from mindseye.errors import UserError
from mindseye.optimize.regularizers.regularizer import Regularizer
from mindseye.runs.folder import RunFolder
from mindseye.workflows.facets.measure import unfinished_note


def test_a_run_leaves_what_it_promises(photos, tmp_path):
    """run.json, tensors, pictures, starts, steps and figures, each where the manifest says."""
    run = mindseye.visualize(photos, seeded(TinyConv), ["body.0", "body.2"], out=tmp_path / "run", **QUICK)
    manifest = run.manifest
    assert manifest.status == "done"
    assert manifest.images.count == 24
    assert [layer.layer for layer in manifest.layers] == ["body.0", "body.2"]
    for layer in manifest.layers:
        assert sum(facet.size for facet in layer.facets) == 24
        for facet in layer.facets:
            assert facet.status == "done"
            assert len(facet.members) == 10
            assert sum(member.weight for member in facet.members) == pytest.approx(1)
            assert sum(channel.share for channel in facet.channels) == pytest.approx(1, abs=1e-5)
            for path in (facet.picture, facet.start, facet.steps[-1].picture):
                assert Image.open(run.path / path).size == (32, 32)
            assert all(Path(member.path).is_file() for member in facet.members)
            assert set(facet.measures) == {"fidelity", "naturalness", "wasserstein"}
            assert layer.layer in facet.measures["wasserstein"]["members"]
            assert set(facet.measures["fidelity"]) == {"picture", "members", "start"}
    for figure in ("facets", "embedding", "steps", "depth"):
        assert (run.path / "figures" / f"{figure}.png").is_file()
    assert not (run.path / "state").exists()
    assert "mindseye:recipe" in Image.open(run.path / facet.picture).text
    assert "<img" in run._repr_html_()


def test_same_inputs_same_pictures(photos, tmp_path):
    """Two runs with the same seed are the same bit for bit; another seed is another picture."""
    for name in ("one", "two"):
        mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / name, **QUICK)
    mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "other", seed=1, **QUICK)
    assert same_pictures(tmp_path / "one", tmp_path / "two")
    assert not same_pictures(tmp_path / "one", tmp_path / "other")


def test_the_cache_changes_no_picture(photos, tmp_path):
    """Without it, with half of the photos in it, and with all in it under other names: the same bytes."""
    half = tmp_path / "half"
    half.mkdir()
    for path in sorted(photos.iterdir())[::2]:
        (half / path.name).symlink_to(path)
    shard = write_tar(tmp_path / "photos.tar", {path.name: path.read_bytes() for path in sorted(photos.iterdir())})
    for name, source, cache in (
        ("without", photos, False),
        ("half", half, True),
        ("rest", photos, True),
        ("tar", shard, True),
    ):
        mindseye.visualize(source, seeded(TinyConv), "body.2", out=tmp_path / "runs" / name, cache=cache, **QUICK)
    (held,) = mindseye.cache().holdings
    assert (held.entries, mindseye.cache().hits) == (24, 12 + 24)
    for name in ("rest", "tar"):
        assert same_pictures(tmp_path / "runs" / "without", tmp_path / "runs" / name)
        facets = [(tmp_path / "runs" / which / "facets.safetensors").read_bytes() for which in ("without", name)]
        assert facets[0] == facets[1]
    run = RunFolder(tmp_path / "runs" / "tar")
    assert run.read().layers[0].facets[0].members[0].path.startswith(f"{shard}!")
    before = [path.read_bytes() for path in sorted(run.path.rglob("pictures/**/*.png"))]
    manifest = run.read()
    for facet in manifest.layers[0].facets:
        facet.status, facet.picture, facet.measures = "todo", None, None
    run.write(replace(manifest, status="running"))
    mindseye.visualize(shard, seeded(TinyConv), "body.2", out=run.path, **QUICK)
    assert [path.read_bytes() for path in sorted(run.path.rglob("pictures/**/*.png"))] == before


def test_a_fixed_size_network_sees_its_own_size(photos, tmp_path):
    """A canvas larger than a transformer's size is seen through views of that size."""
    run = mindseye.visualize(photos, seeded(TinyTokens), "blocks.2", out=tmp_path / "run", **QUICK | {"size": 48})
    assert Image.open(run.pictures["blocks.2"][0]).size == (48, 48)


@pytest.mark.parametrize("channels", [1, 7])
def test_other_numbers_of_input_channels(tmp_path, channels):
    """A network of 1 or 7 bands, its number of channels read from the model, photos given as arrays."""
    draw = np.random.default_rng(0)
    arrays = [draw.integers(0, 255, (40, 40, channels), dtype=np.uint8) for _ in range(16)]
    run = mindseye.visualize(arrays, seeded(TinyConv, channels), "body.2", out=tmp_path / "run", **QUICK)
    assert run.manifest.model.in_channels == channels
    assert run.manifest.status == "done"


class SpoilSecond(Regularizer):
    """Makes the second picture of a batch NaN."""

    def change_gradient(self, gradient, step, progress):
        spoilt = gradient.clone()
        spoilt[1] = float("nan")
        return spoilt


def test_a_facet_that_turns_nan_costs_only_itself(photos, tmp_path):
    """The run ends in part, names the facet and the reason, and keeps the other picture."""
    changes = {"regularizers": [SpoilSecond()]}
    run = mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "run", changes=changes, **QUICK)
    facets = run.manifest.layers[0].facets
    assert [facet.status for facet in facets] == ["done", "failed"]
    assert run.manifest.status == "partial"
    assert "facet 1" in run.failures[0]
    assert "NaN" in run.failures[0]


def test_too_few_photos_lower_what_can_be_lowered(photos, tmp_path):
    """Five photos give fewer facets and members, and the notes say so."""
    few = sorted(photos.iterdir())[:5]
    run = mindseye.visualize(few, seeded(TinyConv), "body.2", out=tmp_path / "run", **QUICK | {"facets": 9})
    assert run.manifest.status == "done"
    assert any("facets" in note for note in run.manifest.notes)
    assert any("top-k lowered" in note for note in run.manifest.notes)


def measured(picture, members):
    return {"wasserstein": {"picture": {"a": picture}, "members": {"a": members}, "start": {"a": 9.0}}}


def test_pictures_that_stopped_too_early_are_told():
    """On average farther from their targets than the real members: by more than 15 %, and only where there are numbers."""
    (note,) = unfinished_note("a", [measured(0.5, 0.3), measured(0.7, 0.3), measured(None, 0.3)], 200)
    assert "0.60 from their targets, real members 0.30" in note
    assert "--steps 400" in note
    assert unfinished_note("a", [measured(0.6, 0.3), measured(0.1, 0.4)], 200) == []
    assert unfinished_note("a", [measured(0.34, 0.3)], 200) == []
    assert unfinished_note("a", [measured(None, None)], 200) == []


def test_one_step_is_too_early(photos, tmp_path):
    """A recipe that matches says so; one that does not has no such distance as its aim."""
    for recipe, told in (("distribution", 1), ("lucid", 0)):
        run = mindseye.visualize(
            photos, seeded(TinyConv), "body.2", out=tmp_path / recipe, recipe=recipe, **QUICK | {"steps": 1}
        )
        assert sum("more steps may bring them nearer" in note for note in run.manifest.notes) == told


def test_broken_photos_are_skipped_with_reasons(photos, tmp_path):
    """An empty file, a text that calls itself a photo and half a photo are listed; the rest is painted."""
    (photos / "empty.jpg").touch()
    (photos / "text.png").write_text("no photo")
    (photos / "half.png").write_bytes((photos / "00.png").read_bytes()[:700])
    run = mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "run", **QUICK)
    skipped = {Path(entry.path).name: entry.reason for entry in run.manifest.skipped}
    assert set(skipped) == {"empty.jpg", "text.png", "half.png"}
    assert all(skipped.values())
    assert run.manifest.images.count == 24


def test_channels_by_hand(photos, tmp_path):
    """Channels given by hand are what the facets are painted for; one that is not there is refused with the range."""
    run = mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "run", channels=[3, 1], **QUICK)
    facet = run.manifest.layers[0].facets[0]
    assert [channel.channel for channel in facet.channels] == [3, 1]
    with pytest.raises(UserError, match="0-15"):
        mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "no", channels=[16], **QUICK)


def test_train_mode_and_eval_mode_paint_the_same(photos, tmp_path):
    """A network in train mode gives the picture that it gives in eval mode, and comes back as it was."""
    for name in ("train", "eval"):
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Conv2d(4, 6, 3)
        )
        torch.manual_seed(0)
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        network.train(name == "train")
        mindseye.visualize(photos, network, "3", out=tmp_path / name, **QUICK)
        assert network.training == (name == "train")
        assert all(parameter.requires_grad for parameter in network.parameters())
    assert same_pictures(tmp_path / "train", tmp_path / "eval")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seed": -1}, "seed"),
        ({"facets": 0}, "facets"),
        ({"steps": -3}, "zero or more"),
        ({"changes": {"dot": 0, "match": 0, "total_variation": 0}}, "at least one"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_before_any_work(photos, tmp_path, wrong, told):
    """One line, and nothing is written."""
    with pytest.raises(UserError, match=told):
        mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "run", **QUICK | wrong)
    assert not (tmp_path / "run").exists()


def test_file_names_that_are_no_text_come_back(photos, tmp_path):
    """A name with bytes that no encoding explains is kept exactly, so that a run can be continued and judged."""
    name = b"caf\xe9.png"
    (photos / "00.png").rename(os.fsdecode(os.fsencode(photos) + b"/" + name))
    run = mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "run", **QUICK)
    assert any(os.fsencode(path).endswith(name) for path in run.manifest.images.paths)


@pytest.mark.parametrize("name", ["state/mine.txt", "figures/mine.pdf", "pictures/mine.jpg", "report.html"])
@pytest.mark.parametrize("force", [False, True])
def test_a_users_own_files_are_neither_removed_nor_written_over(photos, tmp_path, name, force):
    """A folder that no run has made is refused where it holds what a run would replace; other files do no harm."""
    own = tmp_path / "paper" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(UserError, match=rf"paper holds '{name.split('/')[0]}' of your own.* choose another --out"):
        mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "paper", force=force, **QUICK)
    assert own.read_text() == "mine"
    assert [path.name for path in (tmp_path / "paper").iterdir()] == [name.split("/")[0]]
    own.rename(tmp_path / "paper" / "thesis.txt")
    if own.parent != tmp_path / "paper":
        own.parent.rmdir()
    run = mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "paper", force=force, **QUICK)
    assert run.manifest.status == "done"
    assert (tmp_path / "paper" / "thesis.txt").read_text() == "mine"


def test_a_run_does_not_lie_among_its_photos(photos):
    """Nothing is written there."""
    before = sorted(photos.iterdir())
    with pytest.raises(
        UserError, match="is the folder of the photos, which a run would lie among; choose another --out"
    ):
        mindseye.visualize(photos, seeded(TinyConv), "body.2", out=photos, **QUICK)
    with pytest.raises(UserError, match="is the folder of the photos"):
        mindseye.explain(photos, seeded(TinyConv), out=photos, method="saliency")
    with pytest.raises(UserError, match="is the folder of the photos"):
        mindseye.batch(photos.parent, seeded(TinyConv), "body.2", out=photos.parent, **QUICK)
    with pytest.raises(UserError, match="is the folder of the photos"):
        mindseye.atlas(photos, seeded(TinyConv), layers="body.2", channels=1, out=photos, **QUICK)
    assert not (photos.parent / "ledger.json").exists()
    assert sorted(photos.iterdir()) == before

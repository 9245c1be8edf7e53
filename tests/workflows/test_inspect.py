"""``mindseye.inspect`` on a network that was built to be entangled in one channel, and on what a run may meet besides."""

import json

import numpy as np
import pytest
import torch
from nets import TinyConv, TinyTokens, seeded
from PIL import Image
from torch import nn

import mindseye
from mindseye.errors import UserError
from mindseye.facets import unit_facets
from mindseye.measure.judge import make_judge
from mindseye.models.load import load_model
from mindseye.photos.photo_set import find_photos
from mindseye.runs.schema import LabelsEntry
from mindseye.workflows.entanglement.labels import labels_of_judge

CONCEPTS, EACH, SIDE = 5, 8, 16
QUICK = {"steps": 2, "quiet": True, "size": SIDE, "facets": CONCEPTS, "channels_shown": 1, "snapshots": 1} | {
    "changes": {"target_views": 0, "match_detail": 0.0}
}
MIXED, DEAD = 5, 6


class Planted(nn.Module):
    """Concepts are bands of light. At ``mixed`` a channel for each, one for two of them, a dead one; ``deep`` keeps concepts."""

    def __init__(self):
        super().__init__()
        self.mixed = nn.Conv2d(CONCEPTS, CONCEPTS + 2, 1, bias=False)
        self.deep = nn.Conv2d(CONCEPTS + 2, CONCEPTS, 1, bias=False)
        self.head = nn.Linear(CONCEPTS, CONCEPTS)
        weight = torch.zeros(CONCEPTS + 2, CONCEPTS)
        weight[:CONCEPTS] = torch.eye(CONCEPTS)
        weight[MIXED, [0, 2]] = 1
        with torch.no_grad():
            self.mixed.weight.copy_(weight[..., None, None])
            self.deep.weight.copy_(torch.eye(CONCEPTS, CONCEPTS + 2)[..., None, None])
            self.head.weight.copy_(torch.eye(CONCEPTS))
            self.head.bias.zero_()

    def forward(self, images):
        return self.head(self.deep(self.mixed(images)).mean((2, 3)))


def lights(seed=0):
    """Photos with a bright patch in one band each, and noise in all."""
    draw = np.random.default_rng(seed)
    photos = []
    for number in range(CONCEPTS * EACH):
        photo = draw.integers(0, 60, (SIDE, SIDE, CONCEPTS))
        photo[4:12, 4:12, number % CONCEPTS] += draw.integers(130, 190)
        photos.append(photo.astype(np.uint8))
    return photos


def layer_of(manifest, address):
    return next(layer for layer in manifest.layers if layer.layer == address)


def stats_of(manifest, address):
    return {one.channel: one for one in layer_of(manifest, address).channel_stats}


@pytest.fixture(scope="module", autouse=True)
def _fewer_clouds():
    """What five tell, one tells nearly as well, in a fifth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unit_facets, "CLOUDS", 1)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An inspection of the planted network."""
    out = tmp_path_factory.mktemp("inspect") / "run"
    return mindseye.inspect(lights(), Planted(), ["mixed", "deep"], out=out, **QUICK)


def test_the_planted_channel_is_found(run):
    """The channel that sums two concepts is the most entangled one and far above chance; those of one concept are not."""
    layer, stats = layer_of(run.manifest, "mixed"), stats_of(run.manifest, "mixed")
    assert sum(facet.size for facet in layer.facets) == CONCEPTS * EACH
    assert stats[MIXED].entanglement > 5 * stats[MIXED].null
    assert stats[MIXED].p_value == pytest.approx(1 / 101)
    assert stats[MIXED].meanings > 1.5
    assert stats[MIXED].spread > 0.8
    for pure in range(CONCEPTS):
        assert stats[pure].entanglement < 0.1 * stats[MIXED].entanglement
        assert stats[pure].selectivity > stats[MIXED].selectivity
    assert all(one.entanglement < 0.05 for one in stats_of(run.manifest, "deep").values())
    pictures = layer.channel_pictures
    assert (pictures[0].channel, pictures[0].which) == (MIXED, "most")
    assert {one.channel for one in pictures if one.which == "least"} <= set(range(CONCEPTS))


def test_the_facets_of_the_planted_channel_are_its_two_concepts(run):
    """The photos that excite it most fall into groups of one concept each, and the strongest two groups are the right ones."""
    (shown,) = (one for one in layer_of(run.manifest, "mixed").channel_pictures if one.channel == MIXED)
    assert shown.silhouette > shown.silhouette_chance
    concepts = {}
    for facet in shown.facets:
        kinds = {member.index % CONCEPTS for member in facet.members}
        assert len(kinds) == 1
        concepts[facet.activation] = kinds.pop()
    strongest = sorted(concepts, reverse=True)[:2]
    assert {concepts[activation] for activation in strongest} == {0, 2}
    assert strongest[1] > shown.over_photos["mean"]
    best = [one.activation for one in shown.examples]
    assert best == sorted(best, reverse=True)


def test_what_a_run_leaves(run):
    """The manifest's numbers, a file for each picture that it names, and the figures; a dead channel has no number."""
    manifest = run.manifest
    assert (manifest.kind, manifest.status, manifest.labels) == ("inspect", "done", None)
    for layer in manifest.layers:
        found = layer.entanglement
        assert found.low <= found.mean <= found.high
        assert found.null_low <= found.null <= found.null_high
        assert found.shuffles == 100
        assert all(facet.status == "done" for facet in layer.facets)
        for one in layer.channel_pictures:
            for entry in (one, *one.facets):
                assert set(entry.measures["activation"]) == {"picture", "start", "members"}
                for role in ("picture", "start"):
                    assert Image.open(run.path / getattr(entry, role)).size == (SIDE, SIDE)
    assert stats_of(manifest, "mixed")[DEAD].entanglement is None
    assert any("1 of the channels do the same in every photo" in note for note in manifest.notes)
    assert any("more than its top 5%" in note for note in manifest.notes)
    for figure in ("entanglement.png", "channels.png", "mixed/channels.png", "facets.png", "depth.png"):
        assert (run.path / "figures" / figure).is_file()


def test_the_means_are_means_of_what_stands_beside(run):
    for layer in run.manifest.layers:
        values = [one.entanglement for one in layer.channel_stats if one.entanglement is not None]
        assert layer.entanglement.mean == pytest.approx(np.mean(values))
        assert layer.entanglement.channels == len(values)
        assert layer.channel_means["entanglement"]["mean"] == pytest.approx(np.mean(values))
        assert layer.channel_means["explained"]["null"] == pytest.approx(
            (CONCEPTS - 1) / (CONCEPTS * EACH - 1), rel=0.1
        )


def numbers(manifest):
    """What must not depend on how often a run was interrupted."""
    return [manifest.layers, manifest.images, manifest.clusters, manifest.labels]


@pytest.mark.parametrize("where", ["entanglement", "channel facets deep"])
def test_an_interrupted_run_continues_and_ends_the_same(run, tmp_path, where):
    """Stopped at any of its stages; the same command again gives the same numbers, and the same pictures bit for bit."""

    def stop(stage, done, total, left):
        if stage == where:
            raise KeyboardInterrupt

    arguments = (lights(), Planted(), ["mixed", "deep"])
    with pytest.raises(KeyboardInterrupt):
        mindseye.inspect(*arguments, out=tmp_path / "run", progress=stop, **QUICK)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "interrupted"
    again = mindseye.inspect(*arguments, out=tmp_path / "run", **QUICK)
    assert numbers(again.manifest) == numbers(run.manifest)
    for picture in run.path.glob("pictures/**/*.png"):
        assert (again.path / picture.relative_to(run.path)).read_bytes() == picture.read_bytes()


def test_the_pictures_are_drafts_unless_something_else_is_said(run, tmp_path):
    """The many pictures of a look around; a run of before, with the recipe that was the default then, says how it goes on."""
    assert run.manifest.recipe["name"] == "draft"
    arguments, options = (lights(), Planted(), "mixed"), QUICK | {"channels_shown": 0, "out": tmp_path / "run"}
    older = mindseye.inspect(*arguments, recipe="distribution", **options)
    assert older.manifest.recipe["name"] == "distribution"
    with pytest.raises(UserError, match=r"differs in recipe \(lr\) \(it was begun with --recipe distribution\)"):
        mindseye.inspect(*arguments, **options)
    assert mindseye.inspect(*arguments, recipe="distribution", **options).manifest.status == "done"


def test_a_finished_run_is_left_alone_and_another_is_refused(run):
    arguments = (lights(), Planted(), ["mixed", "deep"])
    before = (run.path / "run.json").stat().st_mtime_ns
    mindseye.inspect(*arguments, out=run.path, **QUICK)
    assert (run.path / "run.json").stat().st_mtime_ns == before
    with pytest.raises(UserError, match=r"differs in channels_shown.*--force"):
        mindseye.inspect(*arguments, out=run.path, **QUICK | {"channels_shown": 2})
    with pytest.raises(UserError, match="differs in kind"):
        mindseye.visualize(*arguments, out=run.path, **{key: QUICK[key] for key in QUICK if key != "channels_shown"})


def test_without_pictures(tmp_path):
    """No channel is painted where none is wanted; the numbers are there all the same."""
    run = mindseye.inspect(lights(), Planted(), "mixed", out=tmp_path, **QUICK | {"channels_shown": 0})
    layer = layer_of(run.manifest, "mixed")
    assert layer.channel_pictures == []
    assert layer.entanglement.mean > layer.entanglement.null
    assert not (run.path / "figures" / "channels.png").exists()
    with pytest.raises(UserError, match="channels_shown"):
        mindseye.inspect(lights(), Planted(), "mixed", out=tmp_path, **QUICK | {"channels_shown": -1})


@pytest.mark.parametrize("facets", [1, 2])
def test_too_few_facets_give_no_number_and_say_so(tmp_path, facets):
    run = mindseye.inspect(lights(), Planted(), "mixed", out=tmp_path, **QUICK | {"facets": facets})
    assert run.manifest.status == "done"
    assert run.manifest.layers[0].entanglement.mean is None
    assert run.manifest.layers[0].channel_pictures == []
    assert any("no channel can be entangled" in note for note in run.manifest.notes)
    assert (run.path / "figures" / "entanglement.png").is_file()


def test_sub_folders_are_labels_and_tokens_have_channels(tmp_path):
    """A transformer of one size; class selectivity by sub-folder; fewer than thirty photos, which is said."""
    draw = np.random.default_rng(0)
    for number in range(16):
        folder = tmp_path / "photos" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = draw.integers(0, 90, (32, 32, 3)) + np.array([120, 0, 0] if number % 2 else [0, 0, 120])
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02d}.png")
    quick = {"steps": 2, "quiet": True, "facets": 3, "channels_shown": 1}
    run = mindseye.inspect(
        tmp_path / "photos", seeded(TinyTokens), "blocks.2", out=tmp_path / "run", recursive=True, **quick
    )
    assert run.manifest.labels == LabelsEntry("sub-folders", {"a": 8, "b": 8})
    layer = run.manifest.layers[0]
    assert len(layer.channel_stats) == 12
    assert all(0 <= one.class_selectivity <= 1 for one in layer.channel_stats if one.class_selectivity is not None)
    assert all(one.facets == 3 for one in layer.channel_stats)  # fewer channels than top-k
    assert any("16 photos: a channel's own facets are of all of them" in note for note in run.manifest.notes)
    assert {facet.label for one in layer.channel_pictures for facet in one.facets} <= {"a", "b"}


def test_a_judge_says_what_photos_show_where_no_folder_does(tmp_path):
    """Its likeliest label of each photo, which for the planted network is the band that is lit."""
    model = load_model(Planted())
    arrays = lights()
    first = find_photos(arrays)
    list(first.batches(model.preprocessing, model.preprocessing.size, CONCEPTS))
    found = labels_of_judge(make_judge(model), find_photos(arrays), first.paths, torch.device("cpu"))
    assert found.names == [str(number % CONCEPTS) for number in range(CONCEPTS * EACH)]
    assert found.counts == {str(concept): EACH for concept in range(CONCEPTS)}
    draw = np.random.default_rng(0)
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(12):
        Image.fromarray(draw.integers(0, 255, (20, 20, 3), dtype=np.uint8)).save(photos / f"{number}.png")
    quick = {"steps": 1, "quiet": True, "facets": 3, "channels_shown": 0, "size": 32}
    run = mindseye.inspect(photos, seeded(TinyConv), "body.2", out=tmp_path / "run", judge=seeded(TinyTokens), **quick)
    assert run.manifest.labels.source == "TinyTokens"
    assert sum(run.manifest.labels.counts.values()) == 12
    assert "TinyTokens" in run.manifest.judges


def test_activations_that_are_no_numbers_are_refused(tmp_path):
    network = Planted()
    with torch.no_grad():
        network.mixed.weight[0] = float("nan")
    with pytest.raises(UserError, match="NaN"):
        mindseye.inspect(lights(), network, "mixed", out=tmp_path, **QUICK)


def test_a_channel_below_zero_is_raised_all_the_same(tmp_path):
    """Of a channel whose target is negative, as signed layers have, the facet's picture shows what raises it, not its opposite."""

    class Negative(Planted):
        def forward(self, images):
            return self.head(self.deep(self.mixed(images) - 3).mean((2, 3)))

    network = Negative()
    quick = QUICK | {"steps": 60, "changes": QUICK["changes"] | {"match": 0.0, "total_variation": 0.0}}
    run = mindseye.inspect(lights(), network, "deep", out=tmp_path, **quick)
    for one in run.manifest.layers[0].channel_pictures:
        for facet in one.facets:
            measured = facet.measures["activation"]
            assert measured["members"] < 0
            assert measured["picture"] > measured["start"]

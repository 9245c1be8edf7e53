"""Pictures of named objectives from end to end: every kind, what is measured, what is kept, and one line per mistake."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from byhand import QUICK, SIDE, before_relu, features, files, hooks, image_of, picture, value, write_photos
from nets import TinyConv, TinyTokens, seeded
from torch import nn
from torch.nn import functional

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.models.load import load_model
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.batch import Alignment
from mindseye.optimize.objectives.direction import random_direction
from mindseye.optimize.recipe.load import recipe_from
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.optimize.session import NetworkSession
from mindseye.workflows.objectives.locate import SHARED, ObjectiveRequest, locate_objectives
from mindseye.workflows.objectives.order import variants_order
from mindseye.workflows.paint import Keeper
from mindseye.workflows.paint import paint as paint_batches

DECODER = """
import torch
from torch import nn

class Decoder(nn.Module):
    latent_shape = (4,)

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3 * 64)

    def forward(self, latent):
        return self.linear(latent).view(-1, 3, 8, 8).sigmoid()

def seven():
    return nn.Conv2d(4, 7, 1)

def decoder():
    return Decoder()
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with 12 photos."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 12)
    return tmp_path


def paint(objectives, network=None, **changes):
    return mindseye.paint(objectives, network or seeded(TinyConv), **QUICK | changes)


def test_every_kind_is_painted_and_measured(place):
    """One command, a picture each: the value in run.json is the objective's own by hand, and above that of the start."""
    way = np.random.default_rng(0).standard_normal(16)
    np.save(place / "way.npy", way)
    random = random_direction(8, 3)

    def along(images, blocks, direction):
        mean = features(network, images, blocks).mean((2, 3))[0]
        cosine = functional.cosine_similarity(mean, direction, dim=0).clamp_min(0.1)
        return mean @ direction * cosine**2

    network = seeded(TinyConv)
    by_hand = {
        "body.0:3": lambda images: features(network, images, 1)[0, 3].mean(),
        "body.2:4@3,1": lambda images: features(network, images)[0, 4, 1, 3],
        "body.2:5:neg": lambda images: -before_relu(network, images)[0, 5].mean(),
        "body.0": lambda images: features(network, images, 1).square().mean(),
        "class:2": lambda images: network(images)[0, 2],
        "body.0:random:3": lambda images: along(images, 1, random),
        "body.2:way.npy": lambda images: along(images, 3, torch.from_numpy(way / np.linalg.norm(way)).float()),
    }
    run = paint(list(by_hand), network, steps=20, changes={"lr": 0.05})
    entries = run.manifest.pictures
    assert [entry.objective for entry in entries] == list(by_hand)
    assert (run.manifest.kind, run.manifest.status) == ("paint", "done")
    assert run.path.name == "paint-TinyConv-7-objectives"
    for index, (words, slowly) in enumerate(by_hand.items()):
        for role in ("picture", "start"):
            with torch.no_grad():
                assert value(run, index, role) == pytest.approx(float(slowly(picture(run, index, role))), abs=1e-5), (
                    words
                )
        assert value(run, index) > value(run, index, "start"), words
    assert (run.path / "figures" / "pictures.png").is_file()
    assert not (run.path / "state").exists()


def test_progress_counts_what_its_unit_says(place, capsys):
    """A step of each picture is one."""
    paint(["body.2:3", "class:1"], quiet=False, out="counted")
    assert "16 picture steps" in capsys.readouterr().err


def test_the_probability_of_a_class(place):
    """Its logarithm is raised, and measured."""
    network = seeded(TinyConv)
    run = paint("class:2", network, probability=True)
    with torch.no_grad():
        assert value(run) == pytest.approx(float(network(picture(run)).log_softmax(1)[0, 2]), abs=1e-5)


class Structured(nn.Module):
    """Gives a dictionary of a dense map and a list."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.head = nn.Linear(4, 5)

    def forward(self, images):
        dense = self.conv(images)
        return {"masks": dense, "scores": [dense.mean((2, 3)), self.head(dense.mean((2, 3)))]}


def test_parts_of_an_output(place):
    """A dictionary, a list in it, and a dense map with a position."""
    network = seeded(Structured)
    run = paint(["output:masks:1", "output:masks:2@5,9", "output:scores.1:3"], network)
    with torch.no_grad():
        wanted = [
            network(picture(run, 0))["masks"][0, 1].mean(),
            network(picture(run, 1))["masks"][0, 2, 9, 5],
            network(picture(run, 2))["scores"][1][0, 3],
        ]
    assert [value(run, index) for index in range(3)] == pytest.approx([float(number) for number in wanted], abs=1e-5)


def test_together_is_the_sum(place):
    """One picture whose value is that of both, at two layers."""
    network = seeded(TinyConv)
    run = paint(["body.0:3", "body.2:4"], network, together=True)
    assert [entry.objective for entry in run.manifest.pictures] == ["body.0:3 + body.2:4"]
    for role in ("picture", "start"):
        image = picture(run, 0, role)
        both = features(network, image, 1)[0, 3].mean() + features(network, image)[0, 4].mean()
        assert value(run, 0, role) == pytest.approx(float(both), abs=1e-5)


class Kept(Keeper):
    """Pictures as they come out, by number."""

    def __init__(self):
        super().__init__()
        self.images = {}

    def keep_painted(self, painted):
        self.images |= {number: result.image for number, result in painted.items()}


def row_of(network, asked, alignment):
    """A row of four pictures between two units, kept alike by a weight: [4, 3, side, side]."""
    recipe = recipe_from({"steps": 15, "lr": 0.05, "shared": SHARED}, "plain")
    with NetworkSession(network, size=SIDE).using(recipe) as session:
        request = ObjectiveRequest(asked, interpolate=4)
        order = variants_order(request, locate_objectives(request, session), session)
        term = Term("alignment", Alignment(["body.2"]), Schedule(alignment, alignment))
        weighted, keeper = replace(order, compare=lambda pictures: [term]), Kept()
        with weighted.reader() as read:
            paint_batches(lambda pictures: weighted.painting(read, pictures), range(4), 4, keeper)
    return torch.stack([keeper.images[number] for number in range(4)])


def differences(network, row):
    """How far neighbours of a row are from each other where it is painted."""
    seen = features(network, row)
    return float((seen[1:] - seen[:-1]).square().mean())


def test_a_row_between_two(place):
    """Its ends are the two units; a part is shared; and alignment brings neighbours closer than they are without."""
    network, asked = seeded(TinyConv), ["body.2:3", "body.2:4"]
    run = paint(asked, network, interpolate=4, steps=15)
    entries = run.manifest.pictures
    assert [entry.objective for entry in entries] == [f"body.2:3 > body.2:4 {number}/4" for number in range(1, 5)]
    assert run.manifest.recipe["shared"] == SHARED
    assert all("alignment" in entry.loss for entry in entries)
    aligned, apart = (row_of(network, asked, weight) for weight in (20.0, 0.0))
    assert differences(network, aligned) < 0.9 * differences(network, apart)
    for row in (torch.cat([picture(run, index) for index in range(4)]), apart):
        means = features(network, row).mean((2, 3))
        assert means[0][3] - means[0][4] > means[3][3] - means[3][4]


def likeness(run, network, count=3):
    """Mean cosine between the Gram matrices of all pairs of variants."""
    maps = [features(network, picture(run, index)).flatten(2)[0] for index in range(count)]
    grams = [(channels @ channels.T).flatten() for channels in maps]
    pairs = [functional.cosine_similarity(grams[i], grams[j], dim=0) for i in range(count) for j in range(i)]
    return float(torch.stack(pairs).mean())


@pytest.mark.parametrize("words", ["body.2:3", "class:2"])
def test_diversity_keeps_variants_apart(place, words):
    """Less alike than without; of a class, whose output has no textures, at the last layer that has."""
    network = seeded(TinyConv)
    plain = paint(words, network, variants=3, out="plain", steps=15)
    apart = paint(words, network, variants=3, diversity=20.0, out="apart", steps=15)
    assert [entry.variant for entry in apart.manifest.pictures] == [0, 1, 2]
    # All maps of random weights are much alike: what counts is by how much they are not.
    assert 1 - likeness(apart, network) > 100 * (1 - likeness(plain, network))
    assert "diversity body.2" in apart.manifest.pictures[0].loss
    assert len({picture.read_bytes() for picture in (plain.path / "pictures").iterdir()}) == 3


def test_variants_from_examples(place):
    """Each has members among the photos of the folder, is drawn to their sorted activations, and is painted once more alone."""
    run = paint("body.2:3", variants=2, examples="photos", changes={"target_views": 0})
    known = {str(path) for path in (place / "photos").iterdir()}
    members = [{member.path for member in entry.members} for entry in run.manifest.pictures]
    assert all(paths <= known for paths in members)
    assert members[0].isdisjoint(members[1])
    for entry in run.manifest.pictures:
        begun, ended = entry.loss["match body.2"]
        assert ended < begun


def test_examples_of_a_neuron_and_of_a_sum(place):
    """Photos are ranked by the objective as it is: at its position, over all the layers that it reads."""
    run = paint(["body.2:4@3,1", "body.0:2"], together=True, examples="photos", changes={"target_views": 0}, steps=2)
    assert run.manifest.status == "done"


def test_a_photo_as_start(place):
    """A file or an array: the start is the photo, on a canvas that has to be made to show it."""
    photo = place / "photos" / "03.png"
    run = paint("body.0:3", init=photo, out="file")
    assert run.manifest.recipe["start"] == "photo"
    assert (picture(run, 0, "start") - image_of(photo)).abs().max() < 0.02
    given = (image_of(photo)[0].movedim(0, -1) * 255).byte().numpy()
    other = paint("body.0:3", init=given, out="array")
    assert files(other.path) == files(run.path)


@pytest.mark.parametrize("channels", [1, 7])
def test_other_numbers_of_input_channels(place, channels):
    """Read from the network; the picture of seven is kept whole beside its file, and valued whole."""
    network = seeded(TinyConv, channels)
    run = paint(["body.0:3", "class:1"], network)
    assert run.manifest.model.in_channels == channels
    if channels == 7:
        whole = torch.from_numpy(np.load(next((run.path / "pictures").glob("00*.npy"))))[None]
        assert whole.shape == (1, 7, SIDE, SIDE)
        assert value(run) == pytest.approx(float(features(network, whole, 1)[0, 3].mean()), abs=1e-5)


def test_a_transformer_of_one_size(place):
    """A neuron of the grid of its tokens, under octaves: the network sees views of one size in all of them."""
    run = paint("blocks.2:3@1,2", seeded(TinyTokens), size=48, changes={"octaves": 2})
    assert run.manifest.status == "done"
    assert picture(run).shape[-1] == 48


class Switching(nn.Module):
    """Is another network in train mode."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.5)

    def forward(self, images):
        return self.drop(self.norm(self.conv(images)).relu())


def test_train_mode_paints_as_eval_mode_and_comes_back(place):
    """The same pictures, and the network as it was: its mode, its gradients, its running statistics."""
    runs = []
    for mode in (True, False):
        network = seeded(Switching).requires_grad_(True).train(mode)
        before = network.norm.running_mean.clone()
        runs.append(paint("norm:2", network, out=f"train-{mode}"))
        assert network.training == network.drop.training == mode
        assert all(parameter.requires_grad for parameter in network.parameters())
        assert torch.equal(network.norm.running_mean, before)
        assert hooks(network) == 0
    assert files(runs[0].path) == files(runs[1].path)


class Failing(TinyConv):
    """Raises in the middle of the painting."""

    passes = 0

    def forward(self, images):
        Failing.passes += 1
        if Failing.passes == 11:
            raise ArithmeticError("in the middle")
        return super().forward(images)


def test_hooks_are_gone_after_an_error(place):
    """The network is as before, and the folder can be gone on with."""
    network = seeded(Failing).requires_grad_(True)
    with pytest.raises(ArithmeticError):
        paint("body.2:3", network, out="run")
    assert hooks(network) == 0
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert paint("body.2:3", network, out="run").manifest.status == "done"


def test_interrupted_it_continues_and_ends_the_same(place):
    """In the second of two batches, between two saved states: byte for byte what an undisturbed run leaves."""
    asked = {"objectives": ["body.0:3", "body.2:4", "body.2:5:neg"], "batch_size": 2, "snapshots": 2, "steps": 16}
    whole = paint(**asked, save_every=0.0, out="whole")

    def stop(stage, done, total, left):
        if stage == "paint" and done == 2 * 16 + 10:  # the last state was written at the snapshot of step 8
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint(**asked, save_every=0.0, progress=stop, out="cut")
    state = json.loads((place / "cut" / "run.json").read_text())
    assert state["status"] == "interrupted"
    assert [entry["status"] for entry in state["pictures"]] == ["done", "done", "todo"]
    assert list((place / "cut" / "state").iterdir())
    cut = paint(**asked, out="cut")
    assert files(cut.path) == files(whole.path)
    assert cut.manifest.pictures == whole.manifest.pictures


def test_a_picture_does_not_depend_on_its_batch(place):
    """Painted with another or after it: the same but for the rounding of sums that are taken in another order."""
    alone, together = (paint(["body.0:3", "body.2:4"], out=f"{size}", batch_size=size) for size in (1, 2))
    for index in range(2):
        assert (picture(alone, index) - picture(together, index)).abs().max() < 2.5 / 255


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"objectives": "body.0:4"}, "objectives"),
        ({"variants": 3}, "variants"),
        ({"variants": 2, "diversity": 0.5}, "diversity"),
        ({"variants": 2, "examples": "photos"}, "examples"),
        ({"init": "photos/03.png"}, "init"),
        ({"power": 1.0}, "power"),
        ({"probability": True}, "probability"),
        ({"steps": 9}, "recipe"),
        ({"seed": 1}, "seed"),
        ({"batch_size": 1}, "batch_size"),
        ({"snapshots": 2}, "recipe"),
    ],
)
def test_another_command_is_another_run(kept, changes, named, monkeypatch):
    """Refused with the name of what differs, so that no folder holds pictures of two commands."""
    monkeypatch.chdir(kept.parent)
    with pytest.raises(UserError, match=f"differs in .*{named}.*--force"):
        paint(**{"objectives": "body.0:3", "variants": 2, "out": kept} | changes)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A finished run, beside photos."""
    folder = tmp_path_factory.mktemp("kept")
    write_photos(folder / "photos", 4)
    paint("body.0:3", variants=2, out=folder / "run")
    return folder / "run"


def test_the_same_command_again_does_nothing(kept):
    """Not even the file's time changes."""
    before = (kept / "run.json").stat().st_mtime_ns
    paint("body.0:3", variants=2, out=kept)
    assert (kept / "run.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("objectives", "changes", "told"),
    [
        ([], {}, "no objective"),
        ("body.9:3", {}, "no layer 'body.9'.*did you mean 'body"),
        ("body.2:16", {}, "channel 16 .*0-15"),
        ("body.2:3@8,1", {}, "@8,1 is outside.*x is 0-7, y is 0-7"),
        ("class:9", {}, "give 0 to 4"),
        ("output:masks:1", {}, "masks"),
        ("body.2:gone.npy", {}, "gone.npy"),
        ("body.0:3", {"interpolate": 3}, "name two, not 1"),
        (["body.0:3", "body.0:4"], {"interpolate": 1}, "2 pictures or more"),
        (["body.0:3", "body.0:4"], {"interpolate": 3, "variants": 2}, "leave --together, --variants"),
        ("body.0:3", {"variants": 0}, "variants is a whole number"),
        ("body.0:3", {"diversity": 0.5}, "at least two with --variants"),
        ("body.0:3", {"diversity": -1.0}, "diversity is a weight"),
        ("body.0:3", {"variants": 2, "diversity": 0.5, "batch_size": 1}, "leave --batch-size out"),
        ("body.0:3", {"seed": -1}, "seed"),
        ("body.0:3", {"changes": {"objective": 0}}, "gives the objective no weight"),
        ("body.0:3", {"init": "gone.jpg"}, "photo 'gone.jpg' cannot be read: no such file"),
        ("body.0:3", {"init": "photos/00.png", "changes": {"canvas": "cppn"}}, "cppn cannot start from a picture"),
        ("body.0:3", {"changes": {"start": "photo"}}, "starts from a photo: name one with --init"),
        ("body.0:3", {"changes": {"start": "weighted"}}, "--set start=noise"),
        ("body.0:3", {"examples": "photos", "variants": 13}, "12 photos make no 13 facets"),
        ("body.0:3", {"examples": "photos", "recipe": "lucid"}, "lucid matches no examples"),
        ("body.0:3", {"examples": "nowhere"}, "nowhere"),
        ("body.0:3", {"changes": {"canvas": "prior", "prior": "decoder.py:seven", "latent": [4, 8, 8]}}, "takes 3"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_before_any_work(place, objectives, changes, told):
    """What is wrong, with the way out; no folder is made and no picture begun."""
    (place / "decoder.py").write_text(DECODER)
    with pytest.raises(UserError, match=told) as raised:
        paint(objectives, **changes)
    assert "\n" not in str(raised.value)
    assert not (place / "runs").exists()


def test_a_missing_photo_is_named_before_the_network_is_loaded(place):
    """Which may be a download."""
    with pytest.raises(UserError, match=r"gone\.jpg"):
        mindseye.paint("body.0:3", "no-such-network", init="gone.jpg", quiet=True)


def test_diversity_without_textures(place):
    """A network that has positions nowhere has nothing to keep apart."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE**2, 6), nn.ReLU(), nn.Linear(6, 4))
    network.image_size = SIDE
    with pytest.raises(UserError, match="diversity compares textures"):
        paint("3:1", network, variants=2, diversity=0.5)


def test_octaves_with_a_channel_are_fine(place):
    """Only what names a position minds maps that change their size: it is seen at one size in all of them, and that is said."""
    assert not paint(["body.2:3", "body.0"], changes={"octaves": 2}).manifest.notes
    for objectives, changes in (("body.2:3@1,1", {}), (["body.2:3@1,1", "body.0:4@0,0"], {"interpolate": 3})):
        octaves = paint(objectives, changes={"octaves": 3}, out="octaves", force=True, **changes)
        (note,) = octaves.manifest.notes
        assert "at one size in all octaves" in note
        one_size = paint(objectives, changes={"octaves": 1}, out="one size", force=True, **changes)
        assert torch.equal(picture(octaves), picture(one_size))


def test_a_prior_is_kept_by_its_whole_path(place, monkeypatch):
    """Painted through a decoder of the user's own, and continued from another folder."""
    (place / "decoder.py").write_text(DECODER)
    changes = {"canvas": "prior", "prior": "decoder.py:decoder", "total_variation": 0}
    run = paint("body.0:3", changes=changes, out=place / "run")
    assert run.manifest.recipe["prior"] == f"{place / 'decoder.py'}:decoder"
    (place / "below").mkdir()
    monkeypatch.chdir(place / "below")
    before = (run.path / "run.json").stat().st_mtime_ns
    paint("body.0:3", changes=changes | {"prior": f"{place / 'decoder.py'}:decoder"}, out=place / "run")
    assert (run.path / "run.json").stat().st_mtime_ns == before


def test_visualize_looks_at_its_prior_before_the_photos(place):
    """A decoder that does not fit costs no extraction; one that does is kept by its whole path."""
    (place / "decoder.py").write_text(DECODER)
    wrong = {"canvas": "prior", "prior": "decoder.py:seven", "latent": [4, 8, 8], "total_variation": 0}
    with pytest.raises(UserError, match="takes 3"):
        mindseye.visualize("photos", seeded(TinyConv), "body.2", facets=2, changes=wrong, **QUICK)
    assert not (place / "runs").exists()
    right = wrong | {"prior": "decoder.py:decoder"}
    run = mindseye.visualize("photos", seeded(TinyConv), "body.2", facets=2, changes=right, **QUICK)
    assert run.manifest.recipe["prior"] == f"{place / 'decoder.py'}:decoder"


def test_objectives_rise_in_a_real_network(place):
    """EfficientNet-Lite0 at 64 px, thirty steps: a negative, a neuron and a class."""
    asked = ["blocks.2.1:5:neg", "blocks.2.1:9@3,4", "class:zebra"]
    run = mindseye.paint(asked, "efficientnet_lite0", size=64, steps=30, snapshots=1, quiet=True)
    for index, words in enumerate(asked):
        begun, ended = run.manifest.pictures[index].loss["objective"]
        assert ended < begun, words
        assert value(run, index) > value(run, index, "start"), words
    model = load_model("efficientnet_lite0")
    zebra = next(index for index, name in enumerate(model.labels) if name.startswith("zebra"))
    with torch.no_grad():
        logits = model.network.eval()(model.preprocessing.normalise(picture(run, 2)))
    assert value(run, 2) == pytest.approx(float(logits[0, zebra]), abs=1e-3)


def test_command_line(place, capsys):
    """The same words; a mistake is one line and its exit code."""
    (place / "net.py").write_text(
        "import torch\n\ndef build():\n    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(),"
        " torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 2))\n"
    )
    words = ["--model", "net.py:build", "--size", "24", "--steps", "2", "--quiet", "--snapshots", "1"]
    assert main(["paint", "0:3", "0:5:neg", "class:1", "--together", *words, "--out", "one"]) == 0
    assert json.loads((place / "one" / "run.json").read_text())["pictures"][0]["objective"] == "0:3 + 0:5:neg + class:1"
    assert main(["paint", "0:3", "0:4", "--interpolate", "3", *words, "--out", "row"]) == 0
    assert len(json.loads((place / "row" / "run.json").read_text())["pictures"]) == 3
    capsys.readouterr()
    assert main(["paint", "0:8", *words]) == 2
    assert "0-7" in capsys.readouterr().err.strip().splitlines()[-1]


class Raised(mindseye.Objective):
    """A channel, by number."""

    layers = ("body.2",)

    def __init__(self, channel=3):
        self.channel = channel

    def __call__(self, activations):
        return activations["body.2"][:, self.channel].mean(-1)


def test_objects_of_one_class_are_told_apart_by_their_settings(place):
    """Another setting is another run, and another picture in one run; in sums, too."""
    run = paint([Raised(channel=4), Raised(), Raised(channel=5) - 0.5 * Raised()], out="run")
    assert run.manifest.options["objectives"] == ["Raised(channel=4)", "Raised", "(Raised(channel=5) - (Raised * 0.5))"]
    paint(Raised(channel=4), out="one")
    with pytest.raises(UserError, match="differs in objectives"):
        paint(Raised(channel=5), out="one")

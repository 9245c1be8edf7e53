"""Pictures of named objectives from end to end: every kind, and what is measured."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from byhand import SIDE, before_relu, features, files, image_of, picture, value
from nets import TinyConv, seeded
from paint_runs import paint
from torch import nn
from torch.nn import functional

from mindseye.cli import main
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

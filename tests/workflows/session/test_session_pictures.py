"""Pictures of a session: those of the commands, kept as runs, of any target or objective."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded
from session_calls import LAYER, RECIPE, SIDE, Counting, as_bytes, features, written

import mindseye as me
from mindseye.errors import UserError


def test_octaves_that_a_network_refuses_are_not_tried(photos):
    """Half the side is too small for it: it sees views of one side in every octave, and paints."""

    class Picky(TinyConv):
        def forward(self, images):
            assert images.shape[-1] >= SIDE
            return super().forward(images)

    network = Picky()
    pictures = me.Session(network, size=SIDE).paint(
        me.Channel(LAYER, 3), recipe=me.Recipe("x", steps=4, octaves=2, octave_scale=2.0)
    )
    assert pictures.images.isfinite().all()


@pytest.fixture(scope="module")
def pair(photos, tmp_path_factory):
    """Facets painted in memory, and the same by ``visualize``: session, pictures, run, and how the run was asked for."""
    session = me.Session(seeded(TinyConv), size=SIDE)
    pictures = session.paint(session.facets(photos, LAYER, 3, recipe=RECIPE).target(LAYER), RECIPE)
    asked = {"photos": photos, "model": session, "layer": LAYER, "facets": 3, "recipe": RECIPE, "quiet": True}
    run = me.visualize(**asked, out=tmp_path_factory.mktemp("visualize") / "run")
    return pictures, run, asked


def test_pictures_in_memory_are_those_of_visualize(pair):
    """Byte for byte, with the same losses and measures."""
    pictures, run, _ = pair
    assert pictures.images.shape == (3, 3, SIDE, SIDE)
    assert np.array_equal(as_bytes(pictures.images), written(run))
    entries = run.manifest.layers[0].facets
    assert [{term: list(ends) for term, ends in loss.items()} for loss in pictures.losses] == [
        {term: list(ends) for term, ends in entry.loss.items()} for entry in entries
    ]
    assert pictures.measures() == [entry.measures for entry in entries]


def test_saved_pictures_are_a_run(pair, tmp_path):
    """It opens, can be judged, and the command that would have made it finds it finished."""
    pictures, run, asked = pair
    saved = pictures.save(tmp_path / "run")
    assert np.array_equal(written(saved), written(run))
    here, there = saved.manifest, run.manifest
    assert (here.kind, here.status, here.recipe, here.options) == ("visualize", "done", there.recipe, there.options)
    assert (here.layers[0].facets[0].measures, here.layers[0].facets[0].members) == (
        there.layers[0].facets[0].measures,
        there.layers[0].facets[0].members,
    )
    assert (saved.path / "report.html").is_file()
    before = (saved.path / "run.json").read_bytes()
    again = me.visualize(**asked, out=saved.path)
    assert (again.path / "run.json").read_bytes() == before
    pictures.save(saved.path)
    assert (saved.path / "run.json").read_bytes() == before
    judged = me.evaluate(saved, seeded(Counting), quiet=True)
    assert list(judged.manifest.judges) == ["Counting"]
    frame = judged.to_frame()
    assert list(frame["facet"]) == [0, 1, 2]
    with pytest.raises(UserError, match="another"):
        pair[0].order.session.paint("body.2:3", RECIPE).save(saved.path)


def test_only_painting_looks_at_members_in_every_octave(photos, session):
    """Measures are of whole pictures: members are read at one size for them, and give the same numbers as in a run."""
    recipe = replace(RECIPE, octaves=3, octave_scale=2.0)
    facets = session.facets(photos, LAYER, 2, recipe=recipe)
    target, looks = facets.target(), {"paint": [], "measures": []}

    def listen(name):
        return lambda stage, done, total, left: looks[name].append(total) if stage == "targets" else None

    pictures = session.paint(target, recipe, steps=2, progress=listen("paint"))
    pictures.measures(progress=listen("measures"))
    assert set(looks["paint"]) == {2 * 3}
    assert set(looks["measures"]) == {2}


def test_pictures_of_objectives_are_those_of_paint(tmp_path):
    """Words, values and sums of them: byte for byte, with the same numbers, and saved as a run of paint."""
    session = me.Session(seeded(TinyConv), size=SIDE)
    asked = ["body.2:3", "class:1", me.Channel("body.0", 2)]
    pictures = session.paint(asked, RECIPE, start="noise")
    run = me.paint(asked, session, recipe=RECIPE, changes={"start": "noise"}, out=tmp_path / "run", quiet=True)
    assert np.array_equal(as_bytes(pictures.images), written(run))
    assert pictures.measures() == [entry.measures for entry in run.manifest.pictures]
    assert [loss.keys() for loss in pictures.losses] == [entry.loss.keys() for entry in run.manifest.pictures]
    assert pictures.names == [entry.objective for entry in run.manifest.pictures]
    saved = pictures.save(tmp_path / "saved")
    assert np.array_equal(written(saved), written(run))
    again = me.paint(asked, session, recipe=RECIPE, changes={"start": "noise"}, out=saved.path, quiet=True)
    assert again.manifest.command == "Pictures.save(...)"
    assert list(saved.to_frame()["objective"]) == pictures.names


def test_a_bare_target_is_painted_at_its_own_layer(session, tmp_path):
    """Ranks of one's own making: the picture comes near them; it is kept, but has no photos to be measured against."""
    ranks = torch.linspace(0, 1, 64).expand(1, 16, 64).clone()
    target = me.Target(LAYER, ranks, torch.arange(4)[None])
    pictures = session.paint(target, RECIPE, steps=20, start="noise", dot=0, match_rgb=0)
    begun, ended = pictures.losses[0][f"match {LAYER}"]
    assert ended < begun
    with pytest.raises(UserError, match="no photos to be measured against"):
        pictures.measures()
    run = pictures.save(tmp_path / "run")
    assert (run.manifest.status, [entry.status for entry in run.manifest.pictures]) == ("done", ["done"])
    assert np.array_equal(written(run), as_bytes(pictures.images))


class Difference(me.Objective):
    """Written by hand what arithmetic makes of two channels, under the same name."""

    name = "(body.2:3 - (body.2:4 * 0.5))"
    layers = ("body.2",)

    def __call__(self, activations):
        means = activations["body.2"].float().mean(-1)
        return means[:, 3] - 0.5 * means[:, 4]


def test_objectives_of_ones_own_and_arithmetic(session):
    """Both are painted alike, bit for bit, and the loss is the value by hand of what is there."""
    own = session.paint(Difference(), "lucid", steps=20, lr=0.05)
    made = session.paint(me.Channel("body.2", 3) - 0.5 * me.Channel("body.2", 4), "lucid", steps=20, lr=0.05)
    assert own.names == made.names
    assert torch.equal(own.images, made.images)
    for images, end in ((own.starts, 0), (own.images, 1)):
        means = features(images).mean((2, 3))[0]
        assert own.losses[0]["objective"][end] == pytest.approx(-float(means[3] - 0.5 * means[4]), abs=1e-5)
    assert own.losses[0]["objective"][1] < own.losses[0]["objective"][0]

"""The same command again, and another one in the same folder: what continues, what does nothing, what is refused."""

import json
import shutil

import pytest
from byhand import files, picture, write_photos
from paint_runs import DECODER, paint

import mindseye
from mindseye.errors import UserError


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


def test_without_a_folder_of_its_own_another_command_goes_beside_the_run_that_is_there(place, capsys):
    """Each goes on, or is left alone, where it was; nothing is replaced, by ``force`` neither, but the same run."""
    first = paint("body.0:3", out=None)
    second = paint("body.0:3", out=None, seed=1)
    assert second.path == first.path.with_name(f"{first.path.name}-2")
    third = paint("body.0:3", out=None, steps=9, force=True, quiet=False)
    assert third.path == first.path.with_name(f"{first.path.name}-3")
    told = f"note: {first.path} holds a run that differs in recipe (steps); this one goes to {third.path}"
    assert told in capsys.readouterr().err
    before = files(place / "runs")
    assert [paint("body.0:3", out=None, **words).path for words in ({}, {"seed": 1}, {"steps": 9})] == [
        first.path,
        second.path,
        third.path,
    ]
    assert files(place / "runs") == before
    again = paint("body.0:3", out=None, seed=1, force=True)
    assert again.path == second.path
    assert len(list((place / "runs").iterdir())) == 3


def test_a_run_is_found_again_where_those_before_it_are_gone(place):
    """What is free is for another command; a run that cannot be read is another's, and stays."""
    first, second, third = (paint("body.0:3", out=None, seed=seed).path for seed in range(3))
    shutil.rmtree(first)
    (second / "run.json").write_text("{")
    assert paint("body.0:3", out=None, seed=2).path == third
    assert paint("body.0:3", out=None, seed=1).path == first
    assert paint("body.0:3", out=None, seed=3).path == third.with_name(f"{first.name}-4")
    assert (second / "run.json").read_text() == "{"


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

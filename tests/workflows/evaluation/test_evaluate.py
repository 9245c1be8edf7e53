"""Judging a finished run: what it changes, what it leaves, what it refuses, and how it is called."""

from dataclasses import replace

import pytest
import torch
from nets import TinyConv, seeded

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.models.load import load_model
from mindseye.report.curves import curves
from mindseye.runs.folder import RunFolder
from mindseye.workflows.evaluation import panel

JUDGE = "nets_of_mine.judge"


def test_a_run_stays_finished_and_its_pictures_stay(world):
    """Nothing but measures, summary, judges and seconds changes; the figures are drawn anew and find the judge."""
    before = RunFolder(world.run).read()
    pictures = {path: path.read_bytes() for path in (world.run / "pictures").rglob("*.png")}
    figure = (world.run / "figures" / "depth.png").read_bytes()
    after = mindseye.evaluate(world.run, world.spec("judge"), among=[world.others], quiet=True).manifest
    assert all(path.read_bytes() == data for path, data in pictures.items())
    assert (world.run / "figures" / "depth.png").read_bytes() != figure
    assert [curve.title for curve in curves(after)][:2] == ["judge's probability", "home folder"]
    changed_keys = {key for key, value in vars(after).items() if value != getattr(before, key)}
    assert changed_keys == {
        "layers",
        "summary",
        "judges",
        "seconds",
    }
    for layer in after.layers:
        for facet in layer.facets:
            del facet.measures["neighbourhood"], facet.measures["transfer"]
    assert after.layers == before.layers


def test_judges_add_up(world):
    """A second judge leaves the first one's numbers; the same judge again, among other photos, replaces its own."""
    mindseye.evaluate(world.run, world.spec("judge"), quiet=True)
    mindseye.evaluate(world.run, world.spec("other"), quiet=True)
    after = mindseye.evaluate(world.run, world.spec("judge"), among=world.others, quiet=True).manifest
    near = after.layers[0].facets[0].measures["neighbourhood"]
    assert list(near) == [JUDGE, "nets_of_mine.other"]
    assert near[JUDGE]["picture"]["home_folder"] is not None
    assert near["nets_of_mine.other"]["picture"]["home_folder"] is None
    assert sum(after.judges[JUDGE].folders.values()) == 23


def test_the_painter_is_no_judge(world, tmp_path):
    """Refused by its weights, whatever its name; by its name where it cannot be loaded again. Nothing is written."""
    before = (world.run / "run.json").read_bytes()
    for judge in (world.spec("painter"), load_model(world.spec("painter")).network):
        with pytest.raises(UserError, match="the network that is painted from"):
            mindseye.evaluate(world.run, judge, quiet=True)
    assert (world.run / "run.json").read_bytes() == before
    run = world.paint(world.photos, tmp_path / "run", model=seeded(TinyConv))
    with pytest.raises(UserError, match="the network that is painted from"):
        mindseye.evaluate(run, seeded(TinyConv), quiet=True)


def test_a_painter_that_is_not_kept_costs_only_the_stability(world, tmp_path, capsys):
    """A run painted from a module is judged all the same, and says what is left out."""
    run = world.paint(world.photos, tmp_path / "run", model=seeded(TinyConv))
    manifest = mindseye.evaluate(run, world.spec("judge")).manifest
    assert "no stability" in capsys.readouterr().err
    assert set(manifest.summary.set) == {"silhouette"}
    assert "transfer" in manifest.layers[0].facets[0].measures


def test_a_failed_facet_is_passed_over(world):
    """A facet without a picture gets no numbers, and all others get what they would have got."""
    whole = mindseye.evaluate(world.run, world.spec("judge"), quiet=True).manifest
    manifest = RunFolder(world.run).read()
    for layer in manifest.layers:
        for facet in layer.facets:
            facet.measures = {}
    lost = manifest.layers[0].facets[1]
    lost.picture, lost.status, lost.reason = None, "failed", "turned NaN"
    RunFolder(world.run).write(replace(manifest, status="partial"))
    after = mindseye.evaluate(world.run, world.spec("judge"), quiet=True).manifest
    assert after.status == "partial"
    assert after.layers[0].facets[1].measures == {}
    for depth, index in ((0, 0), (1, 0), (1, 1)):
        measures = after.layers[depth].facets[index].measures
        there = whole.layers[depth].facets[index].measures
        assert measures == {family: there[family] for family in ("neighbourhood", "transfer")}


def test_a_judge_without_scores(world):
    """A network that gives maps has neighbours to show but names nothing; asked for a label, it is refused."""
    maps = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 5, stride=3), torch.nn.ReLU())
    maps.image_size = 32
    after = mindseye.evaluate(world.run, maps, quiet=True).manifest
    for layer in after.layers:
        for facet in layer.facets:
            assert set(facet.measures["neighbourhood"]["Sequential"]) == {"picture", "members", "start"}
            assert "transfer" not in facet.measures
    with pytest.raises(UserError, match="no scores"):
        mindseye.evaluate(world.run, maps, labels=3, quiet=True)


def test_what_is_refused(world, tmp_path):
    """No run, no judge, a judge twice, an unknown label or folder, other channels: each in a line that names it."""
    judge = world.spec("judge")
    with pytest.raises(UserError, match="no run folder"):
        mindseye.evaluate(tmp_path / "nothing", judge)
    assert not (tmp_path / "nothing").exists()
    with pytest.raises(UserError, match="no judge"):
        mindseye.evaluate(world.run, [])
    with pytest.raises(UserError, match=f"{JUDGE}' comes twice"):
        mindseye.evaluate(world.run, [judge, judge])
    with pytest.raises(UserError, match="'duk' is unknown: did you mean 'duck"):
        mindseye.evaluate(world.run, judge, labels="duk")
    with pytest.raises(UserError, match="no folder"):
        mindseye.evaluate(world.run, judge, among=tmp_path / "nothing")
    four = seeded(TinyConv, 4)
    four.image_size = 32
    with pytest.raises(UserError, match="4 bands, which the model takes"):
        mindseye.evaluate(world.run, four, quiet=True)


def test_runs_that_cannot_be_judged(world, tmp_path):
    """An unfinished run, one whose photo or picture is gone, and one over arrays are refused, and stay as they were."""
    manifest, judge = RunFolder(world.run).read(), world.spec("judge")
    images, lost = manifest.images, RunFolder(world.run).read().layers
    lost[0].facets[0].picture = "pictures/gone.png"
    changes = {
        "is not finished": {"status": "interrupted"},
        "gone.png.*is gone": {"images": replace(images, paths=[*images.paths[:-1], str(tmp_path / "gone.png")])},
        "gone.png, a picture of this run, cannot be read": {"layers": lost},
        "arrays": {"images": replace(images, root="")},
    }
    for message, change in changes.items():
        RunFolder(world.run).write(replace(manifest, **change))
        before = (world.run / "run.json").read_bytes()
        with pytest.raises(UserError, match=message):
            mindseye.evaluate(world.run, judge, quiet=True)
        assert (world.run / "run.json").read_bytes() == before


def test_on_the_command_line(world, monkeypatch, capsys):
    """Judges by the names that users know: a table with a row per layer; the painter is refused with exit code 2."""
    names = {"efficientnet_lite0": "painter", "efficientnet_lite1": "judge"}
    monkeypatch.setattr(panel, "load_model", lambda name: load_model(world.spec(names[name])))
    assert main(["evaluate", str(world.run), "--judge", "efficientnet_lite1", "--among", str(world.others)]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("body.2"))
    summary = RunFolder(world.run).read().summary.layers["body.2"]["transfer"][JUDGE]
    expected = [summary[role]["probability"]["mean"] for role in ("picture", "members", "start")]
    assert [float(part) for part in row.split()[1:6:2]] == pytest.approx(expected, rel=0.05)
    assert main(["evaluate", str(world.run), "--judge", "efficientnet_lite0"]) == 2
    assert "is painted from" in capsys.readouterr().err


def test_at_the_end_of_visualize(world, tmp_path, capsys):
    """--judge runs the same evaluation; what is wrong with it is said before anything is painted."""
    command = ["visualize", str(world.photos), "--model", world.spec("painter"), "--layer", "body.2", "--quiet"]
    command += ["--steps", "2", "--facets", "2", "--size", "32", "--out", str(tmp_path / "run")]
    for wrong in (["--judge", world.spec("painter")], ["--label", "ant"], ["--judge", "no_such_network"]):
        assert main([*command, *wrong]) == 2
    assert not (tmp_path / "run").exists()
    assert main([*command, "--judge", world.spec("judge"), "--label", "bee"]) == 0
    assert RunFolder(tmp_path / "run").read().judges[JUDGE].labels == "bee"
    assert capsys.readouterr().out == ""

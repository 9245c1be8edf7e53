"""What judges see in the pictures of named objectives: against plain softmax, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded
from PIL import Image

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.models.load import load_model
from mindseye.report.figures import write_figures
from mindseye.report.tables import score_table
from mindseye.runs.folder import RunFolder

JUDGE, STRANGER = "nets_of_mine.judge", "nets_of_mine.stranger"
LABELS = ["ant", "bee", "crab, cancer", "duck", "eel"]


def probabilities(model, path):
    """The softmax of a network's scores of a picture, resized by Pillow band by band in floating point."""
    pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32)
    side = (model.preprocessing.size,) * 2
    bands = [Image.fromarray(pixels[..., band]).resize(side, Image.Resampling.BICUBIC) for band in range(3)]
    image = torch.from_numpy(np.stack([np.asarray(band) for band in bands])).clamp(0, 255) / 255
    with torch.no_grad():
        scores = model.network(model.preprocessing.normalise(image[None]))[0].tolist()
    shares = np.exp(np.array(scores) - max(scores))
    return shares / shares.sum()


def changed(run, **change):
    manifest = RunFolder(run).read()
    RunFolder(run).write(replace(manifest, **change))


def renamed(run, *names):
    """The run's pictures under other names."""
    pictures = RunFolder(run).read().pictures
    for entry, name in zip(pictures, names, strict=True):
        entry.objective = name
    return pictures


def found(run, judge):
    return [entry.measures["transfer"][judge] for entry in RunFolder(run).read().pictures]


def test_every_number_against_plain_softmax(world, commission):
    """The class that the objective names, by name, synonym and index; a channel has none, and is only looked at."""
    mindseye.evaluate(commission, world.spec("judge"), quiet=True)
    model = load_model(world.spec("judge"))
    entries = RunFolder(commission).read().pictures
    assert [entry.measures["transfer"][JUDGE].get("labels") for entry in entries] == [[1], [2], [1], None]
    firsts = set()
    for entry in entries:
        named = entry.measures["transfer"][JUDGE]
        shares = {role: probabilities(model, commission / getattr(entry, role)) for role in ("picture", "start")}
        ranked = np.argsort(-shares["picture"])
        firsts.add(tuple(ranked))
        assert [one["label"] for one in named["sees"]] == [LABELS[index] for index in ranked]
        assert [one["probability"] for one in named["sees"]] == pytest.approx(sorted(shares["picture"])[::-1], abs=1e-4)
        if "labels" in named:
            (label,) = named["labels"]
            assert named["label"] == LABELS[label]
            for role, share in shares.items():
                assert named[role]["probability"] == pytest.approx(share[label], abs=1e-4)
                assert named[role]["top1"] == float(share.argmax() == label)
                assert named[role]["top5"] == 1
        else:
            assert set(named) == {"sees"}
    assert len(firsts) > 1


def test_a_label_is_for_pictures_of_no_class(world, commission):
    """--label says what a channel's picture should show; the pictures of classes keep their own."""
    mindseye.evaluate(commission, world.spec("judge"), labels=["duck", 0], quiet=True)
    *classes, channel = found(commission, JUDGE)
    assert [named["labels"] for named in classes] == [[1], [2], [1]]
    model, entry = load_model(world.spec("judge")), RunFolder(commission).read().pictures[3]
    share = probabilities(model, commission / entry.picture)
    assert channel["label"] == "duck, ant"
    assert channel["picture"]["probability"] == pytest.approx(share[3] + share[0], abs=1e-4)


def test_classes_are_found_by_their_names(world, commission):
    """A judge with other labels has its own index for a class, also for one given by its index; or none, and says so."""
    run = mindseye.evaluate(commission, world.spec("stranger"), labels="wolf", quiet=True)
    bee, crab, second, channel = found(commission, STRANGER)
    assert [bee["labels"], second["labels"], channel["labels"]] == [[3], [3], [2]]
    assert set(crab) == {"sees"}
    (note,) = (line for line in run.manifest.notes if STRANGER in line)
    assert "'Cancer'" in note
    again = mindseye.evaluate(commission, world.spec("stranger"), quiet=True)
    assert again.manifest.notes == run.manifest.notes


def test_sums_rows_and_photos(world, commission):
    """A sum of classes shows any of them; what lies between two objectives, and a photo called like a class, show none."""
    names = ["class:ant + class:duck", "body.2:3 + class:eel", "class:bee + class:wolf", "body.2:3 + body.2:4"]
    changed(commission, pictures=renamed(commission, *names))
    mindseye.evaluate(commission, world.spec("judge"), quiet=True)
    assert [named.get("labels") for named in found(commission, JUDGE)] == [[0, 3], [4], None, None]
    before = RunFolder(commission).read()
    for change in ({"kind": "invert"}, {"options": before.options | {"interpolate": 4}}):
        RunFolder(commission).write(replace(before, **change))
        run = mindseye.evaluate(commission, world.spec("judge"), quiet=True)
        assert all(set(named) == {"sees"} for named in found(commission, JUDGE))
        assert run.manifest.summary.transfer[JUDGE] == {"pictures": 0}


def test_the_summary_is_the_mean_over_labelled_pictures(world, commission):
    """With an interval that holds the mean and stays within what was seen, for each judge."""
    judges = [world.spec("judge"), world.spec("stranger")]
    summary = mindseye.evaluate(commission, judges, quiet=True).manifest.summary.transfer
    for judge, count in ((JUDGE, 3), (STRANGER, 2)):
        rows = [named for named in found(commission, judge) if "label" in named]
        assert summary[judge]["pictures"] == len(rows) == count
        for role in ("picture", "start"):
            values = [row[role]["probability"] for row in rows]
            mean, low, high = summary[judge][role]["probability"].values()
            assert mean == pytest.approx(np.mean(values))
            assert min(values) <= low <= mean <= high <= max(values)
            assert summary[judge][role]["top1"]["mean"] == pytest.approx(np.mean([row[role]["top1"] for row in rows]))


def test_nothing_else_changes(world, commission):
    """Pictures and status stay, measures of the painting too; the figures are drawn anew; judges add up."""
    before, pictures = RunFolder(commission).read(), sorted((commission / "pictures").iterdir())
    data = [path.read_bytes() for path in pictures]
    write_figures(commission)
    figure = (commission / "figures" / "pictures.png").read_bytes()
    mindseye.evaluate(commission, world.spec("judge"), quiet=True)
    after = mindseye.evaluate(commission, world.spec("stranger"), quiet=True).manifest
    assert [path.read_bytes() for path in pictures] == data
    assert (commission / "figures" / "pictures.png").read_bytes() != figure
    changed_keys = {key for key, value in vars(after).items() if value != getattr(before, key)}
    assert changed_keys == {*("pictures", "summary", "judges", "seconds", "notes")}
    for entry in after.pictures:
        assert list(entry.measures.pop("transfer")) == [JUDGE, STRANGER]
    assert after.pictures == before.pictures


def test_a_failed_picture_is_passed_over(world, commission):
    """It has no numbers, and the others have what they would have had."""
    mindseye.evaluate(commission, world.spec("judge"), quiet=True)
    whole, pictures = found(commission, JUDGE), RunFolder(commission).read().pictures
    pictures[1] = replace(pictures[1], picture=None, status="failed", reason="turned NaN", measures={})
    changed(commission, pictures=pictures, status="partial")
    after = mindseye.evaluate(commission, world.spec("judge"), quiet=True)
    assert after.manifest.pictures[1].measures == {}
    assert after.failures == ["class:Cancer: turned NaN"]
    kept = [after.manifest.pictures[place].measures["transfer"][JUDGE] for place in (0, 2, 3)]
    assert kept == [whole[place] for place in (0, 2, 3)]
    assert "failed" in score_table(after.manifest)


def test_what_is_refused(world, commission):
    """Photos to look among, the painter, a judge without scores, nothing painted, a lost picture; nothing is written."""
    judge, pictures = world.spec("judge"), RunFolder(commission).read().pictures
    maps = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 5, stride=3), torch.nn.ReLU())
    maps.image_size = 32
    before = (commission / "run.json").read_bytes()
    for message, options in {
        "without photos.*--among": {"judge": judge, "among": world.others},
        "that is painted from": {"judge": world.spec("painter")},
        "no scores": {"judge": [judge, maps]},
    }.items():
        with pytest.raises(UserError, match=message):
            mindseye.evaluate(commission, quiet=True, **options)
        assert (commission / "run.json").read_bytes() == before
    for message, change in {
        "is not finished": {"status": "interrupted"},
        "every painting failed": {"pictures": [replace(entry, picture=None) for entry in pictures]},
        "cannot be read": {"pictures": [replace(entry, start="starts/gone.png") for entry in pictures]},
    }.items():
        changed(commission, **{"status": "done", "pictures": pictures} | change)
        with pytest.raises(UserError, match=message):
            mindseye.evaluate(commission, judge, quiet=True)


def test_a_painter_that_is_not_kept_is_known_by_its_name(world, tmp_path, capsys):
    """A run painted from a module is judged all the same; one of the painter's name is refused."""
    run = mindseye.paint("body.2:3", seeded(TinyConv), out=tmp_path / "run", steps=1, size=32, quiet=True)
    manifest = mindseye.evaluate(run, world.spec("judge")).manifest
    assert "by their names alone" in capsys.readouterr().err
    assert list(manifest.pictures[0].measures["transfer"]) == [JUDGE]
    with pytest.raises(UserError, match="that is painted from"):
        mindseye.evaluate(run, seeded(TinyConv), quiet=True)


def test_at_the_end_of_paint(world, tmp_path):
    """The judge is checked before anything is painted, looks when all is painted, and is not asked the same again."""
    options = {"model": world.spec("painter"), "out": tmp_path / "run", "steps": 2, "size": 32, "quiet": True}
    objectives = ["class:ant", "body.2:3"]
    for wrong in ({"judge": world.spec("painter")}, {"labels": "ant"}, {"judge": world.spec("judge"), "labels": "ent"}):
        with pytest.raises(UserError):
            mindseye.paint(objectives, **options, **wrong)
    assert not (tmp_path / "run").exists()
    run = mindseye.paint(objectives, **options, judge=world.spec("judge"))
    assert [named.get("label") for named in found(run.path, JUDGE)] == ["ant", None]
    assert all(path.is_file() for path in (run.path / "figures" / name for name in ("pictures.png", "steps.png")))
    manifest = run.manifest
    manifest.pictures[0].measures["transfer"][JUDGE]["label"] = "marked"
    RunFolder(run.path).write(manifest)
    mindseye.paint(objectives, **options, judge=world.spec("judge"))
    assert [named.get("label") for named in found(run.path, JUDGE)] == ["marked", None]
    mindseye.paint(objectives, **options, judge=world.spec("judge"), labels="bee")
    assert [named.get("label") for named in found(run.path, JUDGE)] == ["ant", "bee"]


def test_on_the_command_line(world, commission, capsys):
    """A row per picture: its value, what the judge sees, and its probability of the class; then the means."""
    assert main(["evaluate", str(commission), "--judge", world.spec("judge"), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["evaluate", str(commission), "--judge", world.spec("judge")]) == 0
    out = capsys.readouterr().out.splitlines()
    row = next(line for line in out if line.startswith("class:bee"))
    named = found(commission, JUDGE)[0]
    assert named["sees"][0]["label"] in row
    assert float(row.split()[-1]) == pytest.approx(named["picture"]["probability"], rel=0.1)
    assert next(line for line in out if line.startswith("body.2:3")).endswith("–")
    assert out[-1].startswith(f"{JUDGE} means over 3 pictures: p ")
    assert main(["evaluate", str(commission), "--judge", world.spec("judge"), "--among", str(world.others)]) == 2
    assert "--among" in capsys.readouterr().err


def test_names_are_no_markup(world, commission):
    """Brackets and control characters of a name reach the terminal as plain text."""
    changed(commission, pictures=renamed(commission, "[red]a", "b\x1b[31m", "[/]", "\udcff"))
    table = score_table(mindseye.evaluate(commission, world.spec("judge"), quiet=True).manifest)
    assert "[red]a" in table
    assert "[/]" in table
    assert "\x1b" not in table
    table.encode("utf-8")

"""Transfers end to end on tiny networks: every number against plain softmax, and what is left."""

import inspect
from pathlib import Path

import pytest
import torch
from nets import TinyConv
from PIL import Image
from transfer_runs import JUDGE, LABELS, OTHER, OWN, PAINTER, QUICK

import mindseye
from mindseye.api import transfer as transfer_command
from mindseye.cli import main
from mindseye.cli.transfer import AUGMENTATIONS, BATCH
from mindseye.measure.intervals import wilson_interval
from mindseye.models.load import load_model
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.transforms.augmentations import CONDITIONS, augmented_copy
from mindseye.runs.files import read_picture
from mindseye.runs.folder import RunFolder


def test_who_paints_and_who_judges(finished):
    """The painter for both judges, each judge for the painter, each with and without augmentation."""
    assert [(one.painter, one.condition, one.judge) for one in finished.results] == [
        (PAINTER, "all", JUDGE), (PAINTER, "all", OTHER), (PAINTER, "none", JUDGE), (PAINTER, "none", OTHER),
        (JUDGE, "all", PAINTER), (JUDGE, "none", PAINTER), (OTHER, "all", PAINTER), (OTHER, "none", PAINTER),
    ]  # fmt: skip
    assert finished.record.status == "done"
    assert finished.failures == []
    assert finished.record.classes == ["ant", "bee, duck", "crab, cancer", "eel"]


def test_every_number_against_plain_softmax(finished, networks):
    """Copies drawn anew one by one, resized by Pillow in floating point, and put through the network alone."""
    result = next(one for one in finished.results if (one.condition, one.judge) == ("none", JUDGE))
    run, model = RunFolder(finished.path / f"{PAINTER}-none"), load_model(networks("judge"))
    recipe, hits, wrong, place = load_recipe("class"), [], {}, 0
    for entry in run.read().pictures:
        picture = read_picture(run.path / entry.picture)
        for number in range(3):
            image = augmented_copy(picture, number, recipe, RandomKeys(5, (f"copies of {entry.index}",)))
            bands = [Image.fromarray(band.numpy()).resize((40, 40), Image.Resampling.BICUBIC) for band in image]
            pixels = torch.stack([torch.frombuffer(bytearray(band.tobytes()), dtype=torch.float32) for band in bands])
            with torch.no_grad():
                scores = model.network(model.preprocessing.normalise(pixels.view(1, 3, 40, 40).clamp(0, 1)))[0]
            share, own = scores.double().softmax(0), OWN[entry.class_index]
            seen = int(share.argmax())
            hits.append((entry.class_index, number, seen in own))
            if seen not in own:
                title = finished.record.classes[entry.class_index]
                wrong[title, LABELS[seen]] = wrong.get((title, LABELS[seen]), 0) + 1
                failure = next(one for one in result.failures if one.index == place)
                assert (failure.class_name, failure.copy, failure.seen) == (title, number, LABELS[seen])
                assert failure.picture == entry.picture
                assert failure.probability == pytest.approx(float(share[seen]), abs=1e-4)
                assert failure.wanted == pytest.approx(float(share[list(own)].sum()), abs=1e-4)
            place += 1
    assert place == result.n == 4 * 2 * 3
    right = sum(hit for *_, hit in hits)
    assert 0 < right < place
    assert vars(result.top1) == pytest.approx(wilson_interval(right, place)._asdict())
    assert result.top5.mean == 1  # of five labels
    assert {(one.wanted, one.seen): one.count for one in result.confusions} == wrong
    assert len(result.failures) == place - right
    plain = [hit for _, number, hit in hits if number == 0]
    assert vars(result.as_painted.top1) == pytest.approx(wilson_interval(sum(plain), 8)._asdict())
    assert result.over_paintings.n == 8
    for number, entry in enumerate(result.classes):
        own = [hit for one, _, hit in hits if one == number]
        assert (entry.n, entry.top1.mean) == (6, pytest.approx(sum(own) / 6))


def test_the_runs_are_runs_of_paint(finished):
    """With the recipe of their condition, variants that differ, and a sum where labels count as one."""
    runs = {one.condition: RunFolder(finished.path / one.folder).read() for one in finished.record.runs[:2]}
    names = ["class:ant", "class:bee + class:duck", "class:crab, cancer", "class:eel"]
    for condition, views in (("all", 2), ("none", 1)):
        manifest = runs[condition]
        assert (manifest.kind, manifest.status) == ("paint", "done")
        assert [entry.objective for entry in manifest.pictures] == [name for name in names for _ in range(2)]
        assert [entry.variant for entry in manifest.pictures] == [0, 1] * 4
        recipe = manifest.recipe
        assert (recipe["views"], recipe["steps"]) == (views, 4)
        assert (recipe["crop"], recipe["greyscale"]) == (([0.4, 1.0], 0.1) if condition == "all" else ([1.0, 1.0], 0.0))
    folder = finished.path / f"{PAINTER}-all"
    first, second = (read_picture(folder / entry.picture) for entry in runs["all"].pictures[:2])
    assert not torch.equal(first, second)


def test_a_class_of_two_labels_is_painted_by_the_sum_of_their_logits(finished, networks):
    """The value that the run measured is that of the network."""
    folder, model = finished.path / f"{PAINTER}-all", load_model(networks("painter"))
    entry = RunFolder(folder).read().pictures[2]
    with torch.no_grad():
        scores = model.network(model.preprocessing.normalise(read_picture(folder / entry.picture)[None]))[0]
    told = entry.measures["objective"]["picture"]["value"]
    assert told == pytest.approx(float(scores[1] + scores[3]), abs=1e-4)


def test_judges_of_a_run_know_its_classes(finished, networks):
    """``evaluate`` reads the names that the run left, two for the class of two labels."""
    run = mindseye.evaluate(finished.path / f"{JUDGE}-none", networks("painter"), quiet=True)
    labels = [entry.measures["transfer"][PAINTER]["labels"] for entry in run.manifest.pictures]
    assert [tuple(own) for own in labels[::2]] == OWN


def test_what_is_left(finished):
    """A folder per painter and condition, the record, the page, a sheet for each result with failures."""
    names = {path.name for path in finished.path.iterdir() if not path.name.startswith(".")}
    runs = {f"{painter}-{condition}" for painter in (PAINTER, JUDGE, OTHER) for condition in ("all", "none")}
    assert names == {*runs, "transfer.json", "table.md", "figures", "report.html"}
    sheets = {one.sheet for one in finished.results if one.failures}
    assert {f"figures/{path.name}" for path in (finished.path / "figures").iterdir()} == sheets
    page = (finished.path / "table.md").read_text()
    assert str(finished) in page
    assert "4 classes x 2 paintings x 3 images of each" in page
    for one in finished.results:
        assert f"{100 * one.top1.mean:.1f} [{100 * one.top1.low:.1f}, " in str(finished)


@pytest.mark.usefixtures("_here")
def test_command_line(networks, capsys):
    """The default folder, the list of a file, one augmentation alone; the table is printed; a second call paints nothing."""
    Path("list.txt").write_text("ant  # an insect\nbee|duck\n")
    words = ["transfer", "--painter", networks("painter"), "--judge", networks("judge"), "--classes", "list.txt"]
    words += ["--paintings", "1", "--copies", "2", "--steps", "2", "--augmentation", "flip", "--size", "24"]
    assert main(words) == 0
    folder = Path("runs/transfer-networks.painter")
    assert capsys.readouterr().out.startswith("| painted by ")
    manifest = RunFolder(folder / f"{PAINTER}-flip").read()
    assert (manifest.recipe["flip"], manifest.recipe["rotate"], manifest.recipe["size"]) == (0.5, 0, 24)
    before = (folder / "transfer.json").stat().st_mtime_ns
    assert main([*words, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert (folder / "transfer.json").stat().st_mtime_ns > before
    assert main([*words, "--augmentation", "none", "--compare"]) == 2
    assert "leave --augmentation none out" in capsys.readouterr().err


def test_the_command_line_offers_what_python_takes():
    """Spelled out there, so that --help need not load torch."""
    assert set(AUGMENTATIONS) == set(CONDITIONS)
    assert BATCH == transfer_command.BATCH
    assert inspect.signature(mindseye.transfer).parameters["classes"].default == "erkan"


class Another(TinyConv):
    """A second module in Python, under a name of its own."""


def seeded_modules(channels):
    torch.manual_seed(3)
    return TinyConv(channels), Another(channels)


@pytest.mark.parametrize("channels", [1, 7])
def test_modules_in_python_with_any_number_of_channels(tmp_path, channels):
    """Classes by index, as there are no names; modules in train mode come back in it."""
    with torch.random.fork_rng():
        painter, judge = seeded_modules(channels)
    painter.train()
    changes = {"classes": ["0", "3"], "size": 32, "paintings": 1, "both": True, "out": tmp_path / "out"}
    found = mindseye.transfer(painter, judge, **(QUICK | changes))
    assert painter.training
    assert [(one.painter, one.n) for one in found.results] == [("TinyConv", 6), ("Another", 6)]
    assert found.record.classes == ["0", "3"]

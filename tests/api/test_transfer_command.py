"""Transfers end to end on tiny networks: every number against plain softmax, resuming, and one line per mistake."""

import inspect
import json
from pathlib import Path

import pytest
import torch
from nets import TinyConv
from PIL import Image

import mindseye
from mindseye.api import transfer as transfer_command
from mindseye.cli import main
from mindseye.cli.transfer import AUGMENTATIONS, BATCH
from mindseye.errors import UserError
from mindseye.measure.intervals import wilson_interval
from mindseye.models.load import load_model
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.transforms.augmentations import CONDITIONS, augmented_copy
from mindseye.runs.files import read_picture
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import TransferRecord

LABELS = ["ant", "bee", "crab, cancer", "duck", "eel"]
LINES = ["ant", "bee | duck", "cancer", "eel"]
OWN = [(0,), (1, 3), (2,), (4,)]
PAINTER, JUDGE, OTHER = "networks.painter", "networks.judge", "networks.other"
NETWORKS = """
import torch
from torch import nn
from nets import TinyConv

def make(seed, labels, size=32):
    torch.manual_seed(seed)
    network = TinyConv()
    for parameter in network.parameters():
        parameter.data *= 2.5
    network.image_size = size
    network.preprocessing = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.25, 0.3], "size": size, "resize": size}
    network.labels = labels
    return network

LABELS = ["ant", "bee", "crab, cancer", "duck", "eel"]

def painter():
    return make(1, LABELS)

def twin():
    return make(1, LABELS)

def judge():
    return make(2, LABELS, 40)

def other():
    return make(3, LABELS)

def reversed():
    return make(4, LABELS[::-1])

def stranger():
    return make(4, ["ant", "bee", "cow", "dog", "eel"])

def nameless():
    return make(5, LABELS, 32).body
"""
QUICK = {
    "classes": LINES,
    "paintings": 2,
    "copies": 3,
    "steps": 4,
    "snapshots": 1,
    "changes": {"views": 2},
    "quiet": True,
    "seed": 5,
}


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "networks.py"
    path.write_text(NETWORKS)
    return lambda name: f"{path}:{name}"


@pytest.fixture
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def finished(networks, tmp_path_factory):
    """Both directions, two judges, with and without augmentation."""
    out = tmp_path_factory.mktemp("transfer") / "out"
    judges = [networks("judge"), networks("other")]
    return mindseye.transfer(networks("painter"), judges, both=True, compare=True, out=out, **QUICK)


def go(networks, out, **changes):
    asked = {**QUICK, "judge": networks("judge"), "out": out} | changes
    return mindseye.transfer(asked.pop("painter", networks("painter")), asked.pop("judge"), **asked)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.png")}


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


def test_an_interrupted_transfer_continues_and_ends_the_same(finished, networks, tmp_path):
    """Stopped while the second judge looks: the first is not asked again, nothing is painted again, and all is the same."""
    asked = []

    def stop_at_the_second(stage, done, total, left):
        if stage.startswith("judge ") and done == 0:
            asked.append(stage.removeprefix("judge "))
            if asked == [JUDGE, OTHER]:
                raise KeyboardInterrupt

    judges = [networks("judge"), networks("other")]
    with pytest.raises(KeyboardInterrupt):
        go(networks, tmp_path / "out", judge=judges, progress=stop_at_the_second)
    record = json.loads((tmp_path / "out" / "transfer.json").read_text())
    assert (record["status"], len(record["results"])) == ("interrupted", 1)
    painted = tmp_path / "out" / f"{PAINTER}-all" / "pictures" / "00-class_ant.png"
    before = painted.stat().st_mtime_ns
    found = go(networks, tmp_path / "out", judge=judges, progress=stop_at_the_second)
    assert asked == [JUDGE, OTHER, OTHER]
    assert painted.stat().st_mtime_ns == before
    assert found.record.status == "done"
    assert found.results == finished.results[:2]
    whole = contents(finished.path)
    assert all(whole[path] == data for path, data in contents(found.path).items())


def test_a_further_judge_adds_to_the_table_and_a_done_one_is_left(networks, tmp_path):
    """The same folder, first with one judge, then with another and the reverse."""
    first = go(networks, tmp_path / "out").results
    found = go(networks, tmp_path / "out", judge=networks("other"), both=True)
    assert found.results[0] == first[0]
    assert [(one.painter, one.judge) for one in found.results] == [
        (PAINTER, JUDGE), (PAINTER, OTHER), (OTHER, PAINTER),
    ]  # fmt: skip


def test_another_transfer_is_refused_unless_forced(networks, tmp_path):
    """What differs is named; --force leaves files that are not ours."""
    go(networks, tmp_path / "out", compare=True)
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="differs in copies, seed; choose another --out, or --force"):
        go(networks, tmp_path / "out", copies=2, seed=6)
    found = go(networks, tmp_path / "out", copies=2, seed=6, force=True)
    assert [one.n for one in found.results] == [16]
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "out" / f"{PAINTER}-none" / "pictures").exists()


LOSE = """
import torch
from mindseye.optimize.regularizers.regularizer import Regularizer

class LoseTheSecond(Regularizer):
    def change_gradient(self, gradient, step, progress):
        places = torch.arange(len(gradient)).view(-1, 1, 1, 1)
        return torch.where(places == 1, float("nan"), gradient)
"""


def test_a_painting_that_fails_is_left_out_and_named(networks, tmp_path, monkeypatch, capsys):
    """One picture turned NaN: the others are judged, the table says so, and the code is that of a part."""
    words = ["transfer", "--painter", networks("painter"), "--judge", networks("judge"), "--classes", "list.txt"]
    words += ["--paintings", "2", "--copies", "2", "--steps", "2", "--set", "views=1", "--out", "out"]
    words += ["--set", "regularizers=['lose.py:LoseTheSecond']"]
    monkeypatch.chdir(tmp_path)
    Path("lose.py").write_text(LOSE)
    Path("list.txt").write_text("ant\nbee\n")
    assert main(words) == 3
    (result,) = TransferRecord.read(Path("out/transfer.json")).results
    assert result.n == 3 * 2
    assert [entry.n for entry in result.classes] == [2, 4]
    assert "class:ant variant 1" in capsys.readouterr().err
    assert "Not painted: networks.painter, class:ant variant 1" in Path("out/table.md").read_text()


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


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"judge": []}, "no judge"),
        ({"judge": "painter"}, "is the network that is painted from"),
        ({"judge": "twin"}, "twin' is the network that is painted from"),
        ({"judge": "stranger"}, r"'networks.stranger' does not know the class 'bee \| duck'.*'duck' is unknown"),
        ({"judge": "nameless"}, "gives no scores of classes"),
        ({"judge": "reversed", "classes": ["0"]}, r"class '0' is 'ant' to 'networks.painter', 'eel' to.*give it by name"),
        ({"classes": ["wolf"]}, "'networks.painter' does not know the class 'wolf'"),
        ({"classes": ["crab", "cancer"]}, "'crab' and 'cancer' are one label"),
        ({"classes": "none.txt"}, "none.txt"),
        ({"paintings": 0}, "paintings is a whole number above zero"),
        ({"copies": 2.5}, "copies is a whole number above zero"),
        ({"augmentation": "noise"}, "augmentation is one of"),
        ({"recipe": "distribution", "augmentation": "perspective"}, "distribution has no perspective"),
        ({"recipe": "deepdream", "changes": {}}, "starts from photo"),
        ({"changes": {"objective": 0, "total_variation": 1}}, "no weight"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_before_any_work(networks, changes, told):
    """The network or the value is named, and no folder is made."""
    judge = changes.get("judge")
    asked = changes | ({"judge": networks(judge)} if isinstance(judge, str) else {})
    with pytest.raises(UserError, match=told) as raised:
        go(networks, "out", **asked)
    assert "\n" not in str(raised.value)
    assert not Path("out").exists()


def test_a_run_folder_is_not_made_a_transfer(finished, networks):
    """Nor one in use by another network of the same name."""
    with pytest.raises(UserError, match="is a run folder"):
        go(networks, finished.path / f"{PAINTER}-all")


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

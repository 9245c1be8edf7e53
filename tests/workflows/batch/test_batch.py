"""Batches end to end: what they leave, what costs them nothing, and what they refuse."""

import json
import shutil

import numpy as np
import pytest
import torch
from batch_runs import CLASSES, FOLDERS, QUICK, pictures, pixels, run, statuses
from nets import TinyConv, seeded
from tars import write_tar

import mindseye
from mindseye.errors import UserError
from mindseye.optimize.regularizers.regularizer import Regularizer
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch.ledger import read_plan
from mindseye.workflows.batch.request import BatchRequest
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.record import Record
from mindseye.workflows.request import Request


def test_each_class_is_a_run(undisturbed):
    """Finished, with its measures, and named as its photos are; few photos give few facets."""
    assert statuses(undisturbed) == dict.fromkeys(FOLDERS, "done")
    for folder in FOLDERS:
        manifest = RunFolder(undisturbed / folder).read()
        facets = manifest.layers[0].facets
        assert (manifest.kind, manifest.status, len(facets)) == ("visualize", "done", 2)
        assert all("fidelity" in facet.measures for facet in facets)
        assert all((undisturbed / folder / facet.picture).is_file() for facet in facets)
    assert not list(undisturbed.rglob("*.safetensors.part"))
    assert not list((undisturbed / "ledger.painting").glob("*"))


@pytest.mark.usefixtures("with_figures")
def test_figures_and_page_are_there(root, tmp_path):
    """As visualize leaves them; a page that a kill has prevented is written by the same call."""
    out = tmp_path / "out"
    run(root, out, classes=["ant"])
    assert (out / "ant" / "figures" / "facets.png").is_file()
    page = (out / "ant" / "report.html").read_bytes()
    (out / "ant" / "report.html").unlink()
    (out / "ledger.classes" / "ant.json").unlink()
    run(root, out, classes=["ant"])
    assert (out / "ant" / "report.html").read_bytes() == page


def test_the_same_again_does_nothing(root, undisturbed):
    """Finished work is not touched, and the batch says that it is done."""
    before = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("run.json")}
    assert run(root, undisturbed).status.done == 5
    assert {path: path.stat().st_mtime_ns for path in undisturbed.rglob("run.json")} == before


def test_a_run_that_was_removed_is_made_anew(root, undisturbed, tmp_path):
    """And no other."""
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    shutil.rmtree(out / "bee")
    before = (out / "ant" / "run.json").stat().st_mtime_ns
    run(root, out)
    assert (out / "ant" / "run.json").stat().st_mtime_ns == before
    assert pictures(out) == pictures(undisturbed)


def test_one_that_is_painted_waits_for_its_numbers_beside_one_that_is_not(root, undisturbed, tmp_path):
    """As a kill between the two leaves a pack: the one is only measured, the other painted, each as if undisturbed."""
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    assert _packs(out)[0] == ("ant", "bee")
    path = out / "ant" / "run.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["status"] = "running"
    for facet in manifest["layers"][0]["facets"]:
        facet["measures"] = None
    path.write_text(json.dumps(manifest), "utf-8")
    shutil.rmtree(out / "bee")
    for name in ("ant", "bee"):
        (out / "ledger.classes" / f"{name}.json").unlink()
    assert run(root, out).status.done == 5
    assert pictures(out) == pictures(undisturbed)
    own, other = (RunFolder(folder / "ant").read().layers[0].facets for folder in (out, undisturbed))
    assert [facet.measures for facet in own] == [facet.measures for facet in other]


def test_a_picture_does_not_depend_on_its_pack(root, undisturbed, tmp_path):
    """In packs of other classes, or alone, a picture is the same up to the last bits of another batch size."""
    alone = run(root, tmp_path / "alone", batch_size=2)
    assert [len(pack) for pack in _packs(undisturbed)] == [2, 2, 1]
    assert [len(pack) for pack in _packs(alone.path)] == [1] * 5
    for path in pictures(undisturbed):
        first, second = (pixels(out / path) for out in (undisturbed, alone.path))
        assert np.abs(first - second).max() <= 1, path


def test_a_picture_is_what_visualize_paints(root, undisturbed, tmp_path):
    """The flow of one run, with the class's random numbers, paints the same up to the last bits of another batch size."""
    asked = Request.of("batch", {"steps": QUICK["steps"], "snapshots": 1, "size": 32, "device": "cpu"})
    request = BatchRequest(str(root), undisturbed, seeded(TinyConv), ("body.2",), 2, asked)
    with request.open(0) as worker:
        job, manifest = worker.context.begin("bee")
        Flow(job, Record(RunFolder(tmp_path), manifest, Progress(quiet=True))).run()
    found = pictures(tmp_path)
    assert len(found) == 6
    for path in found:
        first, second = (pixels(run / path) for run in (undisturbed / "bee", tmp_path))
        assert np.abs(first - second).max() <= 1, path


def test_a_lost_neighbour_leaves_every_bit(root, undisturbed, tmp_path):
    """Classes whose pack-mates cannot be read are byte for byte those of the whole batch."""
    broken = tmp_path / "collection"
    broken.mkdir()
    for name in CLASSES:
        if name in ("ant", "duck"):
            (broken / name).mkdir()
            (broken / name / "photo.png").write_text("no photo")
        else:
            (broken / name).symlink_to(root / name)
    batch = run(broken, tmp_path / "out")
    assert [(one.name, one.attempts) for one in batch.failures] == [("ant", 1), ("duck", 1)]
    assert "none of 1 photos" in batch.failures[0].reason
    assert "Traceback" in batch.failures[0].log.read_text()
    whole = pictures(undisturbed)
    found = pictures(batch.path)
    assert {path.parts[0] for path in found} == {"bee", "crab_7", "eel"}
    assert all(whole[path] == found[path] for path in found)


def test_a_class_that_comes_later_is_the_same(root, undisturbed, tmp_path):
    """Mended and tried again by the same command, in its own place of its pack; the others are not painted again."""
    late = tmp_path / "collection"
    late.mkdir()
    for name in CLASSES:
        (late / name).symlink_to(root / name)
    (late / "ant").unlink()
    (late / "ant").mkdir()
    run(late, tmp_path / "out")
    before = (tmp_path / "out" / "bee" / "run.json").stat().st_mtime_ns
    (late / "ant").rmdir()
    (late / "ant").symlink_to(root / "ant")
    assert run(late, tmp_path / "out").status.failures == ()
    assert pictures(tmp_path / "out") == pictures(undisturbed)
    assert (tmp_path / "out" / "bee" / "run.json").stat().st_mtime_ns == before


class SpoilSome(Regularizer):
    """Makes one picture of the first pack NaN, and two of the third."""

    def __init__(self):
        self.packs = 0

    def change_gradient(self, gradient, step, progress):
        self.packs += step == 0
        spoilt = gradient.clone()
        spoilt[{1: [1], 2: [], 3: [0, 1]}[self.packs]] = float("nan")
        return spoilt


def test_a_class_that_makes_nan_costs_only_itself(root, undisturbed, tmp_path):
    """One picture: its class is done in part, with exit code 3; both: it failed. The others are the same, bit for bit."""
    batch = run(root, tmp_path / "out", changes={"regularizers": [SpoilSome()]})
    told = {one.name: (one.status, one.attempts) for one in batch.failures}
    assert told == {"ant": ("partial", 1), "eel": ("failed", 1)}
    assert "NaN" in batch.failures[0].reason
    others = [path for path in pictures(batch.path) if path.parts[0] in ("bee", "crab_7", "duck")]
    assert len(others) == 18
    assert all(np.array_equal(pixels(undisturbed / path), pixels(batch.path / path)) for path in others)


def test_activations_that_are_nan_are_named(root, tmp_path):
    """The class fails once, as it would each time, and says which layer."""
    network = seeded(TinyConv)
    with torch.no_grad():
        network.stem.bias.fill_(float("nan"))
    status = mindseye.batch(root, network, out=tmp_path / "out", **QUICK).status
    assert (status.failed, {one.attempts for one in status.failures}) == (5, {1})
    assert "body.2" in status.failures[0].reason


def test_shards_instead_of_folders(root, undisturbed, tmp_path):
    """The photos in two archives, each class in both: the same pictures, and from the cache the same again."""
    photos = sorted(root.glob("*/*.png"))
    for number in range(2):
        part = {path.relative_to(root).as_posix(): path.read_bytes() for path in photos[number::2]}
        write_tar(tmp_path / "shards" / f"part-{number}.tar", part)
    for name in ("one", "two"):
        out = run(tmp_path / "shards", tmp_path / name).path
        assert sorted(path.parent.name for path in out.glob("*/run.json")) == FOLDERS
    assert pictures(tmp_path / "one") == pictures(tmp_path / "two") == pictures(undisturbed)
    assert mindseye.cache().hits == len(photos)


def test_classes_from_a_file(root, tmp_path):
    """A name in each line, comments and empty lines aside; a name that is not there is told."""
    (tmp_path / "classes.txt").write_text("# some\n\neel\nbee\n")
    out = tmp_path / "out"
    assert run(root, out, classes=tmp_path / "classes.txt", steps=2).status.total == 2
    with pytest.raises(UserError, match="wasp"):
        run(root, tmp_path / "no", classes="wasp")
    (tmp_path / "classes.txt").write_text("# none\n")
    with pytest.raises(UserError, match="names no class"):
        run(root, tmp_path / "no", classes=tmp_path / "classes.txt")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"facets": 0}, "facets"),
        ({"workers": 0}, "workers"),
        ({"retries": -1}, "retries"),
        ({"workers": 2}, "by its name"),
        ({"shard": "3/2"}, "3/8"),
        ({"layer": "body.9"}, "body"),
        ({"changes": {"shared": 0.5}}, "shared"),
        ({"penalty_layer": "nothing"}, "nothing"),
    ],
)
def test_mistakes_are_told_before_any_work(root, tmp_path, wrong, told):
    """One line, and no class is begun."""
    with pytest.raises(UserError, match=told):
        run(root, tmp_path / "out", **wrong)
    assert not list((tmp_path).rglob("run.json"))


def test_the_users_function_is_told_of_every_class(root, tmp_path):
    """One more each time, of all that are asked for."""
    told = []
    run(root, tmp_path / "out", progress=lambda *words: told.append(words[:3]))
    assert told == [("classes", number, 5) for number in range(1, 6)]


def _packs(out):
    return [pack.classes for pack in read_plan(out).packs]

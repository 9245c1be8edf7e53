"""Batches end to end: what they leave, what costs them nothing, and that they end the same whatever happens on the way."""

import csv
import errno
import json
import os
import random
import shutil
import sys
import threading
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from batch_runs import QUICK, forked, pictures, run
from nets import TinyConv, seeded
from PIL import Image
from tars import write_tar

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.optimize.regularizers.regularizer import Regularizer
from mindseye.report.progress import Progress
from mindseye.runs.files import read_tensors, write_tensors
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch import output
from mindseye.workflows.batch.ledger import Ledger, read_plan
from mindseye.workflows.batch.locks import hold_shard, holders
from mindseye.workflows.batch.plan import Shard
from mindseye.workflows.batch.request import BatchRequest
from mindseye.workflows.batch.results import write_results
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.record import Record
from mindseye.workflows.request import Request

CLASSES = ["ant", "bee", "crab 7", "duck", "eel"]
FOLDERS = ["ant", "bee", "crab_7", "duck", "eel"]


def statuses(out):
    return {path.stem: json.loads(path.read_text())["status"] for path in (out / "ledger.classes").iterdir()}


def pixels(path):
    """A picture without what its file says of itself."""
    return np.asarray(Image.open(path)).astype(int)


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


def test_killed_again_and_again_it_ends_the_same(root, undisturbed, tmp_path):
    """kill -9 at moments drawn at random, three times, then to the end: byte for byte what an undisturbed batch leaves."""
    out, dice = tmp_path / "out", random.Random(time.time_ns())
    for _ in range(3):
        process = forked(run, root, out, save_every=0.0)
        time.sleep(dice.uniform(0.1, 1.2))
        process.kill()
        process.join()
    assert run(root, out, save_every=0.0).status.done == 5
    assert pictures(out) == pictures(undisturbed)
    assert not list(out.rglob(".*.mindseye-part"))


def test_killed_in_the_middle_of_a_painting(root, tmp_path):
    """It goes on from where the painting was, not from its start: another state would have led elsewhere."""
    out, whole, moved = (tmp_path / name for name in ("out", "whole", "moved"))
    asked = {"classes": ["ant", "bee"], "steps": 300}
    process = forked(run, root, out, save_every=0.0, **asked)
    deadline = time.monotonic() + 60
    while not list(out.glob("ledger.painting/*/*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.join()
    (state,) = out.glob("ledger.painting/*/*.safetensors")
    shutil.copytree(out, moved)
    tensors = read_tensors(state)
    assert 0 < int(tensors["step"]) < 300
    write_tensors(moved / state.relative_to(out), tensors | {"canvas/0": tensors["canvas/0"] * 0.5})
    for place in (out, whole, moved):
        assert run(root, place, **asked).status.done == 2
    assert pictures(out) == pictures(whole)
    ends = [path for path in pictures(whole) if path.parts[1] == "pictures"]
    assert len(ends) == 4
    assert all(not np.array_equal(pixels(moved / path), pixels(whole / path)) for path in ends)


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


def test_a_full_disk_fails_what_it_hits_and_no_more(root, undisturbed, tmp_path, monkeypatch):
    """Two writes in the middle are refused: their classes are tried again, and all ends the same."""
    real, counts = os.fsync, [0]

    def sometimes(descriptor):
        counts[0] += 1
        if counts[0] in (15, 31):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sometimes)
    batch = run(root, tmp_path / "out")
    assert counts[0] > 31
    assert batch.failures == ()
    assert pictures(batch.path) == pictures(undisturbed)


def test_a_folder_that_stays_closed_is_named_and_the_same_call_goes_on(root, undisturbed, tmp_path):
    """A class that cannot be written fails after so many attempts; when it can, the same call ends the same."""
    out = tmp_path / "out"
    (out / "crab_7").mkdir(parents=True)
    (out / "crab_7" / ".lock").touch()  # a run has begun here
    (out / "crab_7" / "starts").touch()
    status = run(root, out, retries=1).status
    assert [(one.name, one.attempts) for one in status.failures] == [("crab 7", 2)]
    assert "cannot write" in status.failures[0].reason
    (out / "crab_7" / "starts").unlink()
    assert run(root, out).status.failures == ()
    assert pictures(out) == pictures(undisturbed)


def test_a_second_batch_is_refused_unless_it_is_another_shard(root, tmp_path):
    """And it leaves the first one alone."""
    out = tmp_path / "out"
    with hold_shard(out / "ledger.locks", Shard(1, 2)):
        with pytest.raises(UserError, match="must be of 2"):
            run(root, out)
        with pytest.raises(UserError, match="take another shard"):
            run(root, out, shard="1/2")
        with pytest.raises(UserError, match="other shards are at work"):
            run(root, out, shard="2/2", force=True)


def test_shards_fill_one_folder(root, undisturbed, tmp_path):
    """Two at the same time, each in its process: together what one batch leaves."""
    out = tmp_path / "out"
    shards = [forked(run, root, out, shard=f"{index}/2") for index in (1, 2)]
    for process in shards:
        process.join()
    assert [process.exitcode for process in shards] == [0, 0]
    again = run(root, out, shard="2/2")
    assert again.failures == ()
    assert len((out / "index.html").read_text().split("done")) > 5
    assert pictures(out) == pictures(undisturbed)
    assert mindseye.status(out).done == 5


def test_other_options_are_refused_and_force_starts_anew(root, tmp_path):
    """In one line that names them; somebody's own file stays."""
    out, classes = tmp_path / "out", ["a*"]
    run(root, out, classes=classes)
    (out / "notes.txt").write_text("mine")
    for change in ({"seed": 3}, {"facets": 3}, {"steps": 5}, {"batch_size": 6}, {"classes": None}):
        name = "recipe" if "steps" in change else next(iter(change))
        with pytest.raises(UserError, match=f"differs in {name}; choose another --out, or --force"):
            run(root, out, **{"classes": classes} | change)
    assert run(root, out, classes=classes, batch_size=0).status.done == 1
    again = run(root, out, classes=classes, seed=3, force=True)
    assert RunFolder(again.path / "ant").read().seed == 3
    assert (out / "notes.txt").read_text() == "mine"


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


def interrupt(stage, done, total, left):
    """Ctrl-C when the first class has ended, while others are on their way."""
    raise KeyboardInterrupt


def test_an_interrupted_batch_lets_go(root, undisturbed, tmp_path):
    """Ctrl-C ends the threads, frees every folder, and the same call goes on."""
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(root, out, progress=interrupt)
    assert holders(out / "ledger.locks") == []
    assert not {"prepare", "paint", "finish"} & {thread.name for thread in threading.enumerate()}
    assert run(root, out).status.done == 5
    assert pictures(out) == pictures(undisturbed)


def test_the_users_function_is_told_of_every_class(root, tmp_path):
    """One more each time, of all that are asked for."""
    told = []
    run(root, tmp_path / "out", progress=lambda *words: told.append(words[:3]))
    assert told == [("classes", number, 5) for number in range(1, 6)]


def test_the_table_has_every_number_of_every_facet(undisturbed, root, monkeypatch):
    """Against the manifests, as Parquet and, without pyarrow, as CSV."""
    rows = pq.read_table(undisturbed / "results.parquet").to_pylist()
    assert len(rows) == 10
    assert [row["class"] for row in rows][::2] == CLASSES
    for row in rows:
        (layer,) = RunFolder(undisturbed / row["run"]).read().layers
        facet = layer.facets[row["facet"]]
        assert row["layer"] == layer.layer
        assert (row["size"], row["status"], row["picture"]) == (facet.size, "done", facet.picture)
        for role, numbers in facet.measures["fidelity"].items():
            for name, value in numbers.items():
                assert row[f"fidelity.{role}.{name}"] == value
        for term, (start, end) in facet.loss.items():
            assert (row[f"loss.{term}.start"], row[f"loss.{term}.end"]) == (start, end)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write_results(Ledger(undisturbed, read_plan(undisturbed)))
    with path.open(newline="") as file:
        plain = list(csv.DictReader(file))
    path.unlink()
    assert [(row["class"], row["facet"]) for row in plain] == [(row["class"], str(row["facet"])) for row in rows]
    assert [float(row["fidelity.picture.cosine"]) for row in plain] == [row["fidelity.picture.cosine"] for row in rows]


def test_the_index_has_every_class(undisturbed):
    """By the name that it has in the collection."""
    page = (undisturbed / "index.html").read_text()
    assert all(name in page for name in CLASSES)


def test_table_and_page_come_on_the_way(root, tmp_path, monkeypatch):
    """Where it is time for them, with the classes that have ended; a disk that is full for a while costs nothing."""
    out, times = tmp_path / "out", []
    table, page = out / "results.parquet", out / "index.html"
    table.mkdir(parents=True)  # in the way of the first table

    def look(stage, done, total, left):
        if done == 2:
            assert not page.exists()
            table.rmdir()
        elif done > 2:
            written = {row["class"] for row in pq.read_table(table).to_pylist() if row["status"] == "done"}
            assert set(CLASSES[: done - 1]) <= written
            times.append((table.stat().st_mtime_ns, page.stat().st_mtime_ns))

    monkeypatch.setattr(output, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(output, "SHARE", 1e9)
    assert run(root, out, progress=look).status.done == 5
    assert len(set(times)) == 3


def test_table_and_page_wait_until_it_is_time(root, tmp_path, monkeypatch):
    """Before that they come at the end only."""
    monkeypatch.setattr(output, "EVERY_SECONDS", 1e6)
    seen = []
    batch = run(root, tmp_path / "out", progress=lambda *words: seen.append((tmp_path / "out" / "index.html").exists()))
    assert seen == [False] * 5
    assert batch.results.is_file()
    assert (batch.path / "index.html").is_file()


def test_an_interrupted_batch_leaves_table_and_page(root, tmp_path):
    """Ctrl-C after the first class: a page of all five, one of them done."""
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(root, out, progress=interrupt)
    page = (out / "index.html").read_text()
    assert all(name in page for name in CLASSES)
    assert sum(status == "done" for status in statuses(out).values()) >= 1
    assert (out / "results.parquet").is_file()


def test_status_from_elsewhere(root, undisturbed, tmp_path, capsys):
    """Of a finished batch, one at work, a dead one, and where there is none."""
    assert main(["status", str(undisturbed)]) == 0
    said = capsys.readouterr().out
    assert "5 of 5 classes done" in said
    assert "nobody is at work" in said
    assert "all done, and nobody" in said
    out = tmp_path / "out"
    process = forked(run, root, out, steps=100_000)
    deadline = time.monotonic() + 60
    while not (out / "ledger.json").is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert main(["status", str(out)]) == 0
    said = capsys.readouterr().out
    assert "0 of 5 classes done, 5 to do" in said
    assert f"at work: process {process.pid}" in said
    process.kill()
    process.join()
    main(["status", str(out)])
    assert "the same command continues it" in capsys.readouterr().out
    assert main(["status", str(tmp_path)]) == 2
    assert "no batch folder" in capsys.readouterr().err


def _packs(out):
    return [pack.classes for pack in read_plan(out).packs]

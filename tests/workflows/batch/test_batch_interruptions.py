"""Batches that are killed, interrupted, refused a write or shared: they end the same."""

import errno
import os
import random
import shutil
import threading
import time

import numpy as np
import pytest
from batch_runs import interrupt, pictures, pixels, run
from packed_runs import forked

import mindseye
from mindseye.errors import UserError
from mindseye.runs.files import read_tensors, write_tensors
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch.locks import hold_shard, holders
from mindseye.workflows.batch.plan import Shard


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


def test_an_interrupted_batch_lets_go(root, undisturbed, tmp_path):
    """Ctrl-C ends the threads, frees every folder, and the same call goes on."""
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(root, out, progress=interrupt)
    assert holders(out / "ledger.locks") == []
    assert not {"prepare", "paint", "finish"} & {thread.name for thread in threading.enumerate()}
    assert run(root, out).status.done == 5
    assert pictures(out) == pictures(undisturbed)

"""The same command again, interrupted or finished, and another one in the same folder."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from facet_runs import QUICK, same_pictures
from nets import TinyConv, seeded

import mindseye
from mindseye.errors import UserError
from mindseye.runs.folder import RunFolder


def test_a_finished_run_is_left_alone(photos, tmp_path):
    """The same command again changes nothing; another one is refused and told how to go on; force starts anew."""
    arguments = (photos, seeded(TinyConv), "body.2")
    mindseye.visualize(*arguments, out=tmp_path / "run", **QUICK)
    before = (tmp_path / "run" / "run.json").stat().st_mtime_ns
    mindseye.visualize(*arguments, out=tmp_path / "run", **QUICK)
    assert (tmp_path / "run" / "run.json").stat().st_mtime_ns == before
    with pytest.raises(UserError, match=r"differs in seed.*--force"):
        mindseye.visualize(*arguments, out=tmp_path / "run", seed=5, **QUICK)
    assert mindseye.visualize(*arguments, out=tmp_path / "run", seed=5, force=True, **QUICK).manifest.seed == 5


def test_force_leaves_other_peoples_files(photos, tmp_path):
    """Starting anew removes what a run left and nothing else."""
    arguments = (photos, seeded(TinyConv), "body.2")
    run = mindseye.visualize(*arguments, out=tmp_path / "run", **QUICK)
    (run.path / "notes.txt").write_text("mine")
    mindseye.visualize(*arguments, out=tmp_path / "run", force=True, **QUICK)
    assert (run.path / "notes.txt").read_text() == "mine"


def test_two_processes_do_not_share_a_folder(photos, tmp_path):
    """The second one is refused while the first one holds the folder."""
    with RunFolder(tmp_path / "run").locked(), pytest.raises(UserError, match="another mindseye process"):
        mindseye.visualize(photos, seeded(TinyConv), "body.2", out=tmp_path / "run", **QUICK)


@pytest.mark.slow
def test_killed_in_the_middle_it_continues_and_ends_the_same(photos, tmp_path):
    """kill -9 while painting, the same command again: byte for byte the pictures of an undisturbed run."""
    command = [
        sys.executable, "-c",
        "import sys, torch; torch.set_num_threads(1); sys.path.insert(0, sys.argv[1])\n"
        "import mindseye\n"
        "from nets import TinyConv, seeded\n"
        "mindseye.visualize(sys.argv[2], seeded(TinyConv), 'body.2', out=sys.argv[3], steps=int(sys.argv[4]),"
        " facets=2, size=32, quiet=True, save_every=0.0)",
        str(Path(__file__).parent.parent.parent), str(photos),
    ]  # fmt: skip
    steps = "150"
    subprocess.run([*command, str(tmp_path / "whole"), steps], check=True)
    process = subprocess.Popen([*command, str(tmp_path / "killed"), steps])
    state = tmp_path / "killed" / "state"
    deadline = time.monotonic() + 120
    while not (state.is_dir() and list(state.glob("*.safetensors"))) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert json.loads((tmp_path / "killed" / "run.json").read_text())["status"] == "running"
    assert list(state.glob("*.safetensors"))
    subprocess.run([*command, str(tmp_path / "killed"), steps], check=True)
    assert json.loads((tmp_path / "killed" / "run.json").read_text())["status"] == "done"
    assert same_pictures(tmp_path / "whole", tmp_path / "killed")


def test_an_interrupted_run_says_so(photos, tmp_path):
    """Ctrl-C leaves a manifest that is marked, and the command continues it; so does what a progress function raises."""

    def interrupt(stage, done, total, left):
        if stage == "paint body.2":
            raise KeyboardInterrupt

    arguments = {"out": tmp_path / "run", **QUICK}
    with pytest.raises(KeyboardInterrupt):
        mindseye.visualize(photos, seeded(TinyConv), "body.2", progress=interrupt, **arguments)
    assert RunFolder(tmp_path / "run").read().status == "interrupted"
    assert mindseye.visualize(photos, seeded(TinyConv), "body.2", **arguments).manifest.status == "done"


def test_a_run_knows_its_photos_and_weights(photos, tmp_path):
    """Another network of the same class, or other photos under the same folder, is another run."""
    arguments = {"out": tmp_path / "run", **QUICK}
    mindseye.visualize(photos, seeded(TinyConv), "body.2", **arguments)
    other = seeded(TinyConv)
    with torch.no_grad():
        other.stem.bias += 1
    with pytest.raises(UserError, match="weights_digest"):
        mindseye.visualize(photos, other, "body.2", **arguments)
    with pytest.raises(UserError, match="images_digest"):
        mindseye.visualize(sorted(photos.iterdir())[:20], seeded(TinyConv), "body.2", **arguments)

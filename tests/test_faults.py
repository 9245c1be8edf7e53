"""What no command foresees: one line, an exit code, a log with the traceback; pipes that close, disks that are full."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mindseye.cli.faults import run_guarded
from mindseye.cli.options import FAULT, INTERRUPTED, MISTAKE, PIPE_CLOSED
from mindseye.errors import UserError

PYTHON = [sys.executable, "-m", "mindseye.cli"]


def failing(error):
    def act():
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UserError("no folder 'x'"), MISTAKE, "mindseye: no folder 'x'"),
        (KeyboardInterrupt(), INTERRUPTED, "interrupted; the same command continues"),
        (MemoryError(), MISTAKE, "too large for the memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), MISTAKE, "--batch-size"),
        (OSError(errno.ENOSPC, "No space left on device", "/runs/a.png"), MISTAKE, "/runs/a.png: no space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", b"/runs/a.png"), MISTAKE, "/runs/a.png: permission denied"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_not_the_programs_fault(error, code, said, capsys, tmp_path):
    """A line that names the thing and the way out; no log, and nobody is asked to report it."""
    assert run_guarded(failing(error), ["paint"], lambda: str(tmp_path)) == code
    told = capsys.readouterr().err
    assert said in told
    assert "report" not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyError("facets"), BrokenPipeError(errno.EPIPE, "Broken pipe"), RecursionError()])
def test_a_fault_leaves_one_line_and_a_log_beside_the_run(error, capsys, tmp_path):
    """The line names kind, place and log; the log holds command, versions and traceback. A worker's pipe is not stdout's."""
    words = ["visualize", "my photos", "--out", str(tmp_path)]
    assert run_guarded(failing(error), words, lambda: str(tmp_path)) == FAULT
    told = capsys.readouterr().err
    (log,) = tmp_path.iterdir()
    assert told.count("\n") == 1
    assert type(error).__name__ in told
    assert f"{Path(__file__).name}, line" in told
    assert f"please report it with {log}" in told
    held = log.read_text("utf-8")
    assert "command: mindseye visualize 'my photos'" in held
    assert "Traceback (most recent call last)" in held
    assert "Python 3." in held


def test_the_log_goes_where_it_can_be_written(capsys, tmp_path, monkeypatch):
    """To the user's folder of logs without a run, to the temporary one without a home; else the line says so."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert run_guarded(failing(KeyError()), ["layers"], lambda: "runs/of/nobody") == FAULT
    (log,) = (tmp_path / "state").rglob("*.log")
    assert str(log) in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run_guarded(failing(KeyError()), ["layers"]) == FAULT
    assert [path.suffix for path in tmp_path.glob("mindseye-fault-*")] == [".log"]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    assert run_guarded(failing(KeyError()), ["layers"]) == FAULT
    assert "could be written nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "unbuffered"), [(["recipe", "distribution"], ""), (["recipe", "distribution"], "1"), (["--help"], "")]
)
def test_a_closed_pipe_ends_in_silence(words, unbuffered):
    """With the code that shells report of a program that wrote into a pipe without a reader."""
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    ended = subprocess.run([*PYTHON, *words], stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (PIPE_CLOSED, b"")


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="there is no /dev/full")
def test_a_full_disk_under_stdout_is_a_line():
    """And no second complaint as Python ends."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([*PYTHON, "recipe"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == MISTAKE
    assert ended.stderr.decode().strip().splitlines() == [
        "mindseye: cannot write its output: no space left on device; the same command continues where it stopped"
    ]


def test_no_stderr_to_tell_it_to(tmp_path):
    """A closed stderr costs the line, not the exit code."""
    ended = subprocess.run(f"{sys.executable} -m mindseye.cli layers nothing.py:none 2>&-", shell=True, check=False)
    assert ended.returncode == MISTAKE

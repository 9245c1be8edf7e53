"""The ledger: whole or not at all, and nothing that it says is lost."""

import errno
import os

import pytest

from mindseye.errors import UserError
from mindseye.workflows.batch.executor import Ended, failed
from mindseye.workflows.batch.ledger import Ledger, check_same, new_plan, read_plan, write_plan
from mindseye.workflows.batch.leftovers import clear, sweep


def begun(path, names=("a", "b"), **options):
    write_plan(path, new_plan("mindseye batch x", {"facets": 2} | options, [(n, n.title()) for n in names], 2, 8, 1))
    return Ledger(path, read_plan(path))


def test_a_plan_comes_back(tmp_path):
    """All of it; without one there is none."""
    assert read_plan(tmp_path) is None
    plan = begun(tmp_path, ("b", "a")).plan
    assert [(entry.name, entry.title, entry.folder) for entry in plan.classes] == [("b", "B", "b"), ("a", "A", "a")]
    assert (plan.facets, plan.batch_size, plan.options) == (2, 8, {"facets": 2})
    assert [pack.classes for pack in plan.packs] == [("b", "a")]


def test_every_class_has_a_folder_of_its_own():
    """Harmless names, apart from each other in upper and lower case, and from what the batch itself writes."""
    names = ["a/b", "a?b", "Ab", "ab", "logs", "LEDGER.json", "..", ".hidden", "ünï"]
    folders = [entry.folder for entry in new_plan("", {}, [(name, name) for name in names], 1, 1, 1).classes]
    assert len({folder.casefold() for folder in folders}) == len(names)
    assert not {"logs", "ledger.json"} & {folder.casefold() for folder in folders}
    assert not any("/" in folder or folder.startswith(".") for folder in folders)
    assert folders[8] == "ünï"


def test_states_come_back(tmp_path):
    """What has ended is known to whoever opens the ledger next; the trace lies in the log."""
    ledger = begun(tmp_path)
    ledger.record(Ended("a", "done", pictures=2, seconds=3.0))
    try:
        raise ValueError("no\nnumber")
    except ValueError as error:
        ledger.record(failed("b", error, 1.0))
    ledger.record(failed("b", ValueError("again"), 1.0))
    again = Ledger(tmp_path, read_plan(tmp_path))
    assert (again.states["a"].status, again.states["a"].pictures, again.is_finished("a")) == ("done", 2, True)
    assert (again.states["b"].status, again.states["b"].attempts, again.is_finished("b")) == ("failed", 2, False)
    log = again.log("b").read_text()
    assert "attempt 1: failed: ValueError: no number" in log
    assert "attempt 2: failed: ValueError: again" in log
    assert log.count("Traceback") == 1
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.json").write_text("{}")
    again.reopen()
    assert [again.states[name].status for name in "ab"] == ["done", "todo"]
    (tmp_path / "a" / "run.json").unlink()
    again.reopen()
    assert [again.states[name].status for name in "ab"] == ["todo", "todo"]


def test_a_damaged_state_is_one_that_is_not_there(tmp_path):
    """The run folder itself will tell that it is finished."""
    ledger = begun(tmp_path)
    ledger.record(Ended("a", "done"))
    (tmp_path / "ledger.classes" / "a.json").write_text("{")
    assert Ledger(tmp_path, read_plan(tmp_path)).states["a"].status == "todo"


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 99}', '{"schema": 1, "classes": 3}'])
def test_a_damaged_plan_is_named(tmp_path, text):
    """One line, with the way out."""
    (tmp_path / "ledger.json").write_text(text)
    with pytest.raises(UserError, match=r"ledger\.json"):
        read_plan(tmp_path)


def test_other_options_are_refused_by_name(tmp_path):
    """Pairs count as lists, which is what they are in a file."""
    plan = begun(tmp_path, recipe={"crop": [0.5, 1.0]}).plan
    check_same(tmp_path, plan, {"facets": 2, "recipe": {"crop": (0.5, 1.0)}})
    with pytest.raises(UserError, match=r"differs in facets; choose another --out, or --force"):
        check_same(tmp_path, plan, {"facets": 3, "recipe": {"crop": (0.5, 1.0)}})


def test_a_full_disk_costs_the_note_only(tmp_path, monkeypatch):
    """What could not be written is written as soon as there is space."""
    ledger = begun(tmp_path)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        ledger.record(Ended("a", "done"))
        with pytest.raises(UserError, match="No space left"):
            ledger.save()
    assert Ledger(tmp_path, read_plan(tmp_path)).states["a"].status == "todo"
    ledger.record(Ended("b", "done"))
    assert {state.status for state in Ledger(tmp_path, read_plan(tmp_path)).states.values()} == {"done"}
    assert not list(tmp_path.rglob(".*part"))


def test_mistakes_stay_and_accidents_may_pass():
    """A folder without photos is not tried again; what the system has refused is."""
    assert not failed("a", UserError("no images")).may_retry
    assert failed("a", ValueError("?")).may_retry
    full = UserError("cannot write")
    full.__cause__ = OSError("full")
    assert failed("a", full).may_retry


def test_what_was_left_half_written_is_swept(tmp_path):
    """Wherever a ledger writes, and nothing else."""
    ledger = begun(tmp_path)
    ledger.record(Ended("a", "failed", "x"))
    ledger.painting(0).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    for folder in (tmp_path, tmp_path / "ledger.classes", tmp_path / "logs", ledger.painting(0)):
        (folder / ".abc.mindseye-part").write_text("half")
    sweep(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_clearing_leaves_what_is_not_ours(tmp_path):
    """Without a ledger nothing is removed at all."""
    (tmp_path / "logs").mkdir()
    clear(tmp_path)
    assert (tmp_path / "logs").is_dir()
    ledger = begun(tmp_path)
    ledger.record(failed("a", ValueError("x")))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text("{}")
    (tmp_path / "b" / "mine.txt").write_text("mine")
    clear(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["b", "mine.txt"]


def test_clearing_removes_a_link_and_not_what_it_leads_to(tmp_path):
    """Logs may lie on another disk."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    begun(out)
    (out / "logs").symlink_to(elsewhere, target_is_directory=True)
    (elsewhere / "a.log").write_text("kept")
    clear(out)
    assert not list(out.iterdir())
    assert (elsewhere / "a.log").read_text() == "kept"

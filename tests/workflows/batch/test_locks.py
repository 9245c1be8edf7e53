"""Who may work in a batch folder beside whom."""

import time

import pytest
from packed_runs import forked

from mindseye.errors import UserError
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch.locks import hold_shard, holders
from mindseye.workflows.batch.plan import Shard


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (Shard(1, 1), Shard(1, 1), "wait for it"),
        (Shard(1, 2), Shard(1, 2), "another shard"),
        (Shard(1, 2), Shard(1, 3), "must be of 2"),
        (Shard(1, 2), Shard(1, 1), "must be of 2"),
        (Shard(1, 1), Shard(1, 2), "the whole"),
    ],
)
def test_what_shares_classes_is_refused(tmp_path, first, second, told):
    """The same shard, shards of another number, and the whole beside a part."""
    with hold_shard(tmp_path, first), pytest.raises(UserError, match=told), hold_shard(tmp_path, second):
        pass
    with hold_shard(tmp_path, second):
        pass


def test_other_shards_are_welcome(tmp_path):
    """Side by side, each with its process."""
    with hold_shard(tmp_path, Shard(1, 2)), hold_shard(tmp_path, Shard(2, 2)):
        assert [str(one.shard) for one in holders(tmp_path)] == ["1/2", "2/2"]
        assert all(one.begun <= time.time() for one in holders(tmp_path))
    assert holders(tmp_path) == []


def test_a_killed_process_holds_nothing(tmp_path):
    """kill -9 ends its lock with it."""

    def hold():
        with hold_shard(tmp_path, Shard()):
            time.sleep(60)

    process = forked(hold)
    deadline = time.monotonic() + 20
    while not holders(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [one.process for one in holders(tmp_path)] == [process.pid]
    process.kill()
    process.join()
    assert holders(tmp_path) == []


def test_nobody_works_in_a_folder_that_is_not_there(tmp_path):
    """No error, and nothing is made."""
    assert holders(tmp_path / "no") == []
    assert not (tmp_path / "no").exists()


def test_a_process_that_was_forked_meanwhile_keeps_no_lock(tmp_path):
    """Those that decode photos inherit every open file; a lock is gone when its block ends all the same."""
    with hold_shard(tmp_path / "locks", Shard()), RunFolder(tmp_path / "run").locked():
        process = forked(time.sleep, 60)
    with hold_shard(tmp_path / "locks", Shard()), RunFolder(tmp_path / "run").locked():
        pass
    process.kill()
    process.join()


def test_what_a_killed_process_has_begun_is_waited_for(tmp_path):
    """Its own processes outlive it for a moment, and hold its lock."""

    def hold():
        with hold_shard(tmp_path, Shard()):
            forked(time.sleep, 1.5)
            time.sleep(60)

    process = forked(hold)
    deadline = time.monotonic() + 20
    while not holders(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    process.kill()
    process.join()
    with hold_shard(tmp_path, Shard()):
        assert [one.process for one in holders(tmp_path)] != [process.pid]

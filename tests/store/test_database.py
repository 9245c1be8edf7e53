"""The file behind the cache: whole values only, for several processes, no larger than its limit."""

import multiprocessing
import os
import signal
import sqlite3
import time

import pytest

from mindseye.store.database import Database, is_damage

A, B = b"a" * 16, b"b" * 16
NO_LIMIT = 10**12


def photo(number):
    return number.to_bytes(16, "big")


def fill(database, count, size=1000, context=A, start=0):
    database.keep(context, "about", {photo(start + n): bytes([n % 251]) * size for n in range(count)}, NO_LIMIT)


def changed(database, statement, *values):
    connection = sqlite3.connect(database.path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_what_is_kept_is_found(tmp_path):
    """By context and photo, more at once than SQLite takes words; hits and misses are counted."""
    database = Database(tmp_path / "new" / "folder")
    assert not database.knows(A)
    fill(database, 1200)
    assert database.knows(A)
    assert not database.knows(B)
    found = database.find(A, [photo(n) for n in range(1300)])
    assert found == {photo(n): bytes([n % 251]) * 1000 for n in range(1200)}
    assert database.find(B, [photo(0)]) == {}
    assert (database.number("hits"), database.number("misses")) == (1200, 101)
    database.keep(A, "about", {photo(0): b"other"}, NO_LIMIT)
    assert database.find(A, [photo(0)]) == {photo(0): b"other"}
    (held,) = database.holdings()
    assert (held.about, held.entries, held.size) == ("about", 1200, 1199 * 1000 + 5)


def test_a_damaged_value_is_not_there(tmp_path):
    """A value that was changed, or that stands under another photo, does not count."""
    database = Database(tmp_path)
    fill(database, 4)
    changed(database, "UPDATE means SET value = zeroblob(1000) WHERE photo = ?", photo(1))
    changed(
        database,
        "UPDATE means SET value = (SELECT value FROM means WHERE photo = ?) WHERE photo = ?",
        photo(3),
        photo(2),
    )
    assert set(database.find(A, [photo(n) for n in range(4)])) == {photo(0), photo(3)}


@pytest.mark.parametrize("content", [b"no database at all" * 100, None])
def test_a_damaged_file_is_begun_anew(tmp_path, content):
    """The call that finds the damage fails, and the next has an empty file."""
    database = Database(tmp_path)
    fill(database, 200)
    database.evict(NO_LIMIT)
    if content is None:
        whole = database.path.read_bytes()
        content = whole[:4096] + b"\xff" * (len(whole) - 4096)
    database.path.write_bytes(content)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        database.find(A, [photo(0)])
    assert is_damage(caught.value)
    assert database.find(A, [photo(0)]) == {}
    fill(database, 1)
    assert set(database.find(A, [photo(0)])) == {photo(0)}


def test_the_longest_unused_go_first(tmp_path):
    """Values that were looked up are kept, of those that were not the older ones go; the file shrinks under its limit."""
    clock = [10_000.0]
    database = Database(tmp_path, now=lambda: clock[0])
    for part in range(6):
        fill(database, 250, 4000, start=250 * part)
        clock[0] += 1000
    database.find(A, [photo(n) for n in range(250)])
    whole = database.size()
    limit = 4_000_000
    assert whole > limit
    database.evict(limit)
    assert database.size() <= limit
    left = {int.from_bytes(key, "big") for key in database.find(A, [photo(n) for n in range(1500)])}
    assert set(range(250)) <= left
    assert left - set(range(250)) == set(range(min(left - set(range(250))), 1500))
    clock[0] += 1000
    database.keep(B, "other", {photo(n): b"x" * 4000 for n in range(400)}, limit)
    assert database.path.stat().st_size <= limit
    assert set(database.find(B, [photo(n) for n in range(400)])) == {photo(n) for n in range(400)}


def test_contexts_without_values_are_forgotten(tmp_path):
    """What is known of a context is not known any more when its last value has gone."""
    database = Database(tmp_path)
    fill(database, 10)
    database.evict(0)
    assert not database.knows(A)
    fill(database, 10, context=B)
    database.keep_number("limit", 7)
    database.empty()
    assert not database.knows(B)
    assert database.holdings() == []
    assert (database.number("hits"), database.number("limit")) == (None, 7)
    assert database.size() < 100_000


def _write_and_read(folder, number):
    database = Database(folder)
    for part in range(10):
        fill(database, 20, start=20 * part)
        fill(database, 20, context=B, start=1000 * number + 20 * part)
        found = database.find(A, [photo(n) for n in range(200)])
        assert all(value == bytes([(int.from_bytes(key, "big") % 20) % 251]) * 1000 for key, value in found.items())


def test_several_processes_at_once(tmp_path):
    """They begin together on a folder that is not there yet; nothing is lost and nobody fails."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write_and_read, args=(tmp_path / "cache", number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    found = Database(tmp_path / "cache").find(B, [photo(1000 * worker + n) for worker in range(3) for n in range(200)])
    assert len(found) == 600


def _write_for_ever(folder):
    number = 0
    while True:
        number += 1
        fill(Database(folder), 50, start=50 * number)


def test_a_process_that_is_killed_leaves_whole_values(tmp_path):
    """Batches of values are there or not; the next process reads and writes."""
    worker = multiprocessing.get_context("spawn").Process(target=_write_for_ever, args=(tmp_path,))
    worker.start()
    database = Database(tmp_path)
    while not database.find(A, [photo(50)]):
        time.sleep(0.02)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    (held,) = database.holdings()
    assert held.entries % 50 == 0
    assert len(database.find(A, [photo(n) for n in range(50, 50 + held.entries)])) == held.entries
    fill(database, 1)

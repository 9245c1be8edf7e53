"""The SQL of the cache: its tables, and what is asked of them within one connection."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b

VERSION = 1
AT_ONCE = 500
# What is left when the limit is passed, so that not every value that comes makes room for itself alone.
ROOMY = 0.9

SCHEMA = """
CREATE TABLE contexts (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, about TEXT NOT NULL);
CREATE TABLE means (
    context INTEGER NOT NULL, photo BLOB NOT NULL, used INTEGER NOT NULL, checksum BLOB NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (context, photo)
);
CREATE INDEX by_use ON means (used);
CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


def create_tables(database: sqlite3.Connection) -> None:
    """The tables of a new file."""
    database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    with transaction(database):
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != VERSION:  # else another process was faster
            for statement in SCHEMA.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """A transaction that takes the file for writing, undone by any error."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if database.in_transaction:  # a full disk ends it by itself
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def run_for_photos(
    database: sqlite3.Connection,
    what: str,
    condition: str,
    context: bytes,
    photos: Sequence[bytes],
    numbers: tuple[int, ...] = (),
) -> sqlite3.Cursor:
    """A statement about some photos of a context. numbers: of ``what``, then of the condition."""
    marks = ", ".join("?" * len(photos))
    where = f"WHERE context = (SELECT id FROM contexts WHERE digest = ?) AND photo IN ({marks})"
    split = what.count("?")
    return database.execute(f"{what} {where} {condition}", (*numbers[:split], context, *photos, *numbers[split:]))


def add_to_number(database: sqlite3.Connection, name: str, more: int) -> None:
    """Raise a number that is kept beside the values."""
    database.execute(
        "INSERT INTO numbers VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2", (name, more)
    )


def _live_bytes(database: sqlite3.Connection) -> int:
    pages, free, size = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def evict_oldest(database: sqlite3.Connection, limit: int) -> None:
    """Drop the longest unused values where all of them take more than ``limit`` bytes."""
    if _live_bytes(database) <= limit:
        return
    oldest = "SELECT rowid FROM means ORDER BY used, rowid LIMIT ?"
    while _live_bytes(database) > ROOMY * limit:
        if database.execute(f"DELETE FROM means WHERE rowid IN ({oldest})", (AT_ONCE // 4,)).rowcount < 1:
            break
    database.execute("DELETE FROM contexts WHERE id NOT IN (SELECT DISTINCT context FROM means)")


def return_free_pages(database: sqlite3.Connection) -> None:
    """Give the pages that hold nothing back to the file system."""
    database.executescript("PRAGMA incremental_vacuum")  # execute() would take a single step of it, a page


def fold_log(database: sqlite3.Connection) -> None:
    """Have the write-ahead log written into the file, as far as no other process reads it."""
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def value_checksum(context: bytes, photo: bytes, value: bytes) -> bytes:
    """What tells whether a value is still the one that was kept."""
    return blake2b(context + photo + value, digest_size=8).digest()


def is_damage(error: Exception) -> bool:
    """Whether SQLite has found its file damaged, or no database."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

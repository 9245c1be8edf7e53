"""One SQLite file with many small values: whole or not at all, for several processes at once, the longest unused dropped."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from hashlib import blake2b
from pathlib import Path
from time import time

VERSION = 1
FILE = f"means-{VERSION}.sqlite"
WAIT_SECONDS = 60
AT_ONCE = 500
TOUCH_SECONDS = 600
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


@dataclass(frozen=True)
class Holding:
    """What a database holds of one context. about: which, for people. size: of its values in bytes."""

    about: str
    entries: int
    size: int


@dataclass(frozen=True)
class Database:
    """A table of values by (context, photo), both given by digests.

    Every call opens the file for itself and closes it: no connection is carried into another process. now: seconds.

    Each call raises ``sqlite3.Error`` or ``OSError`` where the file cannot be used. A damaged file is removed then, and the
    next call makes a new one.
    """

    folder: Path
    now: Callable[[], float] = time

    @property
    def path(self) -> Path:
        """The file; SQLite has two more beside it."""
        return self.folder / FILE

    def knows(self, context: bytes) -> bool:
        """Whether values of a context have been kept, and some are still there."""
        with self._connected() as database:
            return database.execute("SELECT 1 FROM contexts WHERE digest = ?", (context,)).fetchone() is not None

    def find(self, context: bytes, photos: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values that are there and whole, by photo; they count as used now. Hits and misses are counted."""
        found: dict[bytes, bytes] = {}
        with self._connected() as database, _transaction(database):
            for start in range(0, len(photos), AT_ONCE):
                some = photos[start : start + AT_ONCE]
                rows = _of(database, "SELECT photo, checksum, value FROM means", "", context, some).fetchall()
                found |= {
                    photo: value for photo, checksum, value in rows if checksum == _checksum(context, photo, value)
                }
                old = (int(self.now()), int(self.now()) - TOUCH_SECONDS)
                _of(database, "UPDATE means SET used = ?", "AND used <= ?", context, some, old)
            _count(database, "hits", len(found))
            _count(database, "misses", len(photos) - len(found))
        return found

    def keep(self, context: bytes, about: str, values: Mapping[bytes, bytes], limit: int) -> None:
        """Keep values by photo, all or none; the longest unused are dropped where the file passes ``limit`` bytes."""
        now = int(self.now())
        with self._connected() as database:
            with _transaction(database):
                database.execute("INSERT OR IGNORE INTO contexts (digest, about) VALUES (?, ?)", (context, about))
                (number,) = database.execute("SELECT id FROM contexts WHERE digest = ?", (context,)).fetchone()
                database.executemany(
                    "INSERT OR REPLACE INTO means VALUES (?, ?, ?, ?, ?)",
                    [(number, photo, now, _checksum(context, photo, value), value) for photo, value in values.items()],
                )
                _evict(database, limit)
            _shrink(database)

    def evict(self, limit: int) -> None:
        """Drop the longest unused until the file is no larger than ``limit`` bytes."""
        with self._connected() as database:
            with _transaction(database):
                _evict(database, limit)
            _shrink(database)
            _fold(database)

    def empty(self) -> None:
        """Drop all values, and forget hits and misses."""
        with self._connected() as database:
            with _transaction(database):
                for table in ("means", "contexts"):
                    database.execute(f"DELETE FROM {table}")
                database.execute("DELETE FROM numbers WHERE name IN ('hits', 'misses')")
            _shrink(database)
            _fold(database)

    def number(self, name: str) -> int | None:
        """A number that is kept beside the values; None where there is none."""
        with self._connected() as database:
            row = database.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def keep_number(self, name: str, value: int) -> None:
        """Keep a number beside the values."""
        with self._connected() as database, _transaction(database):
            database.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (name, value))

    def holdings(self) -> list[Holding]:
        """What is held, the most first."""
        with self._connected() as database:
            rows = database.execute(
                "SELECT about, COUNT(*), SUM(LENGTH(value)) FROM means JOIN contexts ON contexts.id = means.context"
                " GROUP BY contexts.id ORDER BY 3 DESC, about"
            ).fetchall()
        return [Holding(str(about), int(entries), int(size)) for about, entries, size in rows]

    def size(self) -> int:
        """Bytes on disk, all files together; 0 where there is none."""
        return sum(path.stat().st_size for path in self._files() if path.is_file())

    def _files(self) -> list[Path]:
        return [self.path.with_name(FILE + ending) for ending in ("", "-wal", "-shm")]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection to the file, which is made where it is missing, and removed where it is damaged."""
        self.folder.mkdir(parents=True, exist_ok=True)
        damaged = None
        try:
            with closing(self._open()) as database:
                damaged = self.path.stat().st_ino
                yield database
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._drop(damaged)
            raise

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                with self._locked():
                    _prepare(database)
            database.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            database.close()
            raise
        return database

    def _drop(self, damaged: int | None) -> None:
        """Remove a damaged file, unless another process has put a new one in its place already."""
        with suppress(OSError), self._locked():
            if damaged is None or self.path.stat().st_ino == damaged:
                for path in self._files():
                    path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / ".lock").open("a") as lock:
            flock(lock, LOCK_EX)
            yield


def _prepare(database: sqlite3.Connection) -> None:
    """The tables of a new file."""
    database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    with _transaction(database):
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != VERSION:  # else another process was faster
            for statement in SCHEMA.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if database.in_transaction:  # a full disk ends it by itself
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _of(
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


def _count(database: sqlite3.Connection, name: str, more: int) -> None:
    database.execute(
        "INSERT INTO numbers VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2", (name, more)
    )


def _live_bytes(database: sqlite3.Connection) -> int:
    pages, free, size = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _evict(database: sqlite3.Connection, limit: int) -> None:
    if _live_bytes(database) <= limit:
        return
    oldest = "SELECT rowid FROM means ORDER BY used, rowid LIMIT ?"
    while _live_bytes(database) > ROOMY * limit:
        if database.execute(f"DELETE FROM means WHERE rowid IN ({oldest})", (AT_ONCE // 4,)).rowcount < 1:
            break
    database.execute("DELETE FROM contexts WHERE id NOT IN (SELECT DISTINCT context FROM means)")


def _shrink(database: sqlite3.Connection) -> None:
    database.executescript("PRAGMA incremental_vacuum")  # execute() would take a single step of it, a page


def _fold(database: sqlite3.Connection) -> None:
    """Have the write-ahead log written into the file, as far as no other process reads it."""
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _checksum(context: bytes, photo: bytes, value: bytes) -> bytes:
    return blake2b(context + photo + value, digest_size=8).digest()


def is_damage(error: Exception) -> bool:
    """Whether SQLite has found its file damaged, or no database."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

"""One SQLite file with many small values: whole or not at all, for several processes at once, the longest unused dropped."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time

from filelock import FileLock

from mindseye.store.statements import (
    AT_ONCE,
    VERSION,
    add_to_number,
    create_tables,
    evict_oldest,
    fold_log,
    is_damage,
    return_free_pages,
    run_for_photos,
    transaction,
    value_checksum,
)

FILE = f"means-{VERSION}.sqlite"
WAIT_SECONDS = 60
TOUCH_SECONDS = 600


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
        with self._connect() as database:
            return database.execute("SELECT 1 FROM contexts WHERE digest = ?", (context,)).fetchone() is not None

    def find(self, context: bytes, photos: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values that are there and whole, by photo; they count as used now. Hits and misses are counted."""
        values: dict[bytes, bytes] = {}
        with self._connect() as database, transaction(database):
            for start in range(0, len(photos), AT_ONCE):
                some = photos[start : start + AT_ONCE]
                rows = run_for_photos(
                    database, "SELECT photo, checksum, value FROM means", "", context, some
                ).fetchall()
                values |= {
                    photo: value for photo, checksum, value in rows if checksum == value_checksum(context, photo, value)
                }
                old = (int(self.now()), int(self.now()) - TOUCH_SECONDS)
                run_for_photos(database, "UPDATE means SET used = ?", "AND used <= ?", context, some, old)
            add_to_number(database, "hits", len(values))
            add_to_number(database, "misses", len(photos) - len(values))
        return values

    def keep(self, context: bytes, about: str, values: Mapping[bytes, bytes], limit: int) -> None:
        """Keep values by photo, all or none; the longest unused are dropped where the file passes ``limit`` bytes."""
        now = int(self.now())
        with self._connect() as database:
            with transaction(database):
                database.execute("INSERT OR IGNORE INTO contexts (digest, about) VALUES (?, ?)", (context, about))
                (number,) = database.execute("SELECT id FROM contexts WHERE digest = ?", (context,)).fetchone()
                database.executemany(
                    "INSERT OR REPLACE INTO means VALUES (?, ?, ?, ?, ?)",
                    [
                        (number, photo, now, value_checksum(context, photo, value), value)
                        for photo, value in values.items()
                    ],
                )
                evict_oldest(database, limit)
            return_free_pages(database)

    def evict(self, limit: int) -> None:
        """Drop the longest unused until the file is no larger than ``limit`` bytes."""
        with self._connect() as database:
            with transaction(database):
                evict_oldest(database, limit)
            return_free_pages(database)
            fold_log(database)

    def empty(self) -> None:
        """Drop all values, and forget hits and misses."""
        with self._connect() as database:
            with transaction(database):
                for table in ("means", "contexts"):
                    database.execute(f"DELETE FROM {table}")
                database.execute("DELETE FROM numbers WHERE name IN ('hits', 'misses')")
            return_free_pages(database)
            fold_log(database)

    def number(self, name: str) -> int | None:
        """A number that is kept beside the values; None where there is none."""
        with self._connect() as database:
            row = database.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def keep_number(self, name: str, value: int) -> None:
        """Keep a number beside the values."""
        with self._connect() as database, transaction(database):
            database.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (name, value))

    def holdings(self) -> list[Holding]:
        """What is held, the most first."""
        with self._connect() as database:
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
    def _connect(self) -> Iterator[sqlite3.Connection]:
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
                with self._lock():
                    create_tables(database)
            database.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            database.close()
            raise
        return database

    def _drop(self, damaged: int | None) -> None:
        """Remove a damaged file, unless another process has put a new one in its place already."""
        with suppress(OSError), self._lock():
            if damaged is None or self.path.stat().st_ino == damaged:
                for path in self._files():
                    path.unlink(missing_ok=True)

    def _lock(self) -> FileLock:
        """Held by one process at a time; it ends with the process, however that ends."""
        return FileLock(self.folder / ".lock", mode=0o644)

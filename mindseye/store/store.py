"""The cache as a run uses it: it speeds up what it can, and never stands in the way."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from mindseye.errors import UserError, one_line
from mindseye.store.context import Context
from mindseye.store.database import Database, Holding
from mindseye.store.settings import DEFAULT_LIMIT, cache_folder, limit_from
from mindseye.store.statements import is_damage

Say = Callable[[str], None]
Answer = TypeVar("Answer")

LIMIT = "limit"


@dataclass(frozen=True)
class Status:
    """What ``mindseye cache`` tells. size, limit, freed: in bytes. hits, misses: of values looked up. freed: by this call."""

    folder: Path
    size: int
    limit: int
    entries: int
    hits: int
    misses: int
    holdings: tuple[Holding, ...]
    freed: int = 0


class Store:
    """Vectors of float32 by context and photo. What cannot be read is not there, what cannot be kept is not kept.

    say: told once if the cache cannot be used; everything goes on without it. limit: in bytes, None for the one that is kept.
    """

    def __init__(self, database: Database, say: Say, limit: int | None = None) -> None:
        self._database = database
        self._say = say
        self._usable = True
        self.limit = self._attempt(lambda: _limit(database), 0) if limit is None else limit

    def knows(self, context: Context) -> bool:
        """Whether values of a context are there."""
        return self._attempt(lambda: self._database.knows(context.digest), False)

    def find(self, context: Context, photos: Sequence[bytes]) -> dict[bytes, Tensor]:
        """The vectors that are there, by photo."""
        nothing: dict[bytes, bytes] = {}
        values = self._attempt(lambda: self._database.find(context.digest, photos), nothing)
        return {photo: torch.from_numpy(np.frombuffer(value, np.float32).copy()) for photo, value in values.items()}

    def keep(self, context: Context, values: Mapping[bytes, Tensor]) -> None:
        """Keep vectors by photo."""
        raw = {photo: value.contiguous().numpy().tobytes() for photo, value in values.items()}
        if raw:
            self._attempt(lambda: self._database.keep(context.digest, context.about, raw, self.limit), None)

    def _attempt(self, action: Callable[[], Answer], otherwise: Answer) -> Answer:
        for is_last in (False, True):
            if not self._usable:
                break
            try:
                return action()
            except (sqlite3.Error, OSError) as error:
                if is_damage(error) and not is_last:
                    self._say(f"note: the cache {self._database.path} was damaged, and is begun anew")
                    continue
                self._usable = False
                self._say(
                    f"note: the cache {self._database.folder} cannot be used ({one_line(error)}); going on without"
                )
        return otherwise


def open_store(say: Say) -> Store | None:
    """The user's cache; None where it may keep nothing, or has no place.

    Raises:
        UserError: if ``$MINDSEYE_CACHE_LIMIT`` is no size.
    """
    limit = limit_from()
    try:
        store = Store(Database(cache_folder()), say, limit)
    except UserError as error:
        say(f"note: no cache ({error}); going on without")
        return None
    return store if store.limit else None


def cache_status(empty: bool = False, limit: int | None = None) -> Status:
    """What the user's cache holds, emptied before or given another limit first, if that is asked for.

    Raises:
        UserError: if the cache cannot be read or written.
    """
    database = Database(cache_folder())
    try:
        before = database.size()
        if limit is not None:
            database.keep_number(LIMIT, limit)
        allowed = limit_from()
        allowed = _limit(database) if allowed is None else allowed
        if empty:
            database.empty()
        elif limit is not None:
            database.evict(allowed)
        holdings = tuple(database.holdings())
        hits, misses = (database.number(name) or 0 for name in ("hits", "misses"))
        size = database.size()
    except (sqlite3.Error, OSError) as error:
        damaged = ", and is removed: ask again" if is_damage(error) else ""
        raise UserError(f"the cache {database.folder} cannot be used ({one_line(error)}){damaged}") from error
    entries = sum(held.entries for held in holdings)
    return Status(database.folder, size, allowed, entries, hits, misses, holdings, max(0, before - size))


def _limit(database: Database) -> int:
    stored = database.number(LIMIT)
    return DEFAULT_LIMIT if stored is None else stored

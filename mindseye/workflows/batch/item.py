"""What a worker does to each item of a pack, a class or a channel: prepare it, paint it with its pack, finish it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from mindseye.workflows.batch.executor import Ended, failed
from mindseye.workflows.batch.plan import Pack

Prepared = TypeVar("Prepared")
"""What an item is painted by and from."""


class PackItem(ABC, Generic[Prepared]):
    """An item on its way through a worker, and the first thing that went wrong with it.

    An error costs this item alone: the rest of its work is then left out. ``_prepare``, ``_finish`` and ``_conclude`` are the
    item's own; the first sets ``_prepared`` where there is something to be done, the last says in ``ended`` how it ended.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.ended: Ended | None = None
        self._prepared: Prepared | None = None
        self._seconds = 0.0
        self._open = ExitStack()

    def prepare(self) -> None:
        """Everything before painting; nothing where the item is finished already."""
        self.attempt(self._prepare)
        if self.ended is not None:
            self.close()

    def finish(self) -> Ended:
        """Everything after painting; how the item ended."""
        self.attempt(self._finish)
        self.close()
        self.attempt(self._conclude)
        self.forget()
        if self.ended is None:
            raise RuntimeError(f"{self.name} has not ended")
        return replace(self.ended, seconds=self._seconds)

    def attempt(self, work: Callable[[], None]) -> None:
        """Do a part of the work, unless an earlier part has failed."""
        if self.ended is not None:
            return
        begun = time.monotonic()
        try:
            work()
        except Exception as error:  # whatever it is, the other items go on
            self.fail(error)
        finally:
            self.spend(time.monotonic() - begun)

    def fail(self, error: Exception) -> None:
        """Note what went wrong."""
        self.ended = failed(self.name, error)

    def spend(self, seconds: float) -> None:
        """Count seconds of work that were done for the item elsewhere."""
        self._seconds += seconds

    def close(self) -> None:
        """Let go of what was held for the item."""
        self._open.close()

    @property
    def waits(self) -> bool:
        """Whether there is something to be painted or measured, and nothing has gone wrong yet."""
        return self._prepared is not None and self.ended is None

    @property
    def prepared(self) -> Prepared:
        """What it is painted by and from.

        Raises:
            RuntimeError: where it was not prepared.
        """
        if self._prepared is None:
            raise RuntimeError(f"{self.name} is not prepared")
        return self._prepared

    def forget(self) -> None:
        """Let go of memory: some hundred megabytes of a pack that waits for its last item."""
        self._prepared = None

    @abstractmethod
    def _prepare(self) -> None:
        """Everything before painting."""

    @abstractmethod
    def _finish(self) -> None:
        """Everything after painting, while what was held for the item still is."""

    @abstractmethod
    def _conclude(self) -> None:
        """Set ``ended``."""


Item = TypeVar("Item", bound=PackItem[Any])


class PackJobs(Protocol[Item]):
    """What a worker's packs are made of."""

    def open(self, name: str) -> Item:
        """The item of this name, of which nothing is prepared yet."""

    def paint(self, pack: Pack, items: Sequence[Item], check: Callable[[], None]) -> None:
        """Paint what is waiting of a pack. items: prepared ones, some of which may have failed. check: asked every few steps
        whether to go on; raises where not.
        """

    def clear(self, pack: int) -> None:
        """Remove what only an interrupted painting of a pack needs."""

"""Who works on the packs of a batch: the seam between what is to be done and where it is done.

To have packs worked on elsewhere, subclass ``Executor`` and pass it to ``batch``, as a value or by the words ``my.py:NAME``.
An executor knows nothing of ledgers, retries or shards: it opens workers, hands packs to them, passes on what they tell, and
tells of packs whose worker is gone.
"""

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from mindseye.errors import UserError, is_of_library, is_of_package
from mindseye.user_code import beside, explain_errors, name_object
from mindseye.wording import counted
from mindseye.workflows.batch.plan import Pack

Status = Literal["done", "partial", "failed"]


@dataclass(frozen=True)
class Began:
    """A worker paints a pack, which lay prepared."""

    pack: Pack


@dataclass(frozen=True)
class Ended:
    """How a class ended.

    status: ``partial`` where some of its pictures failed. reason: in one line, and trace: the whole traceback, of what
    failed. may_retry: whether the same may go well another time (a full disk may, a folder without photos not). pictures:
    how many were painted. seconds: of work.
    """

    name: str
    status: Status
    reason: str | None = None
    trace: str | None = None
    may_retry: bool = False
    pictures: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Lost:
    """A pack whose worker is gone; ``pack.todo`` are the classes of which nothing has been told."""

    pack: Pack
    reason: str


Event = Began | Ended | Lost


class Worker(Protocol):
    """Has a network ready, and turns packs into run folders."""

    def work(self, packs: Iterator[Pack]) -> Iterator[Event]:
        """Work on packs, which are asked for a little ahead, from a thread beside; tells of each wanted class how it ended."""


Opener = Callable[[int], AbstractContextManager[Worker]]
"""Makes the worker of a number, from 0. It can be pickled, and called in another process or on another machine that sees
the same folders."""


class Executor(ABC):
    """Has packs worked on."""

    @abstractmethod
    def run(self, opener: Opener, packs: Sequence[Pack]) -> Generator[Event, None, None]:
        """Have every pack worked on once, and yield what happens as it happens.

        Every wanted class of every pack is told of once, in an ``Ended`` or in a ``Lost``. Closing the iterator ends all
        workers.

        Raises:
            UserError: if a worker cannot be opened, for a reason that the user can mend.
        """


class InProcess(Executor):
    """One worker, in this very process."""

    def run(self, opener: Opener, packs: Sequence[Pack]) -> Generator[Event, None, None]:
        """See ``Executor.run``."""
        with opener(0) as worker:
            yield from worker.work(iter(packs))


def events_of(executor: Executor, opener: Opener, packs: Sequence[Pack]) -> Generator[Event, None, None]:
    """What an executor yields, held against what it should; an error of a user's own code is one line.

    What arises in the worker stays what it is: the same would have happened wherever it works.

    Raises:
        UserError: as ``Executor.run``, and if an executor of the user's own fails, or yields what is no event.
    """
    if type(executor).__module__.startswith("mindseye."):
        yield from executor.run(opener, packs)
        return
    name = name_object(executor)
    with beside(executor), _own_errors(name):
        events: object = executor.run(opener, packs)
        if not isinstance(events, Iterable):
            raise UserError(f"{name!r} gives a {type(events).__name__} for some packs, not events one by one")
        with ExitStack() as held:
            held.callback(getattr(events, "close", lambda: None))
            for event in events:
                if not isinstance(event, Event):
                    raise UserError(f"{name!r} yields {event!r}, which is no mindseye.Began, Ended or Lost")
                yield event


@contextmanager
def _own_errors(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        passed = [file for file in files if file != __file__ and not is_of_library(file)]
        if passed and is_of_package(passed[-1]):
            raise
        with explain_errors(name, MemoryError):
            raise


def ended_with(name: str, pictures: int, painted: int, lost: Sequence[str]) -> Ended:
    """How a class ended whose painting went through. painted: of its pictures. lost: why others are missing, a line each."""
    if not lost:
        return Ended(name, "done", pictures=painted)
    reason = f"{len(lost)} of {counted(pictures, 'pictures')} failed: {lost[0]}"
    return Ended(name, "partial" if painted else "failed", reason, "\n".join(lost), pictures=painted)


def failed(name: str, error: Exception, seconds: float = 0.0) -> Ended:
    """How a class ended that failed with an error.

    A mistake in what was given stays one however often it is tried; what the system refuses may be granted another time.
    """
    is_final = isinstance(error, UserError) and error.__cause__ is None
    reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    lines = "".join(traceback.format_exception(error))
    return Ended(name, "failed", " ".join(reason.split()), lines, not is_final, seconds=seconds)

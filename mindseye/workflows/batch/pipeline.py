"""A pipeline of threads: each does its stage of the work on what the one before has finished, a little ahead of the next."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

AHEAD = 1
"""Items that lie finished between two stages."""
WAKE_SECONDS = 0.1


class StoppedError(BaseException):
    """The pipeline is being stopped; no Exception, so that what catches the failures of an item lets it through."""


class ThreadPipeline(Generic[T]):
    """Threads that pass items on, and report events to the caller meanwhile; a context manager, which ends them.

    with ThreadPipeline() as pipeline:
        made = pipeline.stage(items, make)
        pipeline.sink(made, check)          # either may call pipeline.emit(...)
        for event in pipeline.events(): ...
    """

    def __init__(self) -> None:
        self._events: queue.Queue[T | BaseException | None] = queue.Queue()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "ThreadPipeline[T]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def stage(self, items: Iterable[V], work: Callable[[V], U], name: str) -> Iterator[U]:
        """The items after some work on them, which a thread of its own does."""
        box: queue.Queue[U | None] = queue.Queue(AHEAD)

        def run() -> None:
            for item in items:
                self._put(box, work(item))
            self._put(box, None)

        self._begin(run, name)
        return self._taken(box)

    def sink(self, items: Iterable[U], work: Callable[[U], None], name: str) -> None:
        """The last stage: what comes out of it is reported only."""

        def run() -> None:
            for item in items:
                work(item)
            self._events.put(None)

        self._begin(run, name)

    def emit(self, event: T) -> None:
        """Report an event to the caller."""
        self._events.put(event)

    def events(self) -> Iterator[T]:
        """The events, until the last item is through; an error of any stage is raised here."""
        while (event := self._events.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    def check(self) -> None:
        """Leave long work early where the pipeline is being stopped.

        Raises:
            StoppedError: where it is.
        """
        if self._stop.is_set():
            raise StoppedError

    def _begin(self, run: Callable[[], None], name: str) -> None:
        def guard() -> None:
            try:
                run()
            except StoppedError:
                return
            except BaseException as error:  # raised again where the caller waits
                self._events.put(error)

        thread = threading.Thread(target=guard, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _put(self, box: "queue.Queue[U | None]", item: U | None) -> None:
        while True:
            self.check()
            try:
                box.put(item, timeout=WAKE_SECONDS)
            except queue.Full:
                continue
            return

    def _taken(self, box: "queue.Queue[U | None]") -> Iterator[U]:
        while True:
            self.check()
            try:
                item = box.get(timeout=WAKE_SECONDS)
            except queue.Empty:
                continue
            if item is None:
                return
            yield item

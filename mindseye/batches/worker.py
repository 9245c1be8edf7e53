"""A worker: one network, a thread that prepares the next pack, and the painting of this one."""

import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mindseye.batches.class_run import ClassRun, Workshop
from mindseye.batches.executor import Began, Event
from mindseye.batches.pack_painting import paint_pack
from mindseye.batches.plan import Pack
from mindseye.inputs.frozen import plain_attention

AHEAD = 1
"""Packs that lie prepared while one is painted; one more is being prepared."""


@dataclass(frozen=True)
class Prepared:
    """A pack that is ready to be painted: its wanted classes, those that have failed among them."""

    pack: Pack
    runs: list[ClassRun]


class PackWorker:
    """Turns packs into run folders; see ``executor.Worker``."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop

    def work(self, packs: Iterator[Pack]) -> Iterator[Event]:
        """See ``executor.Worker.work``."""
        # For as long as both threads read: each would otherwise switch back on what the other has switched off.
        with plain_attention(), _ahead(packs, self._prepare) as ready:
            for prepared in ready:
                yield Began(prepared.pack)
                self._paint(prepared)
                for run in prepared.runs:
                    yield run.finish()
                shutil.rmtree(self.workshop.painting(prepared.pack.number), ignore_errors=True)

    def _prepare(self, pack: Pack, stopped: Callable[[], bool]) -> Prepared:
        runs = []
        for name in pack.wanted:
            if stopped():
                break
            run = ClassRun(self.workshop, name)
            run.prepare()
            runs.append(run)
        return Prepared(pack, runs)

    def _paint(self, prepared: Prepared) -> None:
        shop, pack = self.workshop, prepared.pack
        layers = next((run.prepared[0].job.targets for run in prepared.runs if run.waits), [])
        for layer in layers:
            runs = [run for run in prepared.runs if run.waits]
            try:
                paint_pack(pack, runs, layer, shop.painting(pack.number), shop.facets, shop.batch_size)
            except Exception as error:  # the other packs go on
                for run in runs:
                    run.fail(error)


@contextmanager
def _ahead(
    packs: Iterator[Pack], prepare: Callable[[Pack, Callable[[], bool]], Prepared]
) -> Iterator[Iterator[Prepared]]:
    """Packs, each prepared by a thread while the caller works on the one before; the thread ends with the block."""
    ready: queue.Queue[Prepared | BaseException | None] = queue.Queue(AHEAD)
    stop = threading.Event()

    def put(item: Prepared | BaseException | None) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def run() -> None:
        try:
            for pack in packs:
                prepared = prepare(pack, stop.is_set)
                if not put(prepared):
                    _let_go(prepared)
                    return
            put(None)
        except BaseException as error:  # told where the packs are waited for
            put(error)

    thread = threading.Thread(target=run, name="prepare", daemon=True)
    thread.start()
    try:
        yield _taken(ready)
    finally:
        stop.set()
        thread.join()
        while not ready.empty():
            left = ready.get_nowait()
            if isinstance(left, Prepared):
                _let_go(left)


def _taken(ready: "queue.Queue[Prepared | BaseException | None]") -> Iterator[Prepared]:
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        try:
            yield item
        finally:
            _let_go(item)


def _let_go(prepared: Prepared) -> None:
    for run in prepared.runs:
        run.close()

"""A worker: one network, and three threads in a row that prepare, paint and finish packs."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic

from mindseye.models.freeze import disable_fast_attention
from mindseye.workflows.batch.executor import Began, Event
from mindseye.workflows.batch.item import Item, PackJobs
from mindseye.workflows.batch.pipeline import ThreadPipeline
from mindseye.workflows.batch.plan import Pack


@dataclass(frozen=True)
class _PreparedPack(Generic[Item]):
    """A pack on its way: the items that are to be done, those that have failed among them."""

    pack: Pack
    items: list[Item]


class PackWorker(Generic[Item]):
    """Turns packs into what their items leave; see ``executor.Worker``."""

    def __init__(self, jobs: PackJobs[Item]) -> None:
        self.jobs = jobs

    def work(self, packs: Iterator[Pack]) -> Generator[Event, None, None]:
        """See ``executor.Worker.work``."""
        # For as long as several threads read: each would otherwise switch back on what another has switched off.
        with disable_fast_attention(), ExitStack() as opened, ThreadPipeline[Event]() as pipeline:

            def prepare(pack: Pack) -> _PreparedPack[Item]:
                items = []
                for name in pack.todo:
                    pipeline.check()
                    items.append(self.jobs.open(name))
                    opened.callback(items[-1].close)
                    items[-1].prepare()
                return _PreparedPack(pack, items)

            def paint(prepared: _PreparedPack[Item]) -> _PreparedPack[Item]:
                pipeline.emit(Began(prepared.pack))
                try:
                    self.jobs.paint(prepared.pack, prepared.items, pipeline.check)
                except Exception as error:  # the other packs go on
                    for item in prepared.items:
                        if item.waits:
                            item.fail(error)
                return prepared

            def finish(painted: _PreparedPack[Item]) -> None:
                for item in painted.items:
                    pipeline.check()
                    pipeline.emit(item.finish())
                self.jobs.clear(painted.pack.number)

            prepared = pipeline.stage(packs, prepare, "prepare")
            pipeline.sink(pipeline.stage(prepared, paint, "paint"), finish, "finish")
            yield from pipeline.events()

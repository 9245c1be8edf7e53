"""A worker: one network, and three threads in a row that prepare, paint and finish packs."""

import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from mindseye.models.freeze import disable_fast_attention
from mindseye.workflows.batch.class_run import ClassRun, Workshop
from mindseye.workflows.batch.executor import Began, Event
from mindseye.workflows.batch.line import Line
from mindseye.workflows.batch.pack_painting import paint_pack
from mindseye.workflows.batch.plan import Pack


@dataclass(frozen=True)
class _Going:
    """A pack on its way: its wanted classes, those that have failed among them."""

    pack: Pack
    runs: list[ClassRun]


class PackWorker:
    """Turns packs into run folders; see ``executor.Worker``."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop

    def work(self, packs: Iterator[Pack]) -> Generator[Event, None, None]:
        """See ``executor.Worker.work``."""
        # For as long as several threads read: each would otherwise switch back on what another has switched off.
        with disable_fast_attention(), ExitStack() as held, Line[Event]() as line:

            def prepare(pack: Pack) -> _Going:
                runs = []
                for name in pack.wanted:
                    line.check()
                    runs.append(ClassRun(self.workshop, name))
                    held.callback(runs[-1].close)
                    runs[-1].prepare()
                return _Going(pack, runs)

            def paint(going: _Going) -> _Going:
                line.tell(Began(going.pack))
                self._paint(going, line)
                return going

            def finish(going: _Going) -> None:
                for run in going.runs:
                    line.check()
                    line.tell(run.finish())
                shutil.rmtree(self.workshop.painting(going.pack.number), ignore_errors=True)

            prepared = line.part(packs, prepare, "prepare")
            line.last(line.part(prepared, paint, "paint"), finish, "finish")
            yield from line.told()

    def _paint(self, going: _Going, line: Line[Event]) -> None:
        shop, pack = self.workshop, going.pack
        layers = next((run.prepared[0].job.targets for run in going.runs if run.waits), [])
        for layer in layers:
            runs = [run for run in going.runs if run.waits]
            try:
                paint_pack(
                    pack,
                    runs,
                    layer,
                    shop.painting(pack.number),
                    shop.facets,
                    shop.batch_size,
                    lambda steps: line.check(),
                )
            except Exception as error:  # the other packs go on
                for run in runs:
                    run.fail(error)

"""A worker: one network, and three threads in a row that prepare, paint and finish packs."""

import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from mindseye.models.freeze import disable_fast_attention
from mindseye.workflows.batch.class_run import ClassRun, WorkerContext
from mindseye.workflows.batch.executor import Began, Event
from mindseye.workflows.batch.pack_painting import paint_pack
from mindseye.workflows.batch.pipeline import ThreadPipeline
from mindseye.workflows.batch.plan import Pack


@dataclass(frozen=True)
class _Going:
    """A pack on its way: its wanted classes, those that have failed among them."""

    pack: Pack
    runs: list[ClassRun]


class PackWorker:
    """Turns packs into run folders; see ``executor.Worker``."""

    def __init__(self, context: WorkerContext) -> None:
        self.context = context

    def work(self, packs: Iterator[Pack]) -> Generator[Event, None, None]:
        """See ``executor.Worker.work``."""
        # For as long as several threads read: each would otherwise switch back on what another has switched off.
        with disable_fast_attention(), ExitStack() as opened, ThreadPipeline[Event]() as pipeline:

            def prepare(pack: Pack) -> _Going:
                runs = []
                for name in pack.todo:
                    pipeline.check()
                    runs.append(ClassRun(self.context, name))
                    opened.callback(runs[-1].close)
                    runs[-1].prepare()
                return _Going(pack, runs)

            def paint(going: _Going) -> _Going:
                pipeline.emit(Began(going.pack))
                self._paint(going, pipeline)
                return going

            def finish(going: _Going) -> None:
                for run in going.runs:
                    pipeline.check()
                    pipeline.emit(run.finish())
                shutil.rmtree(self.context.painting(going.pack.number), ignore_errors=True)

            prepared = pipeline.stage(packs, prepare, "prepare")
            pipeline.sink(pipeline.stage(prepared, paint, "paint"), finish, "finish")
            yield from pipeline.events()

    def _paint(self, going: _Going, pipeline: ThreadPipeline[Event]) -> None:
        context, pack = self.context, going.pack
        layers = next((run.prepared[0].job.layers for run in going.runs if run.waits), [])
        for layer in layers:
            runs = [run for run in going.runs if run.waits]
            try:
                paint_pack(
                    pack,
                    runs,
                    layer,
                    context.batch_size,
                    context.facets,
                    context.painting(pack.number),
                    lambda steps: pipeline.check(),
                )
            except Exception as error:  # the other packs go on
                for run in runs:
                    run.fail(error)

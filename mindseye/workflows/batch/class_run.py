"""One class on its way through a worker: its run folder, its flow, and the first thing that went wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mindseye.optimize.session import NetworkSession
from mindseye.report.page import leave_page
from mindseye.report.progress import Progress
from mindseye.runs.entries import failures
from mindseye.runs.folder import PAGE, RunFolder
from mindseye.runs.schema import Manifest
from mindseye.store.store import Store
from mindseye.workflows.batch.executor import ended_with
from mindseye.workflows.batch.item import PackItem
from mindseye.workflows.facets.find import FacetTargets
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.job import FacetJob
from mindseye.workflows.finish import finish_run
from mindseye.workflows.request import Request
from mindseye.workflows.resumable import open_run

PATIENCE = 30.0
"""Seconds that a worker waits for a run folder: that of a batch which was killed lives on for a moment."""


@dataclass(frozen=True)
class WorkerContext:
    """What a worker keeps for all its classes.

    folder: the run folder of a class. begin: a class's job and the manifest of its run. preparing, finishing: sessions with
    copies of the network, for the threads beside the one that paints: two threads must not run one network, as each reads
    it through hooks of its own. judge: shows a finished run to the judges that have not seen it. painting: the folder of a
    pack's painting, by number. facets: places of each class. batch_size: pictures painted at once. run: what is asked of each
    class's run. store: where activations are kept between runs.
    """

    folder: Callable[[str], RunFolder]
    begin: Callable[[str], tuple[FacetJob, Manifest]]
    preparing: NetworkSession
    finishing: NetworkSession
    judge: Callable[[Path], None]
    painting: Callable[[int], Path]
    facets: int
    batch_size: int
    run: Request
    store: Store | None = None


class ClassRun(PackItem[tuple[Flow, FacetTargets]]):
    """A class from its photos to its figures."""

    def __init__(self, context: WorkerContext, name: str) -> None:
        super().__init__(name)
        self.context = context
        self.folder = context.folder(name)

    def _prepare(self) -> None:
        job, fresh = self.context.begin(self.name)
        run = replace(self.context.run, progress=Progress(quiet=True))
        record = self._open.enter_context(open_run(self.folder, fresh, run, patience=PATIENCE))
        if record is None:
            return
        targets = Flow(replace(job, session=self.context.preparing), record, self.context.store).prepare()
        job.photos.forget()
        self._prepared = Flow(job, record), targets

    def _finish(self) -> None:
        if self._prepared is None:
            if not (self.folder.path / PAGE).is_file():  # killed between its last word and its page
                leave_page(self.folder.path, Progress(quiet=True))
            return
        painted, targets = self._prepared
        job = replace(painted.job, session=self.context.finishing)
        flow = Flow(job, painted.record)
        for layer in job.layers:
            flow.measure(layer, targets)
        finish_run(painted.record)

    def _conclude(self) -> None:
        self.context.judge(self.folder.path)  # judges lock the folder themselves
        manifest = self.folder.read()
        facets = manifest.facets
        painted = sum(facet.status == "done" for facet in facets)
        self.ended = ended_with(self.name, len(facets), painted, failures(manifest))

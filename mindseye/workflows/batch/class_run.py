"""One class on its way through a worker: its run folder, its flow, and the first thing that went wrong with it."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from mindseye.optimize.session import NetworkSession
from mindseye.report.page import leave_page
from mindseye.report.progress import Progress
from mindseye.runs.entries import failures
from mindseye.runs.folder import PAGE, RunFolder
from mindseye.runs.schema import Manifest
from mindseye.store.store import Store
from mindseye.wording import counted
from mindseye.workflows.batch.executor import Ended, failed
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


class ClassRun:
    """A class from its photos to its figures. An error costs this class alone: the rest of its work is then left out."""

    def __init__(self, context: WorkerContext, name: str) -> None:
        self.name, self.context = name, context
        self.folder = context.folder(name)
        self._prepared: tuple[Flow, FacetTargets] | None = None
        self.ended: Ended | None = None
        self._seconds = 0.0
        self._open = ExitStack()

    @property
    def waits(self) -> bool:
        """Whether there is something to be painted or measured, and nothing has gone wrong yet."""
        return self._prepared is not None and self.ended is None

    @property
    def prepared(self) -> tuple[Flow, FacetTargets]:
        """What it is painted by and from.

        Raises:
            RuntimeError: where it was not prepared.
        """
        if self._prepared is None:
            raise RuntimeError(f"class {self.name} is not prepared")
        return self._prepared

    def prepare(self) -> None:
        """Everything before painting; nothing where the run is finished already."""
        self.attempt(self._prepare)
        if self.ended is not None:
            self.close()

    def finish(self) -> Ended:
        """Measure the pictures, draw the figures, ask the judges; how the class ended."""
        self.attempt(self._finish)
        self.close()  # judges lock the folder themselves
        self.attempt(lambda: self.context.judge(self.folder.path))
        self.attempt(self._conclude)
        self._prepared = None  # some hundred megabytes of a pack that waits for its last class
        if self.ended is None:
            raise RuntimeError(f"class {self.name} has not ended")
        return replace(self.ended, seconds=self._seconds)

    def attempt(self, work: Callable[[], None]) -> None:
        """Do a part of the work, unless an earlier part has failed."""
        if self.ended is not None:
            return
        begun = time.monotonic()
        try:
            work()
        except Exception as error:  # whatever it is, the other classes go on
            self.fail(error)
        finally:
            self.spend(time.monotonic() - begun)

    def fail(self, error: Exception) -> None:
        """Note what went wrong."""
        self.ended = failed(self.name, error)

    def spend(self, seconds: float) -> None:
        """Count seconds of work that were done for the class elsewhere."""
        self._seconds += seconds

    def close(self) -> None:
        """Let go of the run folder."""
        self._open.close()

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
        manifest = self.folder.read()
        facets = manifest.facets
        painted = sum(facet.status == "done" for facet in facets)
        lost = failures(manifest)
        if not lost:
            self.ended = Ended(self.name, "done", pictures=painted)
            return
        reason = f"{len(lost)} of {counted(len(facets), 'pictures')} failed: {lost[0]}"
        self.ended = Ended(self.name, "partial" if painted else "failed", reason, "\n".join(lost), pictures=painted)

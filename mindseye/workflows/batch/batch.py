"""A batch: the classes of a collection as a work list, and what becomes of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mindseye.errors import UserError
from mindseye.photos.collection import Collection
from mindseye.report.html import html_block, page_link, strip, table
from mindseye.runs.files import refuse_photos
from mindseye.runs.folder import RunFolder
from mindseye.store.store import open_store
from mindseye.workflows.batch.executor import Executor
from mindseye.workflows.batch.ledger import INDEX, Ledger, Plan, check_same, new_plan
from mindseye.workflows.batch.leftovers import clear
from mindseye.workflows.batch.output import BatchOutput, painted_classes
from mindseye.workflows.batch.placement import Placement
from mindseye.workflows.batch.plan import Shard
from mindseye.workflows.batch.request import BatchRequest
from mindseye.workflows.batch.status import BatchStatus, Failure, read_status
from mindseye.workflows.batch.work_list import WorkList, work_on
from mindseye.workflows.evaluation.evaluate import has_looked
from mindseye.workflows.evaluation.panel import load_panel

SHOWN = 12
"""Classes whose pictures a notebook shows."""


@dataclass(frozen=True)
class Batch:
    """A batch folder, as ``mindseye.batch`` returns it.

    results: the table of every facet's numbers. failures: of this shard, what failed, or did in part.
    """

    path: Path
    results: Path
    failures: tuple[Failure, ...]

    @property
    def status(self) -> BatchStatus:
        """How far it is, read anew."""
        return read_status(self.path)

    def to_frame(self) -> Any:
        """The table as a pandas frame: a row per class and facet, with every number."""
        from mindseye.report.frame import read_frame

        return read_frame(self.results)

    def _repr_html_(self) -> str:
        status = self.status
        rows = [
            {"class": failure.name, "status": failure.status, "reason": failure.reason} for failure in self.failures
        ]
        strips = [strip(pictures, name) for name, pictures in painted_classes(self.path, SHOWN)]
        return html_block(status.counts, *strips, table(rows), page_link(self.path / INDEX))


def work_on_batch(
    request: BatchRequest,
    collection: Collection,
    placement: Placement,
    shard: Shard,
    retries: int,
    executor: Executor | None = None,
) -> Batch:
    """Work on the packs of a shard that are left, and write what the batch leaves.

    executor: who works on the packs, where ``placement`` does not say it.

    Raises:
        UserError: for what the user can mend: another batch in the folder, other processes at work in it, a full disk.
    """
    refuse_photos(request.out, request.root)
    finished = work_on(ClassList(request, collection), placement, shard, retries, executor)
    return Batch(request.out, finished.written, finished.status.failures)


class ClassList(WorkList):
    """The classes of a collection, as the engine works on them."""

    def __init__(self, request: BatchRequest, collection: Collection) -> None:
        super().__init__(request.out, request.run, request.for_others().open)
        self.request, self.collection = request, collection
        self.panel = load_panel(request.judges, painter=_name(request)) if request.judges else None

    def notes(self) -> list[str]:
        """What is worth knowing about the collection."""
        lines: list[str] = []
        if self.request.cache:
            open_store(lines.append)  # workers say nothing: where it cannot be used, it shows here
        return [*(f"note: {line}" for line in self.collection.notes), *lines]

    def clear(self) -> None:
        """Remove what a batch left."""
        clear(self.out)

    def make_plan(self, there: Plan | None, placement: Placement) -> Plan:
        """The plan of this batch; whatever is wrong with the request shows here."""
        request, run = self.request, self.run
        with request.session() as session:
            identity = request.identity(session, self.collection)
            if there is not None:
                check_same(self.out, there, identity | {"batch_size": run.batch_size or there.batch_size})
                return there
            batch_size = run.batch_size or request.default_batch_size(session)
        return new_plan(
            run.command,
            identity | {"batch_size": batch_size},
            [(photo_class.name, photo_class.title) for photo_class in self.collection],
            request.facets,
            batch_size,
            placement.threads(torch.get_num_threads()),
        )

    def is_whole(self, folder: Path) -> bool:
        """Whether a class's run is there, and every judge has looked at it."""
        run = RunFolder(folder)
        try:
            return run.exists() and (self.panel is None or has_looked(run.read(), self.panel))
        except UserError:  # damaged: whoever works on the class will say so
            return False

    def output(self, ledger: Ledger) -> BatchOutput:
        """The table and the page."""
        self.panel = None  # the workers load judges of their own
        return BatchOutput(ledger)


def _name(request: BatchRequest) -> str | None:
    return request.model if isinstance(request.model, str) else type(request.model).__name__

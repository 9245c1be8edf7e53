"""A batch from its request to its end: the ledger, the packs that are left, and what is told meanwhile."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mindseye.errors import UserError
from mindseye.photos.collection import Collection, PhotoClass
from mindseye.report.html import html_block, page_link, strip, table
from mindseye.runs.schema import Manifest
from mindseye.store.store import open_store
from mindseye.workflows.batch.executor import Event, Executor
from mindseye.workflows.batch.ledger import INDEX, LOCKS, Ledger, check_same, new_plan, read_plan, write_plan
from mindseye.workflows.batch.leftovers import clear, sweep
from mindseye.workflows.batch.live_view import LiveView
from mindseye.workflows.batch.locks import guard, hold_shard, holders
from mindseye.workflows.batch.output import BatchOutput, painted_classes
from mindseye.workflows.batch.placement import Placement, choose_executor
from mindseye.workflows.batch.plan import Shard
from mindseye.workflows.batch.request import BatchRequest
from mindseye.workflows.batch.run import run_batch
from mindseye.workflows.batch.status import BatchStatus, Failure, read_status, status_of
from mindseye.workflows.evaluation.evaluate import has_looked
from mindseye.workflows.evaluation.panel import Panel, load_panel

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
    panel = load_panel(request.judges, painter=_name(request)) if request.judges else None
    with hold_shard(request.out / LOCKS, shard):
        with guard(request.out / LOCKS):
            ledger = _open_ledger(request, collection, placement)
        ledger.reopen(None if panel is None else partial(_lacks, panel))
        panel = None  # the workers load judges of their own
        packs = shard.of(ledger.plan.packs)
        names = [name for pack in packs for name in pack.classes]
        with LiveView(ledger, shard, names, request.run.progress) as view:
            for line in collection.notes:
                view.say(f"note: {line}")
            if request.cache:
                open_store(view.say)  # workers say nothing: where it cannot be used, it shows here
            working = executor or choose_executor(placement, ledger.plan.threads)
            output = BatchOutput(ledger)

            def tell(event: Event) -> None:
                view.show(event)
                output.tell(event)

            try:
                run_batch(ledger, packs, working, request.for_others().open, retries, tell)
            except KeyboardInterrupt:
                with suppress(UserError):
                    output.write()
                raise
            ledger.save()
            results = output.write()
    return Batch(request.out, results, status_of(ledger, (), names).failures)


def _open_ledger(request: BatchRequest, collection: Sequence[PhotoClass], placement: Placement) -> Ledger:
    """The ledger in the batch's folder, or a new one; whatever is wrong with the request shows here."""
    out, run = request.out, request.run
    if run.force:
        if len(holders(out / LOCKS, alone=True)) > 1:
            raise UserError(f"other shards are at work in {out}; end them before it is replaced")
        clear(out)
    if len(holders(out / LOCKS, alone=True)) == 1:
        sweep(out)
    there = read_plan(out)
    with request.session() as session:
        identity = request.identity(session, collection)
        if there is not None:
            check_same(out, there, identity | {"batch_size": run.batch_size or there.batch_size})
            return Ledger(out, there)
        batch_size = run.batch_size or request.default_batch_size(session)
    plan = new_plan(
        run.command,
        identity | {"batch_size": batch_size},
        [(photo_class.name, photo_class.title) for photo_class in collection],
        request.facets,
        batch_size,
        placement.threads(torch.get_num_threads()),
    )
    write_plan(out, plan)
    return Ledger(out, plan)


def _lacks(panel: Panel, run: Manifest) -> bool:
    """Whether a judge has not looked at a run yet."""
    return not has_looked(run, panel)


def _name(request: BatchRequest) -> str | None:
    return request.model if isinstance(request.model, str) else type(request.model).__name__

"""Work from its request to its end: the ledger, the packs that are left, and what is told meanwhile.

A batch over classes and an atlas over channels are two work lists; all that lies between them and the pictures (packs, workers,
executors, shards, retries, the ledger) is the same for both.
"""

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mindseye.errors import UserError
from mindseye.workflows.batch.executor import Event, Executor, Opener
from mindseye.workflows.batch.ledger import LOCKS, Ledger, Plan, read_plan, write_plan
from mindseye.workflows.batch.leftovers import sweep
from mindseye.workflows.batch.live_view import LiveView
from mindseye.workflows.batch.locks import guard, hold_shard, holders
from mindseye.workflows.batch.output import Output
from mindseye.workflows.batch.placement import Placement, choose_executor
from mindseye.workflows.batch.plan import Shard
from mindseye.workflows.batch.run import run_packs
from mindseye.workflows.batch.status import BatchStatus, status_of
from mindseye.workflows.request import Request


class WorkList(ABC):
    """What is to be done: items, and whoever makes something of them.

    out: the folder. run: how pictures are painted, and whether what the folder holds is replaced. opener: makes the workers.
    """

    def __init__(self, out: Path, run: Request, opener: Opener) -> None:
        self.out, self.run, self.opener = out, run, opener

    @abstractmethod
    def make_plan(self, there: Plan | None, placement: Placement) -> Plan:
        """The plan of this work; one that is there already is given back, or refused where it is of other work.

        Other processes wait meanwhile.

        Raises:
            UserError: for whatever is wrong with the request.
        """

    @abstractmethod
    def is_whole(self, folder: Path) -> bool:
        """Whether the folder of a finished item has all that it should."""

    @abstractmethod
    def output(self, ledger: Ledger) -> Output:
        """What is written beside the items, now and then and at the end."""

    @abstractmethod
    def clear(self) -> None:
        """Remove what such work left, but for the locks; other people's files stay."""

    def sweep(self) -> None:
        """Remove what a killed process left half written, where no other is at work."""
        sweep(self.out)

    def notes(self) -> list[str]:
        """Lines for the user before the work begins."""
        return []


@dataclass(frozen=True)
class Finished:
    """What the work of one process has come to. written: the file that the output gave. status: of this shard's items."""

    written: Path
    status: BatchStatus


def work_on(
    work: WorkList, placement: Placement, shard: Shard, retries: int, executor: Executor | None = None
) -> Finished:
    """Work on the packs of a shard that are left, and write what the work leaves.

    executor: who works on the packs, where ``placement`` does not say it.

    Raises:
        UserError: for what the user can mend: other work in the folder, other processes at work in it, a full disk.
    """
    with hold_shard(work.out / LOCKS, shard):
        with guard(work.out / LOCKS):
            ledger = _open_ledger(work, placement)
        ledger.reopen(work.is_whole)
        packs = shard.of(ledger.plan.packs)
        names = [name for pack in packs for name in pack.classes]
        with LiveView(ledger, shard, names, work.run.progress) as view:
            for line in work.notes():
                view.say(line)
            working = executor or choose_executor(placement, ledger.plan.threads)
            output = work.output(ledger)

            def tell(event: Event) -> None:
                view.show(event)
                output.tell(event)

            try:
                run_packs(ledger, packs, working, work.opener, retries, tell)
            except KeyboardInterrupt:
                with suppress(UserError):
                    output.write()
                raise
            ledger.save()
            written = output.write()
    return Finished(written, status_of(ledger, (), names))


def _open_ledger(work: WorkList, placement: Placement) -> Ledger:
    """The ledger in the folder, or a new one."""
    out = work.out
    if work.run.force:
        if len(holders(out / LOCKS, alone=True)) > 1:
            raise UserError(f"other shards are at work in {out}; end them before it is replaced")
        work.clear()
    if len(holders(out / LOCKS, alone=True)) == 1:
        work.sweep()
    there = read_plan(out)
    plan = work.make_plan(there, placement)
    if there is None:
        write_plan(out, plan)
    return Ledger(out, plan)

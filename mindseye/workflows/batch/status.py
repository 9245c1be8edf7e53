"""How far a batch is, as its folder tells."""

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mindseye.errors import UserError
from mindseye.runs.folder import RunFolder
from mindseye.wording import counted
from mindseye.workflows.batch.ledger import LEDGER, LOCKS, Ledger, read_plan
from mindseye.workflows.batch.locks import Holder, holders

MOST_FAILURES = 20


@dataclass(frozen=True)
class Failure:
    """A class that failed, or some of whose pictures did. log: the file with the traceback."""

    name: str
    status: str
    reason: str
    attempts: int
    log: Path


@dataclass(frozen=True)
class BatchStatus:
    """How far a batch is.

    done, partial, failed, todo: numbers of classes, or other items. pictures: painted. failures: one for each class that failed,
    or did in part. holders: the processes at work. per_hour: classes that end in an hour, None where nothing has ended since the
    processes began. left: seconds until all are done at that rate. unit: what people call many of them.
    """

    path: Path
    command: str
    total: int
    done: int
    partial: int
    failed: int
    todo: int
    pictures: int
    failures: tuple[Failure, ...]
    holders: tuple[Holder, ...]
    per_hour: float | None
    left: float | None
    unit: str = "classes"

    def __str__(self) -> str:
        return "\n".join([self.counts, self._workers, *self._pace, *self._failures])

    @property
    def counts(self) -> str:
        """The numbers of classes, in a line."""
        parts = [f"{self.partial} in part"] if self.partial else []
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.todo} to do"] if self.todo else []
        return ", ".join([f"{self.path}: {self.done} of {counted(self.total, self.unit)} done", *parts])

    @property
    def _workers(self) -> str:
        if self.holders:
            return "\n".join(
                f"at work: process {one.process} on {one.machine} since {_clock(one.begun)}"
                + (f", shard {one.shard}" if one.shard.count > 1 else "")
                for one in self.holders
            )
        if self.todo or self.failed:
            return f"nobody is at work on it; the same command continues it: {self.command}"
        return f"all done, and nobody is at work on it; made by: {self.command}"

    @property
    def _pace(self) -> list[str]:
        if self.per_hour is None or not self.todo:
            return []
        return [pace(self.per_hour, self.left, self.unit)]

    @property
    def _failures(self) -> list[str]:
        lines = [
            f"{one.status}: {one.name}, attempt {one.attempts}: {one.reason} ({one.log})"
            for one in self.failures[:MOST_FAILURES]
        ]
        more = len(self.failures) - MOST_FAILURES
        return lines + ([f"and {more} more"] if more > 0 else [])


def read_status(path: Path) -> BatchStatus:
    """How far the batch in a folder is, and who works on it.

    Raises:
        UserError: if there is none, or its ledger is damaged.
    """
    plan = read_plan(path)
    if plan is None:
        if not path.exists():
            raise UserError(f"there is no folder {path}")
        kind = ", but a single run: see 'mindseye open'" if RunFolder(path).exists() else f": it has no {LEDGER}"
        raise UserError(f"{path} is no batch folder{kind}")
    return status_of(Ledger(path, plan), tuple(holders(path / LOCKS)))


def status_of(ledger: Ledger, at_work: tuple[Holder, ...], names: Collection[str] | None = None) -> BatchStatus:
    """How far the classes of a ledger are, or some of them."""
    states = {name: state for name, state in ledger.states.items() if names is None or name in names}
    numbers = Counter(state.status for state in states.values())
    failures = tuple(
        Failure(name, state.status, state.reason or "", state.attempts, ledger.log(name))
        for name, state in states.items()
        if state.status in ("failed", "partial")
    )
    begun = min((one.begun for one in at_work), default=None)
    lately = [state.ended for state in states.values() if begun is not None and state.ended >= begun]
    elapsed = time.time() - begun if begun is not None else 0.0
    per_hour = 3600 * len(lately) / elapsed if lately and elapsed > 0 else None
    return BatchStatus(
        path=ledger.path,
        command=ledger.plan.command,
        total=len(states),
        done=numbers["done"],
        partial=numbers["partial"],
        failed=numbers["failed"],
        todo=numbers["todo"],
        pictures=sum(state.pictures for state in states.values()),
        failures=failures,
        holders=at_work,
        per_hour=per_hour,
        left=3600 * numbers["todo"] / per_hour if per_hour else None,
        unit=ledger.plan.unit,
    )


def pace(per_hour: float, left: float | None, items: str = "classes") -> str:
    """A rate and the time left in words. items: what ends."""
    is_slow = per_hour < 120
    rate = f"{counted(round(per_hour), items)} an hour" if is_slow else f"{per_hour / 60:.1f} {items} a minute"
    return rate if left is None else f"{rate}, {duration(left)} left"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))

"""How far a batch is while it runs: a bar on a terminal, a line per class anywhere else."""

import os
import socket
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as RichProgress

from mindseye.report.progress import Progress
from mindseye.wording import counted
from mindseye.workflows.batch.executor import Began, Ended, Event, Lost
from mindseye.workflows.batch.ledger import Ledger
from mindseye.workflows.batch.locks import Holder
from mindseye.workflows.batch.plan import Shard
from mindseye.workflows.batch.status import BatchStatus, pace, status_of


class LiveView:
    """The live view of one process; a context manager.

    names: the classes that this process works on. progress: whether anything is said at all, and whom the user wants told.
    """

    def __init__(self, ledger: Ledger, shard: Shard, names: Collection[str], progress: Progress) -> None:
        self._ledger, self._names, self._progress = ledger, set(names), progress
        self._me = Holder(shard, os.getpid(), socket.gethostname(), time.time())
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar = RichProgress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            disable=progress.quiet or progress.in_notebook or not self._console.is_terminal,
        )
        self._task = self._bar.add_task("beginning", total=len(self._names), pace="")
        self._open = ExitStack()
        self._advance: Callable[[int], None] = lambda count: None

    def __enter__(self) -> "LiveView":
        self._bar.__enter__()
        if self._progress.in_notebook:
            self._advance = self._open.enter_context(self._progress.bar("batch", len(self._names), "classes"))
        now = self._refresh("")
        self._advance(now.done + now.partial)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)
        self._open.close()

    def say(self, text: str) -> None:
        """One line."""
        if self._progress.in_notebook:
            self._progress.say(text)
        elif not self._progress.quiet:
            self._console.print(text, markup=False)

    def show(self, event: Event) -> None:
        """Show what has happened."""
        if isinstance(event, Began):
            self._refresh(f"painting {', '.join(event.pack.todo[:3])}{', ...' if len(event.pack.todo) > 3 else ''}")
        elif isinstance(event, Ended):
            now = self._refresh(None)
            self._advance(1)
            if event.status != "done":
                self.say(f"{event.status}: {event.name}: {event.reason}")
            elif not self._console.is_terminal:
                self.say(
                    f"{now.done + now.partial}/{now.total} {event.name}: {counted(event.pictures, 'pictures')}, {_pace(now)}"
                )
            self._progress.tell(self._ledger.plan.unit, now.total - now.todo, now.total, now.left)
        elif isinstance(event, Lost):
            self._refresh(None)
            self.say(f"lost: {', '.join(event.pack.todo)}: {event.reason}")

    def _refresh(self, doing: str | None) -> BatchStatus:
        now = status_of(self._ledger, (self._me,), self._names)
        words = _pace(now) + (f", {now.failed + now.partial} failed" if now.failed or now.partial else "")
        description = {} if doing is None else {"description": doing}
        self._bar.update(self._task, completed=now.done + now.partial, pace=words, **description)  # type: ignore[arg-type]
        return now


def _pace(now: BatchStatus) -> str:
    return "" if now.per_hour is None else pace(now.per_hour, now.left, now.unit)

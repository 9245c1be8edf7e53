"""Progress of long work: a bar with rate and time left on a terminal, one line per stage anywhere else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

Advance = Callable[[int], None]
Report = bool | Callable[[str, int, int, float | None], Any] | None
"""None, True for a bar, or a function that is told stage, done, total and the seconds left; it may raise to stop."""


class Progress:
    """Tells how far a run is. Keeps the seconds that each stage took.

    quiet: say nothing at all. report: whom the user wants told besides.
    """

    def __init__(self, quiet: bool = False, report: Report = None) -> None:
        self.quiet, self._report = quiet, report
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def anew(self) -> "Progress":
        """The same for work of its own, whose seconds are counted apart."""
        return Progress(self.quiet, self._report)

    def say(self, text: str) -> None:
        """One line, of things that are worth knowing."""
        if not self.quiet:
            self._console.print(text, markup=False)

    def tell(self, stage: str, done: int, total: int, left: float | None) -> None:
        """Tell the user's own function, where there is one, how far a stage is. left: seconds."""
        if callable(self._report):
            self._report(stage, done, total, left)

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Advance]:
        """A stage of ``total`` units; gives a function that counts units done. Its seconds are kept, also on an error."""
        begun = time.monotonic()
        shows = not self.quiet and self._console.is_terminal
        bar = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(unit),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not shows,
        )
        try:
            with bar:
                task = bar.add_task(name, total=total)
                done = 0

                def advance(count: int) -> None:
                    nonlocal done
                    done += count
                    bar.advance(task, count)
                    left = (time.monotonic() - begun) * (total - done) / done if done else None
                    self.tell(name, done, total, left)

                yield advance
        finally:
            taken = time.monotonic() - begun
            self.seconds[name] = self.seconds.get(name, 0.0) + taken
        self.say(f"{name:<10} {total:>6} {unit:<13} {taken:7.1f} s")


class _Rate(ProgressColumn):
    """Units per second, or seconds per unit where that is the larger number."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The rate of a task as text."""
        if not task.speed:
            return Text("")
        if task.speed >= 1:
            return Text(f"{task.speed:.1f} {self._unit}/s")
        return Text(f"{1 / task.speed:.1f} s/{self._unit.removesuffix('s')}")

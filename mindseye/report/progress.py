"""Progress of long work: a bar on a terminal or in a notebook, one line per stage anywhere else; or a caller's own function."""

import html
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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

from mindseye.errors import UserError
from mindseye.wording import counted, noun_for

Advance = Callable[[int], None]
Listener = Callable[[str, int, int, float | None], object]
"""Is told (stage, units done, units in total, seconds left or None), at its begin and after each step of it.

To stop the work it returns False (and nothing else counts as that), or raises KeyboardInterrupt: a run in a folder is kept as one
that was interrupted, and continues when it is asked for again. It is called in the thread that does the work.
"""
Report = bool | Listener | None
"""What every public call takes as ``progress``. True: a bar, and lines where there is neither terminal nor notebook. None: a bar in
a notebook, nothing anywhere else. False: nothing. A function: see ``Listener``; nothing is shown beside."""

NAMES = 24
"""Width of the column of names: ``paint layer3.5.conv1`` and ``judge efficientnet_lite1`` are among them."""
REDRAW = 0.1
"""Seconds between two states of a notebook's bar: each is a message to the browser."""


class Progress:
    """Tells how far a run is. Keeps the seconds that each stage took.

    Args:
        quiet: say nothing at all.
        report: a function that is told, in place of a bar and of lines.
    """

    def __init__(self, quiet: bool = False, report: Listener | None = None) -> None:
        self.quiet = quiet or report is not None
        self.seconds: dict[str, float] = {}
        self._report = report
        self.in_notebook = not self.quiet and in_notebook()
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, force_jupyter=False)

    @classmethod
    def of(cls, report: Report, quiet: bool | None = None) -> "Progress":
        """What a caller asked for with ``progress``.

        Args:
            report: as the caller gave it.
            quiet: what None means, for calls that have this parameter too; by default, to be quiet outside of notebooks.

        Raises:
            UserError: if it is no truth value and no function.
        """
        if report is None or isinstance(report, bool):
            default = not in_notebook() if quiet is None else quiet
            return cls(quiet=default if report is None else not report)
        if not callable(report):
            raise UserError(
                "progress is None, True, False or a function of (stage, done, total, seconds left), "
                f"not {type(report).__name__}"
            )
        return cls(report=report)

    def anew(self) -> "Progress":
        """The same for other work, whose seconds are counted apart."""
        return Progress(self.quiet, self._report)

    def say(self, text: str) -> None:
        """One line, of things that are worth knowing."""
        if self.in_notebook:
            print(text)
        elif not self.quiet:
            self._console.print(text, markup=False)

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Advance]:
        """A stage of ``total`` units; gives a function that counts units done. Its seconds are kept, also on an error.

        Raises:
            KeyboardInterrupt: where the caller's function stops the work.
        """
        begun, done = time.monotonic(), 0
        try:
            with self.bar(name, total, unit) as draw:

                def advance(count: int) -> None:
                    nonlocal done
                    done += count
                    draw(count)
                    self.tell(name, done, total, seconds_left(done, total, time.monotonic() - begun))

                self.tell(name, 0, total, None)
                yield advance
        finally:
            taken = time.monotonic() - begun
            self.seconds[name] = self.seconds.get(name, 0.0) + taken
        self.say(f"{name:<{NAMES}} {total:>6} {noun_for(total, unit):<13} {taken:7.1f} s")

    def bar(self, name: str, total: int, unit: str) -> AbstractContextManager[Advance]:
        """A bar of ``total`` units, where there is anywhere to draw it; gives a function that counts units done."""
        if self.in_notebook:
            return _notebook_bar(name, total, unit)
        return _terminal_bar(self._console, name, total, unit, disable=self.quiet or not self._console.is_terminal)

    def tell(self, name: str, done: int, total: int, left: float | None) -> None:
        """Tell the caller's function, where there is one, how far a stage is. left: seconds.

        Raises:
            KeyboardInterrupt: where it stops the work.
        """
        if self._report is not None and self._report(name, done, total, left) is False:
            raise KeyboardInterrupt("stopped by the function that was given as progress")


def seconds_left(done: int, total: int, taken: float) -> float | None:
    """Seconds that the rest will take at the rate so far; None where nothing is done yet."""
    return taken / done * max(0, total - done) if done > 0 else None


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


@contextmanager
def _terminal_bar(console: Console, name: str, total: int, unit: str, disable: bool) -> Iterator[Advance]:
    bar = RichProgress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(unit),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=disable,
    )
    with bar:
        task = bar.add_task(name, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def _notebook_bar(name: str, total: int, unit: str) -> Iterator[Advance]:
    """A bar that IPython alone draws (rich's and tqdm's need ipywidgets); it goes when the stage is done."""
    ipython: Any = importlib.import_module("IPython.display")
    begun, done, drawn = time.monotonic(), 0, 0.0
    handle = ipython.display(_draw_bar(name, 0, total, unit, None), raw=True, display_id=True)

    def advance(count: int) -> None:
        nonlocal done, drawn
        done += count
        now = time.monotonic()
        if now - drawn >= REDRAW:
            drawn = now
            handle.update(_draw_bar(name, done, total, unit, seconds_left(done, total, now - begun)), raw=True)

    yield advance
    handle.update({"text/html": "", "text/plain": ""}, raw=True)


def _draw_bar(name: str, done: int, total: int, unit: str, left: float | None) -> dict[str, str]:
    """A bar for a notebook, and as text where a notebook is shown without HTML."""
    text = f"{name}: {done} of {counted(total, unit)}" + ("" if left is None else f", {left:.0f} s left")
    style = "width:240px;margin:0 10px 0 0;vertical-align:middle"
    bar = f'<progress style="{style}" value="{done}" max="{max(total, 1)}"></progress>'
    return {"text/html": f"<div>{bar}{html.escape(text)}</div>", "text/plain": text}


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

"""Several workers on this machine, each in a process of its own."""

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Literal

from mindseye.errors import UserError
from mindseye.runtime import collect_seldom, keep_memory
from mindseye.workflows.batch.assignments import NEXT, Assigned, Refused
from mindseye.workflows.batch.executor import Began, Ended, Event, Executor, Lost, Opener
from mindseye.workflows.batch.plan import Pack

WATCH_SECONDS = 0.2


@dataclass
class _WorkerProcess:
    """A process, and the packs that it has been given."""

    process: BaseProcess
    pipe: Connection
    assigned: Assigned = field(default_factory=Assigned)


class ProcessExecutor(Executor):
    """Workers in processes of their own; a dead one is replaced.

    method: how they are started, ``spawn`` or ``fork``. CUDA and threads want them started anew, which loads Python and torch
    again.
    """

    def __init__(self, workers: int, method: Literal["spawn", "fork"] = "spawn") -> None:
        self.workers = workers
        spawn = multiprocessing.get_context("spawn")
        self._process = multiprocessing.get_context("fork").Process if method == "fork" else spawn.Process

    def run(self, opener: Opener, packs: Sequence[Pack]) -> Generator[Event, None, None]:
        """See ``Executor.run``."""
        waiting = deque(packs)
        members = [self._start(opener, number) for number in range(min(self.workers, len(packs)))]
        number = len(members)
        try:
            while members:
                for pipe in wait([member.pipe for member in members]):
                    member = next(one for one in members if one.pipe is pipe)
                    try:
                        told = member.pipe.recv()
                    except (EOFError, OSError):
                        members.remove(member)
                        yield from _lost_packs(member)
                        if waiting:
                            members.append(self._start(opener, number % self.workers))
                            number += 1
                        continue
                    if isinstance(told, Refused):
                        raise UserError(told.line)
                    yield from _answer(member, told, waiting)
        finally:
            for member in members:
                member.process.kill()
            for member in members:
                member.process.join()

    def _start(self, opener: Opener, number: int) -> _WorkerProcess:
        ours, theirs = multiprocessing.Pipe()
        process = self._process(target=_serve, args=(theirs, opener, number, os.getpid()), name=f"worker {number}")
        process.start()
        theirs.close()
        return _WorkerProcess(process, ours)


def _answer(member: _WorkerProcess, told: object, waiting: deque[Pack]) -> Iterator[Event]:
    if told == NEXT:
        with suppress(OSError):  # it has died since; the end of its pipe will tell
            member.pipe.send(member.assigned.give(waiting))
    elif isinstance(told, Began | Ended | Lost):
        member.assigned.hear(told)
        yield told


def _lost_packs(member: _WorkerProcess) -> Iterator[Event]:
    """What a process that has ended leaves undone; nothing where it ended as it should."""
    member.process.join()
    code = member.process.exitcode or 0
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    if not member.assigned.asked:
        raise UserError(f"a worker ended before it began ({how}): try --workers 1, which shows why")
    yield from member.assigned.lost(f"its worker died ({how})")


def _serve(pipe: Connection, opener: Opener, number: int, parent: int) -> None:
    # Ctrl-C reaches every process of the terminal: the parent alone decides, and ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    keep_memory()
    collect_seldom()
    lock = threading.Lock()  # the thread that asks for packs sends too

    def send(message: object) -> None:
        with lock:
            pipe.send(message)

    def given() -> Iterator[Pack]:
        while True:
            send(NEXT)
            pack: Pack | None = pipe.recv()
            if pack is None:
                return
            yield pack

    try:
        with opener(number) as worker:
            for event in worker.work(given()):
                send(event)
    except UserError as error:
        send(Refused(str(error)))


def _end_with(parent: int) -> None:
    """A killed parent says nothing; what it began must not go on behind the back of the next one."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)

"""Workers on a cluster of Ray's: actors that keep the network, and ask for packs as they need them."""

import os
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from mindseye.errors import UserError, one_line
from mindseye.runtime import collect_seldom, keep_memory
from mindseye.wording import install_command
from mindseye.workflows.batch.assignments import NEXT, Assigned, Refused
from mindseye.workflows.batch.executor import Began, Ended, Event, Executor, Lost, Opener
from mindseye.workflows.batch.plan import Pack

AUTO = "auto"
# Packs are names, and pictures go to the run folders: next to nothing lies in Ray's own memory.
OBJECT_BYTES = 100 * 2**20
# Workers in a row that may die before they have asked for a first pack.
MOST_FAILED_STARTS = 3
# How long a worker's demands may be met by no node before that is an error, and how often it is looked at.
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 5.0
KNOCK_SECONDS = 10.0


@dataclass
class _WorkerProcess:
    """An actor, what it will tell, and the packs that it has been given."""

    actor: Any
    told: Any
    assigned: Assigned = field(default_factory=Assigned)


class Ray(Executor):
    """Workers on a cluster; one that dies, or whose node is gone, is replaced wherever there is room.

    address: of a cluster, or ``auto`` for the one that this machine belongs to, else one of this machine alone, for as long
    as the batch takes. workers: how many, None for as many as the cluster has room for now. cpus, gpus: what each takes of a
    node; parts of a GPU are allowed. gpus: None for one, where the cluster has any.

    Ray keeps no work and tries nothing again by itself: a lost pack is told of, as every executor does.
    """

    def __init__(
        self, address: str = AUTO, workers: int | None = None, cpus: float = 1, gpus: float | None = None
    ) -> None:
        self.address, self.workers, self.cpus, self.gpus = address, workers, cpus, gpus

    def run(self, opener: Opener, packs: Sequence[Pack]) -> Generator[Event, None, None]:
        """See ``Executor.run``.

        Raises:
            UserError: besides, if there is no Ray, no such cluster, or no node with what a worker takes.
        """
        with _connected(self.address) as ray:
            yield from _Round(ray, self, opener, packs).events()


class _Round:
    """One call of ``run``: its members and what waits for them."""

    def __init__(self, ray: Any, asked: Ray, opener: Opener, packs: Sequence[Pack]) -> None:
        self._ray, self._opener = ray, opener
        self._waiting = deque(packs)
        has_gpus = ray.cluster_resources().get("GPU", 0) > 0
        self._takes = {"CPU": asked.cpus, "GPU": asked.gpus if asked.gpus is not None else float(has_gpus)}
        self._room = self._places()
        if not self._room:
            raise self._no_room()
        self._count = min(asked.workers or self._room, len(packs))
        self._members: list[_WorkerProcess] = []
        self._begun = self._failed_starts = 0
        self._last_seen = time.monotonic()

    def events(self) -> Generator[Event, None, None]:
        try:
            while self._waiting or any(member.assigned.asked for member in self._members):
                while self._waiting and len(self._members) < self._count:
                    self._start()
                ready, _ = self._ray.wait([member.told for member in self._members], timeout=LOOK_SECONDS)
                if not ready:
                    self._look()
                for told in ready:
                    yield from self._receive(next(member for member in self._members if member.told is told))
        finally:
            for member in self._members:
                self._ray.kill(member.actor)

    def _start(self) -> None:
        remote = self._ray.remote(
            num_cpus=self._takes["CPU"],
            num_gpus=self._takes["GPU"],
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=2,  # it works, and is given packs meanwhile
            scheduling_strategy="SPREAD",
        )(_Actor)
        actor = remote.remote()
        told = actor.work.options(num_returns="streaming").remote(self._opener, self._begun % self._count)
        self._begun += 1
        self._members.append(_WorkerProcess(actor, told))

    def _receive(self, member: _WorkerProcess) -> Iterator[Event]:
        try:
            word = self._ray.get(next(member.told))
        except StopIteration:
            self._members.remove(member)
            return
        except self._ray.exceptions.RayError as error:
            self._members.remove(member)
            self._ray.kill(member.actor)
            yield from self._lost_packs(member, error)
            return
        self._failed_starts, self._last_seen = 0, time.monotonic()
        if isinstance(word, Refused):
            raise UserError(word.line)
        if word == NEXT:
            member.actor.give.remote(member.assigned.give(self._waiting))
        elif isinstance(word, Began | Ended | Lost):
            member.assigned.hear(word)
            yield word

    def _lost_packs(self, member: _WorkerProcess, error: Exception) -> Iterator[Lost]:
        reason = _reason(error)
        if not member.assigned.asked:
            self._failed_starts += 1
            if self._failed_starts >= MOST_FAILED_STARTS:
                raise UserError(
                    f"{MOST_FAILED_STARTS} workers ended before they began ({reason}): try without --ray, which shows why"
                )
        yield from member.assigned.lost(f"its worker is gone ({reason})")

    def _look(self) -> None:
        """Whether those that wait can hope for a place: nodes go, and on some clusters come."""
        if self._places() or any(member.assigned.asked for member in self._members):
            self._last_seen = time.monotonic()
        elif time.monotonic() - self._last_seen > PATIENCE_SECONDS:
            raise self._no_room()

    def _places(self) -> int:
        """How many workers the nodes that are there have room for, if nobody else used them."""
        free = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        needs = {kind: amount for kind, amount in self._takes.items() if amount}
        return sum(min((int(node.get(kind, 0) / amount) for kind, amount in needs.items()), default=1) for node in free)

    def _no_room(self) -> UserError:
        needs = " and ".join(f"{amount:g} {kind}" for kind, amount in self._takes.items() if amount)
        return UserError(f"no node of the cluster has {needs} for a worker: ask for less with --cpus and --gpus")


class _Actor:
    """A worker in a process of Ray's."""

    def __init__(self) -> None:
        keep_memory()
        collect_seldom()
        self._given: queue.Queue[Pack | None] = queue.Queue()

    def give(self, pack: Pack | None) -> None:
        """Hand it a pack that it has asked for; None where there is none left."""
        self._given.put(pack)

    def work(self, opener: Opener, number: int) -> Generator[object, None, None]:
        """Open the worker, and yield its events and ``NEXT``, each as it comes."""
        told: queue.Queue[object] = queue.Queue()

        def packs() -> Iterator[Pack]:
            while True:
                told.put(NEXT)
                pack = self._given.get()
                if pack is None:
                    return
                yield pack

        def run() -> None:
            try:
                with opener(number) as worker:
                    for event in worker.work(packs()):
                        told.put(event)
                told.put(None)
            except UserError as error:
                told.put(Refused(str(error)))
            except Exception as error:  # raised again where Ray passes it on
                told.put(error)
            except BaseException as error:  # Ray would wait for ever for what follows a SystemExit
                told.put(RuntimeError(f"{type(error).__name__}: {error}"))

        threading.Thread(target=run, daemon=True).start()
        while (word := told.get()) is not None:
            if isinstance(word, Exception):
                raise word
            yield word
            if isinstance(word, Refused):
                return


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Ray, connected to a cluster; a connection that was there before is used, and stays."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray: Any = import_module("ray")
    except ImportError as error:
        raise UserError(f"--ray needs Ray: {install_command('ray')}") from error
    if ray.is_initialized():
        yield ray
        return
    try:
        _connect(ray, address)
    except (Exception, SystemExit) as error:  # no such address, another version of Ray or Python: each of another type
        raise UserError(f"cannot connect to the Ray cluster {address!r}: {one_line(error)}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():  # Ray itself would ask for minutes
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()
    quiet = {"log_to_driver": False, "logging_level": "error"}
    try:
        ray.init(address=address, **quiet)
    except ConnectionError:
        if address != AUTO:
            raise
        ray.init(address="local", include_dashboard=False, object_store_memory=OBJECT_BYTES, **quiet)


def _reason(error: Exception) -> str:
    """Why an actor ended, in a line: of what its code raised, the error itself."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception):
        return f"{type(cause).__name__}: {one_line(cause)}"
    return f"{type(error).__name__}: {one_line(error)}"

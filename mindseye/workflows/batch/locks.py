"""Who works in a batch folder: one process for each shard, and never two on the same class."""

import fcntl
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mindseye.errors import UserError
from mindseye.workflows.batch.plan import Shard

GUARD = "guard"
PATIENCE = 10.0
"""Seconds."""


@dataclass(frozen=True)
class Holder:
    """A process that works in the folder. begun: seconds since 1970."""

    shard: Shard
    process: int
    machine: str
    begun: float


@contextmanager
def hold_shard(folder: Path, shard: Shard) -> Iterator[None]:
    """Hold a shard of a batch for this process; the lock ends with the process, however it ends.

    folder: of the locks.

    Raises:
        UserError: if another process works on the same shard, or on shards of another number, which share classes with it;
            or if the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _wait_for_dead(folder)
        with guard(folder):
            for other in holders(folder, alone=True):
                if other.shard.count != shard.count or other.shard.index == shard.index:
                    raise _refusal(folder, other, shard)
            file = (folder / f"{shard.index}-of-{shard.count}").open("a+b")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            file.write(
                json.dumps({"process": os.getpid(), "machine": socket.gethostname(), "begun": time.time()}).encode()
            )
            file.flush()
    except OSError as error:
        raise UserError(f"cannot lock {folder.parent}: {error.strerror or error}; choose another --out") from error
    with file:
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # closing it would leave it with processes that were forked meanwhile


def holders(folder: Path, alone: bool = False) -> list[Holder]:
    """The processes that work on a batch just now. alone: whether the caller keeps others from beginning meanwhile."""
    if not alone:
        try:
            with guard(folder):
                return holders(folder, alone=True)
        except OSError:  # no such folder, or not ours to write: nobody is kept from beginning, which does no harm
            pass
    held = []
    for path in sorted(folder.glob("*-of-*")):
        numbers = re.fullmatch(r"(\d+)-of-(\d+)", path.name)
        if numbers and _is_locked(path):
            index, count = (int(part) for part in numbers.groups())
            held.append(_holder(path, Shard(index, count)))
    return held


@contextmanager
def guard(folder: Path) -> Iterator[None]:
    """Keep others from beginning, for a moment: ask who works here, or begin a ledger, in peace."""
    with (folder / GUARD).open("ab") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _wait_for_dead(folder: Path) -> None:
    """Wait for what a killed process has begun on this machine: it ends by itself, and holds the lock until then."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(_is_dead(one) for one in holders(folder)):
        time.sleep(0.1)


def _is_dead(holder: Holder) -> bool:
    if holder.machine != socket.gethostname() or holder.process <= 0:
        return False
    try:
        os.kill(holder.process, 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's
        return False
    return False


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _holder(path: Path, shard: Shard) -> Holder:
    try:
        told = json.loads(path.read_text("utf-8"))
        return Holder(shard, int(told["process"]), str(told["machine"]), float(told["begun"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(shard, 0, "?", time.time())


def _refusal(folder: Path, other: Holder, shard: Shard) -> UserError:
    who = f"process {other.process} on {other.machine} is working on {folder.parent}"
    if other.shard.count == shard.count == 1:
        return UserError(f"{who}; wait for it or choose another --out")
    what = "the whole" if other.shard.count == 1 else f"shard {other.shard}"
    if other.shard == shard:
        return UserError(f"{who}, {what}; take another shard")
    return UserError(f"{who}, {what}; shards beside it must be of {other.shard.count} too")

"""The ledger: what is to be done, fixed when the work begins, and what has become of each item (a class, a channel).

``ledger.json`` holds the plan and never changes. ``ledger.classes/NAME.json`` is written, whole or not at all, when an item
ends. So several processes may write into one ledger as long as they work on different items, and a process that is killed
loses nothing that had ended.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mindseye.errors import UserError
from mindseye.runs.files import plain, write_bytes, write_json
from mindseye.runs.folder import RunFolder, file_name
from mindseye.workflows.batch.executor import Ended
from mindseye.workflows.batch.plan import Pack, make_packs

SCHEMA = 1
LEDGER, STATES, LOCKS, PAINTING = "ledger.json", "ledger.classes", "ledger.locks", "ledger.painting"
LOGS, INDEX, TABLE = "logs", "index.html", "results"
OURS = (LEDGER, STATES, LOCKS, PAINTING, LOGS, INDEX, f"{TABLE}.parquet", f"{TABLE}.csv")
FINISHED = ("done", "partial")


@dataclass(frozen=True)
class Entry:
    """An item of the plan.

    name: as in the collection. title: for people. folder: of what it leaves, below the ledger's. group: what is painted together
    is of one group.
    """

    name: str
    title: str
    folder: str
    group: str = ""


@dataclass(frozen=True)
class Plan:
    """What a batch is, whatever has become of it.

    options: what must be the same for it to be continued. facets: places of each class. batch_size: pictures painted at
    once. threads: of each worker on a CPU, which sums depend on in their last bits. classes: the items. unit: what people call
    many of them.
    """

    command: str
    options: dict[str, Any]
    facets: int
    batch_size: int
    threads: int
    classes: tuple[Entry, ...]
    unit: str = "classes"

    @property
    def packs(self) -> list[Pack]:
        """All packs, in order; nothing but the plan decides them."""
        names, groups = ([getattr(entry, key) for entry in self.classes] for key in ("name", "group"))
        return make_packs(names, self.facets, self.batch_size, groups)


@dataclass(frozen=True)
class State:
    """What has become of a class.

    status: ``todo``, ``done``, ``partial`` (some pictures failed) or ``failed``. attempts: how often it was worked on. ended:
    when, in seconds since 1970; seconds: of work.
    """

    status: str = "todo"
    reason: str | None = None
    attempts: int = 0
    pictures: int = 0
    seconds: float = 0.0
    ended: float = 0.0


class Ledger:
    """The ledger in a batch folder. plan, states: by class, as they are known to this process."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path, self.plan = path, plan
        self._folders = {entry.name: entry.folder for entry in plan.classes}
        self.states = {name: self._read(name) for name in self._folders}
        self._unwritten: set[str] = set()

    def folder(self, name: str) -> RunFolder:
        """The run folder of a class."""
        return RunFolder(self.path / self._folders[name])

    def log(self, name: str) -> Path:
        """Where the tracebacks of a class are kept."""
        return self.path / LOGS / f"{self._folders[name]}.log"

    def is_finished(self, name: str) -> bool:
        """Whether nothing is left to do for a class."""
        return self.states[name].status in FINISHED

    def record(self, ended: Ended) -> None:
        """Note how a class ended. A full disk costs the note only; ``save`` tries again."""
        name = ended.name
        self.states[name] = State(
            status=ended.status,
            reason=ended.reason,
            attempts=self.states[name].attempts + 1,
            pictures=ended.pictures,
            seconds=ended.seconds,
            ended=time.time(),
        )
        self._unwritten.add(name)
        if ended.trace or ended.reason:
            self._log(name, ended)
        with suppress(UserError):
            self.save()

    def save(self) -> None:
        """Write every state that is not written yet.

        Raises:
            UserError: if the disk is full, or the folder gone.
        """
        for name in sorted(self._unwritten):
            write_json(self._state(name), asdict(self.states[name]))
            self._unwritten.discard(name)

    def reopen(self, is_whole: Callable[[Path], bool] = lambda folder: RunFolder(folder).exists()) -> None:
        """Count what failed as still to be done, as a process does that begins: what made it fail may be mended.

        So is what somebody has removed. is_whole: whether the folder of a finished item has all that it should.
        """
        for name in self.states:
            if not (self.is_finished(name) and is_whole(self.folder(name).path)):
                self.states[name] = State()

    def painting(self, pack: int) -> Path:
        """The folder of what an interrupted painting of a pack continues from."""
        return self.path / PAINTING / f"{pack:05d}"

    def _state(self, name: str) -> Path:
        return self.path / STATES / f"{self._folders[name]}.json"

    def _read(self, name: str) -> State:
        try:
            return State(**json.loads(self._state(name).read_text("utf-8")))
        except (OSError, ValueError, TypeError):  # not there yet, or damaged: the run folder will say what is done
            return State()

    def _log(self, name: str, ended: Ended) -> None:
        with suppress(OSError, UserError):
            path = self.log(name)
            before = path.read_bytes() if path.is_file() else b""
            head = f"{time.strftime('%Y-%m-%d %H:%M:%S')} attempt {self.states[name].attempts}: {ended.status}: {ended.reason}"
            write_bytes(path, before + f"{head}\n{ended.trace or ''}\n".encode("utf-8", "backslashreplace"))


def new_plan(
    command: str,
    options: Mapping[str, Any],
    classes: Sequence[tuple[str, str]],
    facets: int,
    batch_size: int,
    threads: int,
) -> Plan:
    """The plan of a batch that has not begun. classes: names and titles. Each class gets a folder of a harmless name."""
    taken = {name.casefold() for name in OURS}
    entries = []
    for name, title in classes:
        plain = folder = file_name(name)
        number = 1
        while folder.casefold() in taken or folder.startswith("."):
            number += 1
            folder = f"{plain.lstrip('.') or '_'}-{number}"
        taken.add(folder.casefold())
        entries.append(Entry(name, title, folder))
    return Plan(command, dict(options), facets, batch_size, threads, tuple(entries))


def write_plan(path: Path, plan: Plan) -> None:
    """Begin a ledger in a folder."""
    write_json(path / LEDGER, {"schema": SCHEMA} | asdict(plan))


def read_plan(path: Path) -> Plan | None:
    """The plan of the batch in a folder, None where there is none.

    Raises:
        UserError: if it is damaged, or of another version.
    """
    file = path / LEDGER
    try:
        told = json.loads(file.read_text("utf-8"))
        if told.pop("schema") != SCHEMA:
            raise UserError(f"{file} was not written by this version of mindseye (schema {SCHEMA})")
        told["classes"] = tuple(Entry(**entry) for entry in told["classes"])
        return Plan(**told)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file} is damaged ({error}); start anew with --force") from error


def check_same(path: Path, there: Plan, options: Mapping[str, Any]) -> None:
    """Refuse to continue a batch with other options.

    Raises:
        UserError: naming those that differ.
    """
    here = plain(dict(options))
    differing = [key for key in here | there.options if here.get(key) != there.options.get(key)]
    if differing:
        raise UserError(
            f"{path} holds a batch that differs in {', '.join(differing)}; choose another --out, or --force to replace it"
        )

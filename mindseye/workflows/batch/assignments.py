"""How packs are assigned to a worker that is not in this process, and what is owed when it is gone."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from mindseye.workflows.batch.executor import Ended, Event, Lost
from mindseye.workflows.batch.plan import Pack

NEXT = "next pack"


@dataclass(frozen=True)
class Refused:
    """What keeps a worker from being opened, and the user can mend."""

    line: str


@dataclass
class Assigned:
    """The packs that a worker has been given, each with the classes of which nothing has been told yet.

    asked: whether it has ever asked for one.
    """

    packs: dict[int, Pack] = field(default_factory=dict)
    asked: bool = False

    def give(self, waiting: deque[Pack]) -> Pack | None:
        """The pack for a worker that asks: the next one that waits, None where there is none left."""
        self.asked = True
        pack = waiting.popleft() if waiting else None
        if pack is not None:
            self.packs[pack.number] = pack
        return pack

    def hear(self, told: Event) -> None:
        """Count what a worker has told."""
        if not isinstance(told, Ended):
            return
        for number, pack in list(self.packs.items()):
            left = pack.only([name for name in pack.todo if name != told.name])
            self.packs[number] = left
            if not left.todo:
                del self.packs[number]

    def lost(self, reason: str) -> Iterator[Lost]:
        """What a worker leaves undone that is gone."""
        for pack in self.packs.values():
            yield Lost(pack, reason)

"""Which pictures are painted together: settled once, before anything is painted, and never again.

The same picture has other last bits in a batch of another size or at another place of it. So what is to be painted (the
classes of a batch, the channels of an atlas) is cut into packs, and every picture has its place in its pack, whatever becomes
of the pictures beside it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from mindseye.errors import UserError


@dataclass(frozen=True)
class Pack:
    """Classes, or other items, whose pictures are painted together.

    number: its place among all packs. classes: in the order of their places. todo: those that are still to be done.
    """

    number: int
    classes: tuple[str, ...]
    todo: tuple[str, ...]

    def only(self, classes: Collection[str]) -> "Pack":
        """The same pack, of which only some classes are to be done; every picture keeps its place."""
        return replace(self, todo=tuple(name for name in self.todo if name in classes))


@dataclass(frozen=True)
class Shard:
    """A part of a batch that one process of several works on: number ``index`` of ``count``, from 1."""

    index: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def of(self, packs: Sequence[Pack]) -> list[Pack]:
        """Every ``count``-th pack, so that all shards have nearly as many."""
        return list(packs[self.index - 1 :: self.count])


def parse_shard(text: str) -> Shard:
    """The shard that ``3/8`` means.

    Raises:
        UserError: for anything else.
    """
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
    index, count = (int(part) for part in match.groups()) if match else (0, 0)
    if not 1 <= index <= count:
        raise UserError(f"{text!r} is no shard; write 3/8 for the third of eight")
    return Shard(index, count)


def make_packs(classes: Sequence[str], facets: int, batch_size: int, groups: Sequence[str] | None = None) -> list[Pack]:
    """As many whole classes to a pack as a batch holds, one at least.

    facets: places of each class; one with fewer photos than facets leaves some of its places empty. groups: of each class, in
    sequence; a pack is of one group, such as a layer. None for a single one.
    """
    size = max(1, batch_size // facets)
    named = zip(groups or [""] * len(classes), classes, strict=True)
    cuts: list[tuple[str, ...]] = []
    for _, members in groupby(named, key=itemgetter(0)):
        names = [name for _, name in members]
        cuts += [tuple(names[first : first + size]) for first in range(0, len(names), size)]
    return [Pack(number, names, names) for number, names in enumerate(cuts)]

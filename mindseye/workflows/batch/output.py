"""What a batch leaves beside its runs, the table and the index page: written at its end, and now and then on the way."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mindseye.errors import UserError
from mindseye.report.card import Card, card_of
from mindseye.report.index import write_index
from mindseye.report.manifest import deepest_layer
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch.executor import Ended, Event
from mindseye.workflows.batch.ledger import INDEX, Ledger, read_plan
from mindseye.workflows.batch.results import write_results

EVERY_SECONDS = 60.0
SHARE = 0.02
"""Of the time, at most, that goes into writing on the way: a thousand manifests take seconds to read."""


class Output(ABC):
    """What is written beside the items: at the end, and now and then on the way."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._due = time.monotonic() + EVERY_SECONDS

    def tell(self, event: Event) -> None:
        """Write where an item has ended and it is time; what cannot be written now is written later."""
        if isinstance(event, Ended) and time.monotonic() >= self._due:
            with suppress(UserError):
                self.write()

    def write(self) -> Path:
        """Write it, with what other shards have done meanwhile; the path that the caller is told.

        Raises:
            UserError: if the disk is full, or the folder gone.
        """
        begun = time.monotonic()
        try:
            return self.write_whole(Ledger(self.ledger.path, self.ledger.plan))
        finally:
            ended = time.monotonic()
            self._due = ended + max(EVERY_SECONDS, (ended - begun) / SHARE)

    @abstractmethod
    def write_whole(self, ledger: Ledger) -> Path:
        """Write it for all items, as the folder has them now."""


class BatchOutput(Output):
    """The table and the page of a batch."""

    def write_whole(self, ledger: Ledger) -> Path:
        """Write both; the path of the table."""
        results = write_results(ledger)
        write_page(ledger)
        return results


def write_page(ledger: Ledger) -> None:
    """Write ``index.html``: a card for every class, also of those that are not there yet."""
    cards = []
    for entry in ledger.plan.classes:
        state = ledger.states[entry.name]
        name = entry.name if entry.title == entry.name else f"{entry.title} ({entry.name})"
        try:
            card = replace(card_of(ledger.path / entry.folder, ledger.path), name=name)
        except UserError:
            card = Card(name, "", state.status)
        cards.append(replace(card, status=state.status, note=state.reason) if state.reason else card)
    write_index(ledger.path / INDEX, ledger.path.absolute().name, cards)


def painted_classes(path: Path, most: int) -> Iterator[tuple[str, list[Path]]]:
    """The first classes of a batch that have pictures: the name of each, and the pictures of its deepest layer."""
    plan = read_plan(path)
    for entry in plan.classes if plan else ():
        if most < 1:
            return
        folder = path / entry.folder
        try:
            facets = deepest_layer(RunFolder(folder).read()).facets
        except UserError:
            continue
        pictures = [folder / facet.picture for facet in facets if facet.picture]
        if pictures:
            most -= 1
            yield entry.title, pictures

"""The pictures of several classes, or of several channels, in one painting, each at its own place."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from torch import Tensor

from mindseye.layers.layer import Layer
from mindseye.optimize.loop import Painting
from mindseye.optimize.order import FacetOrder, Order
from mindseye.optimize.painted import Painted
from mindseye.runs.folder import file_name
from mindseye.workflows.batch.class_run import ClassRun, WorkerContext
from mindseye.workflows.batch.item import Item
from mindseye.workflows.batch.plan import Pack
from mindseye.workflows.batch.worker import PackWorker
from mindseye.workflows.facets.find import facet_order
from mindseye.workflows.paint import Keeper, paint

T = TypeVar("T")


@dataclass(frozen=True)
class Place(Generic[Item]):
    """Where a picture is painted. picture: its number among its item's. row: in the joined order."""

    item: Item
    picture: int
    row: int


def paint_places(
    order: Order, places: Mapping[int, Place[Item]], slots: int, batch_size: int, keeper: "PackKeeper[Item]"
) -> None:
    """Paint what is waiting of a pack, each picture where the plan has put it, in batches of the planned size.

    Whatever has become of the pictures beside it: where one is not waiting, another picture of its batch is painted once
    more. So its bits do not depend on them. The seconds are shared among the items.

    order: of the pictures of all items. places: of those that are waiting, by slot. slots: of the whole pack. batch_size:
    pictures painted at once. keeper: writes them down.
    """
    if not places:
        return
    begun = time.monotonic()
    with order.reader() as read, keeper:

        def build(batch: Sequence[int]) -> Painting:
            # A batch that was halved for lack of memory may be without any picture that is still to be painted.
            filler = next((places[slot] for slot in batch if slot in places), next(iter(places.values())))
            return order.painting(read, [places.get(slot, filler).row for slot in batch])

        paint(build, _slots(slots, batch_size, places), batch_size, keeper)
    seconds = time.monotonic() - begun
    for place in places.values():
        place.item.spend(seconds / len(places))


class PackKeeper(Keeper, Generic[Item]):
    """Hands what is painted to the items that it belongs to, snapshots in a thread of its own; a context manager.

    Encoding and writing the snapshots of a pack takes as long as some of its steps.
    """

    def __init__(
        self,
        places: Mapping[int, Place[Item]],
        state: Path,
        on_steps: Callable[[int], None],
        keep: Callable[[Item, dict[int, Painted]], None],
        keep_step: Callable[[Item, int, dict[int, Tensor]], None] | None = None,
    ) -> None:
        """state: the stem of the files that an interrupted painting continues from. on_steps: counts steps of pictures.

        keep: told of an item's pictures as they came out, by number; keep_step: as they are at a step.
        """
        super().__init__(on_steps)
        self._places, self._keep, self._keep_step, self.state = places, keep, keep_step, state
        self._thread = ThreadPoolExecutor(1, "keep")
        self._waiting: list[Future[None]] = []

    def __enter__(self) -> "PackKeeper[Item]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)

    def keep_snapshot(self, step: int, images: dict[int, Tensor]) -> None:
        """Have the pictures in some places kept as they are at a step."""
        keep = self._keep_step
        if keep is not None:
            self._waiting.append(self._thread.submit(self._each, images, lambda item, own: keep(item, step, own)))

    def before_state(self) -> None:
        """Wait until all snapshots that were to be kept are."""
        for future in self._waiting:
            future.result()
        self._waiting.clear()

    def keep_painted(self, painted: dict[int, Painted]) -> None:
        """Hand what was painted in some places to the items that they belong to, by number, after all snapshots."""
        self.before_state()
        self._each(painted, self._keep)

    def _each(self, by_slot: Mapping[int, T], keep: Callable[[Item, dict[int, T]], None]) -> None:
        by_item: dict[str, tuple[Item, dict[int, T]]] = {}
        for slot, value in by_slot.items():
            place = self._places.get(slot)
            if place is not None:
                by_item.setdefault(place.item.name, (place.item, {}))[1][place.picture] = value
        for item, own in by_item.values():
            item.attempt(lambda item=item, own=own: keep(item, own))  # type: ignore[misc]


class ClassPacks:
    """The packs of a batch over classes; see ``item.PackJobs``."""

    def __init__(self, context: WorkerContext) -> None:
        self.context = context

    def open(self, name: str) -> ClassRun:
        """The run of a class."""
        return ClassRun(self.context, name)

    def paint(self, pack: Pack, runs: Sequence[ClassRun], check: Callable[[], None]) -> None:
        """Paint what is waiting of some classes, layer by layer, into their run folders."""
        layers = next((run.prepared[0].job.layers for run in runs if run.waits), [])
        for layer in layers:
            self._paint(pack, [run for run in runs if run.waits and run.prepared[0].waiting(layer)], layer, check)

    def clear(self, pack: int) -> None:
        """See ``PackJobs.clear``."""
        shutil.rmtree(self.context.painting(pack), ignore_errors=True)

    def _paint(self, pack: Pack, runs: Sequence[ClassRun], layer: Layer, check: Callable[[], None]) -> None:
        facets = self.context.facets
        if not runs:
            return
        orders = [facet_order(run.prepared[0].job, layer, run.prepared[1]) for run in runs]
        places = _places(pack, runs, orders, layer, facets)
        order = FacetOrder.joined(orders)
        keeper = PackKeeper(
            places,
            self.context.painting(pack.number) / file_name(layer.address),
            lambda steps: check(),
            lambda run, own: run.prepared[0].keep_painted(layer, own),
            lambda run, step, own: run.prepared[0].keep_snapshot(layer, step, own),
        )
        keeper.snapshots = order.session.recipe.snapshots
        keeper.save_seconds = runs[0].prepared[0].record.save_seconds
        begun = time.monotonic()
        paint_places(order, places, len(pack.classes) * facets, self.context.batch_size, keeper)
        seconds = (time.monotonic() - begun) / len(places)
        for run in runs:
            own = seconds * sum(place.item is run for place in places.values())
            run.prepared[0].progress.seconds[f"paint {layer.address}"] = own
            run.attempt(run.prepared[0].note_compiled)


class ClassWorker(PackWorker[ClassRun]):
    """Turns packs of classes into run folders. context: what it keeps for all of them."""

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(ClassPacks(context))
        self.context = context


def _places(
    pack: Pack, runs: Sequence[ClassRun], orders: Sequence[FacetOrder], layer: Layer, facets: int
) -> dict[int, Place[ClassRun]]:
    """The places of the pictures that are still to be painted."""
    places: dict[int, Place[ClassRun]] = {}
    first_row = 0
    for run, order in zip(runs, orders, strict=True):
        first_slot = pack.classes.index(run.name) * facets
        for facet in run.prepared[0].waiting(layer):
            places[first_slot + facet] = Place(run, facet, first_row + facet)
        first_row += len(order)
    return places


def _slots(slots: int, batch_size: int, places: Mapping[int, Place[Item]]) -> list[int]:
    """All places of each batch that has one still to be painted."""
    batches = [range(first, min(first + batch_size, slots)) for first in range(0, slots, batch_size)]
    return [slot for batch in batches if any(slot in places for slot in batch) for slot in batch]

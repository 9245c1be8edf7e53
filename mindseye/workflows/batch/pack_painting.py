"""The pictures of several classes in one painting, each at its own place."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from torch import Tensor

from mindseye.layers.layer import Layer
from mindseye.optimize.loop import Painting
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.painted import Painted
from mindseye.runs.folder import file_name
from mindseye.workflows.batch.class_run import ClassRun
from mindseye.workflows.batch.plan import Pack
from mindseye.workflows.facets.find import facet_order
from mindseye.workflows.paint import Keeper, paint

T = TypeVar("T")


@dataclass(frozen=True)
class _Place:
    """Where a facet is painted. row: in the joined order."""

    run: ClassRun
    facet: int
    row: int


def paint_pack(
    pack: Pack,
    runs: Sequence[ClassRun],
    layer: Layer,
    batch_size: int,
    facets: int,
    state: Path,
    on_steps: Callable[[int], None],
) -> None:
    """Paint what is waiting of some classes of a pack at a layer, into their run folders.

    A picture stands where the plan has put it, in batches of the planned size, whatever has become of the pictures beside
    it: where a class has fewer facets, has failed or is finished, another picture of the batch is painted once more. So its
    bits do not depend on them.

    runs: prepared ones. batch_size: pictures painted at once. facets: places of each class. state: the folder of what an
    interrupted painting continues from. on_steps: counts finished steps of pictures.
    """
    orders = [facet_order(run.prepared[0].job, layer, run.prepared[1]) for run in runs]
    places = _places(pack, runs, orders, layer, facets)
    if not places:
        return
    order = FacetOrder.joined(orders)
    begun = time.monotonic()
    with order.reader() as read, PackKeeper(places, layer, state / file_name(layer.address), on_steps) as keeper:
        keeper.snapshots = order.session.recipe.snapshots
        keeper.save_seconds = runs[0].prepared[0].record.save_seconds

        def build(batch: Sequence[int]) -> Painting:
            # A batch that was halved for lack of memory may be without any picture that is still to be painted.
            filler = next((places[slot] for slot in batch if slot in places), next(iter(places.values())))
            return order.painting(read, [places.get(slot, filler).row for slot in batch])

        paint(build, _slots(len(pack.classes) * facets, batch_size, places), batch_size, keeper)
    seconds = time.monotonic() - begun
    for run in runs:
        own = seconds * sum(place.run is run for place in places.values()) / len(places)
        run.spend(own)
        run.prepared[0].progress.seconds[f"paint {layer.address}"] = own
        run.attempt(run.prepared[0].note_compiled)


class PackKeeper(Keeper):
    """Writes what is painted into the run folders, snapshots from a thread of its own; a context manager.

    Encoding and writing the snapshots of a pack takes as long as some of its steps.
    """

    def __init__(
        self, places: Mapping[int, _Place], layer: Layer, state: Path, on_steps: Callable[[int], None]
    ) -> None:
        self._places, self._layer, self.state = places, layer, state
        super().__init__(on_steps)
        self._thread = ThreadPoolExecutor(1, "keep")
        self._waiting: list[Future[None]] = []

    def __enter__(self) -> "PackKeeper":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)

    def keep_snapshot(self, step: int, images: dict[int, Tensor]) -> None:
        """Have the pictures in some places kept as they are at a step."""

        def keep(run: ClassRun, own: dict[int, Tensor]) -> None:
            run.prepared[0].keep_snapshot(self._layer, step, own)

        self._waiting.append(self._thread.submit(self._each, images, keep))

    def before_state(self) -> None:
        """Wait until all snapshots that were to be kept are."""
        for future in self._waiting:
            future.result()
        self._waiting.clear()

    def keep_painted(self, painted: dict[int, Painted]) -> None:
        """Hand what was painted in some places to the runs that they belong to, by facet, after all snapshots."""
        self.before_state()
        self._each(painted, lambda run, own: run.prepared[0].keep_painted(self._layer, own))

    def _each(self, by_slot: dict[int, T], keep: Callable[[ClassRun, dict[int, T]], None]) -> None:
        by_run: dict[str, tuple[ClassRun, dict[int, T]]] = {}
        for slot, value in by_slot.items():
            place = self._places.get(slot)
            if place is not None:
                by_run.setdefault(place.run.name, (place.run, {}))[1][place.facet] = value
        for run, own in by_run.values():
            run.attempt(lambda run=run, own=own: keep(run, own))  # type: ignore[misc]


def _places(
    pack: Pack, runs: Sequence[ClassRun], orders: Sequence[FacetOrder], layer: Layer, facets: int
) -> dict[int, _Place]:
    """The places of the pictures that are still to be painted."""
    places: dict[int, _Place] = {}
    first_row = 0
    for run, order in zip(runs, orders, strict=True):
        first_slot = pack.classes.index(run.name) * facets
        for facet in run.prepared[0].waiting(layer):
            places[first_slot + facet] = _Place(run, facet, first_row + facet)
        first_row += len(order)
    return places


def _slots(slots: int, batch_size: int, places: Mapping[int, _Place]) -> list[int]:
    """All places of each batch that has one still to be painted."""
    batches = [range(first, min(first + batch_size, slots)) for first in range(0, slots, batch_size)]
    return [slot for batch in batches if any(slot in places for slot in batch) for slot in batch]

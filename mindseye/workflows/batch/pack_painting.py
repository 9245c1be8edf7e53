"""The pictures of several classes in one painting, each at its own place."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from mindseye.layers.layer import Layer
from mindseye.optimize.compose import Composition
from mindseye.optimize.loop import Painting
from mindseye.runs.folder import file_name
from mindseye.workflows.batch.class_run import ClassRun
from mindseye.workflows.batch.plan import Pack
from mindseye.workflows.facets.found import compose, layers_read
from mindseye.workflows.paint import paint

T = TypeVar("T")


@dataclass(frozen=True)
class _Place:
    """Where a facet is painted. row: in the joined composition."""

    run: ClassRun
    facet: int
    row: int


def paint_pack(
    pack: Pack,
    runs: Sequence[ClassRun],
    layer: Layer,
    state: Path,
    facets: int,
    batch_size: int,
    on_steps: Callable[[int], None],
) -> None:
    """Paint what is waiting of some classes of a pack at a layer, into their run folders.

    A picture stands where the plan has put it, in batches of the planned size, whatever has become of the pictures beside
    it: where a class has fewer facets, has failed or is finished, another picture of the batch is painted once more. So its
    bits do not depend on them.

    runs: prepared ones. state: the folder of what an interrupted painting continues from. facets: places of each class.
    on_steps: counts finished steps of pictures.
    """
    compositions = [compose(run.prepared[0].job, layer, run.prepared[1]) for run in runs]
    places = _places(pack, runs, compositions, layer, facets)
    if not places:
        return
    composition, flow = Composition.join(compositions), runs[0].prepared[0]
    begun = time.monotonic()
    with flow.job.painting_reader(layers_read(flow.job, composition)) as read, _Keeper(places, layer) as keeper:

        def build(batch: Sequence[int]) -> Painting:
            # A batch that was halved for lack of memory may be without any picture that is wanted.
            filler = next((places[slot] for slot in batch if slot in places), next(iter(places.values())))
            return composition.paint(read, [places.get(slot, filler).row for slot in batch])

        paint(
            build,
            _waiting(len(pack.classes) * facets, batch_size, places),
            batch_size,
            state / file_name(layer.address),
            composition.recipe.snapshots,
            keeper.keep_step,
            on_steps,
            lambda done: keeper.each(done, lambda run, own: run.prepared[0].keep_painted(layer, own)),
            keeper.wait,
        )
    seconds = time.monotonic() - begun
    for run in runs:
        own = seconds * sum(place.run is run for place in places.values()) / len(places)
        run.spend(own)
        run.prepared[0].progress.seconds[f"paint {layer.address}"] = own
        run.attempt(run.prepared[0].note_compiled)


class _Keeper:
    """Writes what is painted into the run folders, snapshots from a thread of its own; a context manager.

    Encoding and writing the snapshots of a pack takes as long as some of its steps.
    """

    def __init__(self, places: Mapping[int, _Place], layer: Layer) -> None:
        self._places, self._layer = places, layer
        self._thread = ThreadPoolExecutor(1, "keep")
        self._waiting: list[Future[None]] = []

    def __enter__(self) -> "_Keeper":
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(wait=True)

    def keep_step(self, step: int, images: dict[int, Tensor]) -> None:
        """Have the pictures in some places kept as they are at a step."""

        def keep(run: ClassRun, own: dict[int, Tensor]) -> None:
            run.prepared[0].keep_step(self._layer, step, own)

        self._waiting.append(self._thread.submit(self._each, images, keep))

    def wait(self) -> None:
        """Wait until all that was to be kept is."""
        for future in self._waiting:
            future.result()
        self._waiting.clear()

    def each(self, found: dict[int, T], keep: Callable[[ClassRun, dict[int, T]], None]) -> None:
        """Hand what was found in some places to the runs that they belong to, by facet, after all that waits."""
        self.wait()
        self._each(found, keep)

    def _each(self, found: dict[int, T], keep: Callable[[ClassRun, dict[int, T]], None]) -> None:
        by_run: dict[str, tuple[ClassRun, dict[int, T]]] = {}
        for slot, value in found.items():
            place = self._places.get(slot)
            if place is not None:
                by_run.setdefault(place.run.name, (place.run, {}))[1][place.facet] = value
        for run, own in by_run.values():
            run.attempt(lambda run=run, own=own: keep(run, own))  # type: ignore[misc]


def _places(
    pack: Pack, runs: Sequence[ClassRun], compositions: Sequence[Composition], layer: Layer, facets: int
) -> dict[int, _Place]:
    """The places of the pictures that are wanted."""
    places: dict[int, _Place] = {}
    first_row = 0
    for run, composition in zip(runs, compositions, strict=True):
        first_slot = pack.classes.index(run.name) * facets
        for facet in run.prepared[0].waiting(layer):
            places[first_slot + facet] = _Place(run, facet, first_row + facet)
        first_row += len(composition.keys)
    return places


def _waiting(slots: int, batch_size: int, places: Mapping[int, _Place]) -> list[int]:
    """All places of each batch that has one wanted."""
    batches = [range(first, min(first + batch_size, slots)) for first in range(0, slots, batch_size)]
    return [slot for batch in batches if any(slot in places for slot in batch) for slot in batch]

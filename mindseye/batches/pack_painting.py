"""The pictures of several classes in one painting, each at its own place."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from mindseye.batches.class_run import ClassRun
from mindseye.batches.plan import Pack
from mindseye.inputs.layers import Layer
from mindseye.inputs.reader import Reader
from mindseye.optimize.compose import Composition
from mindseye.optimize.painting import Painting
from mindseye.runs.folder import file_name
from mindseye.runs.paint import Painted, paint


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
    if not runs:
        return
    compositions = [flow.composition(layer, found) for flow, found in (run.prepared for run in runs)]
    places = _places(pack, runs, compositions, layer, facets)
    if not places:
        return
    composition = Composition.joined(compositions)
    flow, _ = runs[0].prepared
    slots = list(range(len(pack.classes) * facets))
    batches = [slots[first : first + batch_size] for first in range(0, len(slots), batch_size)]
    waiting = [slot for batch in batches if any(slot in places for slot in batch) for slot in batch]
    begun = time.monotonic()
    with Reader(flow.job.model.network, flow.reads(composition)) as read:

        def build(batch: Sequence[int]) -> Painting:
            # A batch that was halved for lack of memory may be without any picture that is wanted.
            filler = next((places[slot] for slot in batch if slot in places), next(iter(places.values())))
            return composition.paint(read, [places.get(slot, filler).row for slot in batch])

        def on_snapshot(slot: int, step: int, image: Tensor) -> None:
            place = places.get(slot)
            if place is not None:
                _keep_step(place, layer, step, image)

        paint(
            build,
            waiting,
            batch_size,
            state / file_name(layer.address),
            composition.recipe.snapshots,
            on_snapshot,
            on_steps,
            lambda done: _keep_painted(places, layer, done),
        )
    seconds = time.monotonic() - begun
    for run in runs:
        own = sum(place.run is run for place in places.values())
        run.spend(seconds * own / len(places))
        run.prepared[0].progress.seconds[f"paint {layer.address}"] = seconds * own / len(places)


def _places(
    pack: Pack, runs: Sequence[ClassRun], compositions: Sequence[Composition], layer: Layer, facets: int
) -> dict[int, _Place]:
    places: dict[int, _Place] = {}
    first_row = 0
    for run, composition in zip(runs, compositions, strict=True):
        first_slot = pack.classes.index(run.name) * facets
        for facet in run.prepared[0].waiting(layer):
            places[first_slot + facet] = _Place(run, facet, first_row + facet)
        first_row += len(composition.keys)
    return places


def _keep_step(place: _Place, layer: Layer, step: int, image: Tensor) -> None:
    flow, _ = place.run.prepared
    place.run.attempt(lambda: flow.keep_step(layer, flow.entries(layer)[place.facet], step, image))


def _keep_painted(places: dict[int, _Place], layer: Layer, done: dict[int, Painted]) -> None:
    by_run: dict[str, tuple[ClassRun, dict[int, Painted]]] = {}
    for slot, painted in done.items():
        place = places.get(slot)
        if place is not None:
            by_run.setdefault(place.run.name, (place.run, {}))[1][place.facet] = painted
    for run, pictures in by_run.values():
        _keep(run, layer, pictures)


def _keep(run: ClassRun, layer: Layer, pictures: dict[int, Painted]) -> None:
    flow, _ = run.prepared
    run.attempt(lambda: flow.keep_painted(layer, flow.entries(layer), pictures))

"""What is learned of a network by comparing passes that differ in their last image only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from mindseye.layers.firings import Firing, Pass, Place, compare, order_of, watch
from mindseye.layers.layer import Layer, Reading
from mindseye.layers.layout import Order
from mindseye.models.probe import exchange_last

SEED = 0


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two passes side by side.

    batch, in_channels: of the images. writes_input: the network changed them in place.
    shifts: per firing, by how much its entries [first axis, second axis] changed with the last image (``firings.compare``).
    mixing: firings from the first on that was changed by an image beside it; what comes later may hide it by chance.
    drawn: firings from the first on that got other answers though the images were the same.
    attached: firings whose gradients reach the image.
    refusal: why the network is given one image at a time only; empty where it takes several.
    is_steady: the same images get the same answers, random numbers aside.
    varies: how much comes out somewhere depends on what the images show (detectors).
    alone: the shapes of firings for one image, where images mix.
    """

    batch: int
    in_channels: int
    writes_input: bool
    shifts: dict[Place, Tensor | None]
    mixing: frozenset[Place]
    drawn: frozenset[Place]
    attached: frozenset[Place]
    refusal: str
    is_steady: bool = True
    varies: bool = False
    alone: Mapping[Place, tuple[int, ...]] = field(default_factory=dict)

    def shift(self, firing: Firing) -> Tensor | None:
        """By how much entries changed with the last image; None where the shape did."""
        return self.shifts.get(firing.place)

    def order(self, firing: Firing, module: nn.Module) -> Order:
        """Where a firing holds its images.

        Raises:
            ValueError: if it cannot be told which image an entry belongs to, in words that follow the layer's name.
        """
        shape, shifts = firing.shape, self.shift(firing)
        if self.refusal:
            if shape[:1] == (1,):
                return "first"
            if len(shape) == 3 and shape[1] == 1:
                return "second"
            raise ValueError(f"gives {list(shape)} for one image, and the network is given no two")
        order = "mixed" if shifts is None else order_of(shifts, self.batch)
        if self.varies and order not in ("first", "second") and shape[:1] != (self.batch,):
            raise ValueError(
                f"gives {list(shape)} for {self.batch} images, and how many entries belong to an image depends on what it shows"
            )
        if order not in ("mixed", "unknown"):
            return order  # type: ignore[return-value]
        alone = self.alone.get(firing.place, ())
        if order == "mixed" and alone and not self.varies:
            # Read one at a time, all of an image's entries are its own; their number follows that of the images.
            if (alone[0], shape[0]) == (1, self.batch):
                return "first"
            if len(shape) == 3 and (alone[1], shape[1]) == (1, self.batch):
                return "second"
            if alone[0] * self.batch == shape[0]:
                return "windows"
        if len(shape) == 3 and isinstance(module, nn.MultiheadAttention) and not module.batch_first:
            return "second"
        if shape[:1] == (self.batch,) and shifts is not None:
            return "first"
        if order == "unknown" and not firing.sketch.any() and shape and shape[0] % self.batch == 0:
            return "windows"
        if order == "unknown":
            raise ValueError(f"gives {list(shape)} for {self.batch} images, the same whatever the images are")
        raise ValueError(f"gives {list(shape)} for {self.batch} images, and its entries cannot be told apart by image")

    def reading(self, firing: Firing) -> Reading:
        """How images must be given so that each is answered for itself."""
        draws = firing.place in self.drawn
        singly = draws or firing.place in self.mixing or bool(self.refusal)
        return Reading(singly, draws, self.writes_input)

    def has_gradient(self, firing: Firing) -> bool:
        """Whether gradients of the firing reach the image."""
        return firing.place in self.attached

    def _sees_image(self, layer: Layer) -> bool:
        """Whether a layer changes with the image at all: a table of places in the image does not."""
        shifts = self.shifts.get((layer.module, layer.call, layer.of_input))
        return shifts is None or bool((shifts > 1).any())

    def notes(self, layers: Sequence[Layer]) -> list[str]:
        """A line on each thing that is unusual."""
        notes = []
        outputs = [layer for layer in layers if not layer.of_input]
        draws = [layer for layer in outputs if layer.reading.seeded]
        mixes = [layer for layer in outputs if layer.reading.singly and not layer.reading.seeded]
        lost = [layer for layer in outputs if not layer.has_gradient and self._sees_image(layer)]
        if self.refusal:
            notes.append(f"the network takes no two images at once ({self.refusal}): it is given one at a time")
        elif mixes:
            notes.append(
                f"what the network answers to an image depends on those beside it, from {_name(mixes[0])} on: "
                "images are given to it one at a time"
            )
        if draws:
            notes.append(
                f"the network draws random numbers while it looks, from {_name(draws[0])} on: it is given one image at a "
                "time, and the same random numbers for each"
            )
        if not self.is_steady:
            notes.append("the network answers the same image differently each time: its numbers cannot be had again")
        if self.writes_input:
            notes.append("the network works in place on the images that it is given: it gets copies")
        if lost:
            notes.append(
                f"no gradient reaches the image from {_name(lost[0])}"
                f"{f' and {len(lost) - 1} more layers' if len(lost) > 1 else ''}: measured, not painted"
            )
        return notes


def compare_passes(network: nn.Module, images: Tensor, first: Pass, refusal: str = "") -> Comparison:
    """Compare a pass over images with one in which the last image is another.

    Args:
        network: in evaluation mode, its parameters without gradients.
        images: [images, planes, height, width] of the first pass.
        first: that pass.
        refusal: why there is one image only.
    """
    others = exchange_last(images)
    second = watch(network, others, gradients=True)
    if second.error is not None:
        second = watch(network, others, gradients=True, plain=True)
    attached = frozenset(firing.place for firing in second.firings if firing.has_gradient)
    if second.error is not None:
        second = watch(network, others, plain=True)
    shifts = _compare(first, second)
    shapes = {firing.place: firing.shapes for firing in second.firings}
    varies = any(firing.shapes != shapes.get(firing.place, firing.shapes) for firing in first.firings)
    mixing: frozenset[Place] = frozenset()
    drawn: frozenset[Place] = frozenset()
    is_steady = True
    alone: dict[Place, tuple[int, ...]] = {}
    if len(images) > 1 and any(_is_mixed(entries, len(images)) for entries in shifts.values()):
        # Random numbers, or neighbours? From one seed, only neighbours make a difference.
        again, seeded = watch(network, images, seed=SEED), watch(network, images, seed=SEED)
        seeded_shifts = _compare(again, watch(network, others, seed=SEED))
        mixed = {place for place, entries in shifts.items() if _is_mixed(entries, len(images))}
        still_mixed = {place for place, entries in seeded_shifts.items() if _is_mixed(entries, len(images))}
        drawn = _from_first(first, mixed - still_mixed)
        mixing = _from_first(first, {place for place in still_mixed if seeded_shifts[place] is not None})
        is_steady = not any(
            entries is None or bool((entries > 1).any()) for entries in _compare(again, seeded).values()
        )
        shifts = seeded_shifts
        alone = {firing.place: firing.shape for firing in watch(network, images[:1]).firings}
    return Comparison(
        batch=len(images),
        in_channels=images.shape[1],
        writes_input=first.writes_input,
        shifts=shifts,
        mixing=mixing,
        drawn=drawn,
        attached=attached,
        refusal=refusal,
        is_steady=is_steady,
        varies=varies,
        alone=alone,
    )


def _compare(first: Pass, second: Pass) -> dict[Place, Tensor | None]:
    after = {firing.place: firing for firing in second.firings}
    return {
        firing.place: compare(firing, after[firing.place]) if firing.place in after else None
        for firing in first.firings
    }


def _from_first(seen: Pass, places: set[Place]) -> frozenset[Place]:
    """All firings of a pass from the first on that is among some places."""
    order = [firing.place for firing in seen.firings]
    start = min((order.index(place) for place in places if place in order), default=len(order))
    return frozenset(order[start:])


def _is_mixed(shifts: Tensor | None, batch: int) -> bool:
    return shifts is None or order_of(shifts, batch) == "mixed"


def _name(layer: Layer) -> str:
    return f"{layer.address!r} ({layer.kind})"

"""Part 4: a batch over its bare parts, its memory, and a real out-of-memory that is halved and goes on."""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

import torch
from batch import Bench as ClassBench
from batch import Spent
from torch import Tensor

from gpuparts.bench import Bench, Table
from gpuparts.painting import facet_order, timed_recipe
from mindseye.optimize.loop import Painting
from mindseye.optimize.painted import Painted
from mindseye.optimize.session import NetworkSession
from mindseye.workflows.paint import Keeper, paint

PICTURES = 64
"""Of the batch that does not fit."""


def measure_batch(bench: Bench, table: Table) -> None:
    """Classes per minute beside the bare parts, then the halving."""
    table.head("what", "value", "beside it")
    table.attempt("pictures of a batch that did not fit, halved", lambda: _halved(bench), least=bench.pick(12, 2))
    if not table.has(bench.pick(35, 20), "a batch of classes"):
        return
    classes, photos, steps = bench.pick((4, 20, 150), (2, 5, 2))
    root = bench.photos("classes", classes, photos)
    wanted = argparse.Namespace(
        model=bench.pick("resnet50", "resnet18"),
        weights="none",
        layer=None,
        facets=bench.pick(4, 1),
        steps=steps,
        classes=classes,
        photos=photos,
        device=str(bench.device),
    )
    classed = ClassBench(wanted, root, bench.place)
    bench.forget()
    whole = classed.timed("batch", 1)
    table.row(
        "classes a minute, with loading",
        60 * classes / whole.clock,
        f"{classes} classes, {photos} photos, {steps} steps",
    )
    table.row("GiB at most", bench.peak(), "")
    if table.has(whole.clock, "its bare parts"):
        again, bare = classed.timed("batch", 1), classed.bare("batch")
        parts, net = sum(bare.values(), Spent(0.0, 0.0)), whole - again
        for name, spent in bare.items():
            table.row(f"seconds of bare {name}", spent.clock, "")
        table.row("seconds of the batch", net.clock, f"{parts.clock:.1f} s of its bare parts")
        table.row("its throughput over the parts", parts.clock / net.clock, "aim 0.85")


class Counter(Keeper):
    """Keeps what came out, and how many pictures each batch had."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.painted: dict[int, Painted] = {}

    def keep_painted(self, painted: dict[int, Painted]) -> None:
        self.batches.append(len(painted))
        self.painted |= painted


def _halved(bench: Bench) -> Sequence[object]:
    """Paint more pictures at once than memory allows: the process is given half of what the first steps of all would take."""
    network, side = bench.pick(("resnet50", 224), ("resnet18", 64))
    pictures, keeper = bench.pick(PICTURES, 4), Counter()
    session = NetworkSession(network, "none", device=str(bench.device), size=side)
    with ExitStack() as held:
        order = held.enter_context(facet_order(session, replace(timed_recipe("lucid", "float32"), steps=4)))
        short = Short(bench, held)
        read = held.enter_context(order.reader())

        def build(numbers: Sequence[int]) -> Painting:
            return short.of_memory(order.painting(read, [0] * len(numbers)), pictures)

        paint(build, range(pictures), pictures, keeper)
    good = sum(one.reason is None and _is_sound(one.image) for one in keeper.painted.values())
    return [f"{good} of {pictures} sound", f"in batches of {', '.join(map(str, keeper.batches))}"]


class Short:
    """Too little memory: on CUDA the process is given less than the first batch would take; on a CPU it is pretended."""

    def __init__(self, bench: Bench, held: ExitStack) -> None:
        self._bench, self._held = bench, held
        self._is_limited = False

    def of_memory(self, painting: Painting, pictures: int) -> Painting:
        """The painting, which of all pictures at once runs out of memory."""
        if len(painting.alive) < pictures:
            return painting
        device = self._bench.device
        if device.type != "cuda":
            raise torch.cuda.OutOfMemoryError("a dry run")
        if not self._is_limited:
            self._is_limited = True
            self._bench.forget()
            painting.advance()
            total = torch.cuda.get_device_properties(device).total_memory
            held, peak = torch.cuda.memory_allocated(device), torch.cuda.max_memory_allocated(device)
            torch.cuda.empty_cache()
            torch.cuda.set_per_process_memory_fraction((held + 0.6 * (peak - held)) / total, device)
            self._held.callback(torch.cuda.set_per_process_memory_fraction, 1.0, device)
        return painting


def _is_sound(image: Tensor) -> bool:
    return bool(image.isfinite().all())

"""Part 2: seconds of a whole step over a bare forward and backward of the same network and batch, and who waits for whom."""

import statistics
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import torch
from torch.profiler import ProfilerActivity, profile

from gpuparts.bench import Bench, Table
from gpuparts.painting import bare_step, facet_order, painting_of, timed_recipe
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.session import NetworkSession
from mindseye.workflows.batch.batch_size import holds

WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy")
"""Calls by which the host waits for the device."""
LOOKS = "aten::_local_scalar_dense"
"""How often a value is asked for, of any tensor: what a dry run counts."""


@dataclass(frozen=True)
class Case:
    """A network and the side that it is painted at. batches: of pictures; "most": as many as fit."""

    network: str
    side: int
    recipe: str
    batches: Sequence[int | str]


REAL = (
    Case("efficientnet_lite0", 224, "distribution", (8, 32, "most")),
    Case("resnet50", 224, "distribution", (8, 32, "most")),
    Case("vit_b_16", 224, "distribution", (8, 32)),
    Case("resnet50", 512, "paper", (8, "most")),
    Case("resnet50", 512, "distribution", (8,)),
)
DRY = (Case("resnet18", 64, "distribution", (1, 2)), Case("resnet18", 96, "paper", (1,)))
PRECISIONS = ("float32", "bfloat16")


def measure_steps(bench: Bench, table: Table) -> None:
    """Whole over bare by network, batch and precision, then host waits, then what compiling brings."""
    table.head(
        "network",
        "px",
        "recipe",
        "pictures",
        "precision",
        "bare ms",
        "whole ms",
        "whole / bare",
        "pictures x steps / s",
        "GiB",
    )
    cases: Sequence[Case] = bench.pick(REAL, DRY)
    for case in cases:
        if not table.has(bench.pick(12, 2), f"{case.network} at {case.side} px, {case.recipe}"):
            continue
        session = NetworkSession(case.network, "none", device=str(bench.device), size=case.side)
        for precision in PRECISIONS:
            with facet_order(session, timed_recipe(case.recipe, precision)) as order:
                for wanted in case.batches:
                    _rows(bench, table, case, order, wanted)
        bench.forget()
    table.remark("float32 as PyTorch has it, with TF32 in convolutions; bare is the network as it was loaded")
    for case in bench.pick(cases[:2], cases[:1]):
        told = f"host waits a step, {case.network}, aim 0"
        table.attempt_remarks(told, partial(_waits, bench, case), least=bench.pick(8, 3))
    for case in bench.pick(cases[:2], cases[:1]):
        told = f"compiled, {case.network}, bfloat16"
        table.attempt_remarks(told, partial(_compiled, bench, case), least=bench.pick(25, 5))


def _rows(bench: Bench, table: Table, case: Case, order: FacetOrder, wanted: int | str) -> None:
    precision = order.session.recipe.precision

    def measure() -> list[object]:
        pictures = wanted if isinstance(wanted, int) else most(bench, order)
        bare, whole, memory = step_times(bench, order, pictures)
        numbers = [bare * 1000, whole * 1000, whole / bare, pictures / whole, memory]
        return [case.side, case.recipe, pictures, precision, *numbers]

    table.attempt(case.network, measure, least=bench.pick(4, 1))


def step_times(bench: Bench, order: FacetOrder, pictures: int) -> tuple[float, float, float]:
    """Seconds of a bare step and of a whole one, medians of blocks in turns, and the GiB of the whole one at most."""
    bench.forget()
    with ExitStack() as held:
        bare = held.enter_context(bare_step(order, pictures))
        whole = held.enter_context(painting_of(order, pictures)).advance
        for step in (bare, whole, bare, whole):  # memory is found, and kernels are chosen
            step()
        once = bench.seconds(whole)
        block = bench.pick(max(3, min(20, round(0.4 / once))), 1)
        times = [(bench.seconds(bare, block), bench.seconds(whole, block)) for _ in range(bench.pick(3, 2))]
        memory = bench.peak()
    bare_times, whole_times = zip(*times, strict=True)
    return statistics.median(bare_times), statistics.median(whole_times), memory


def most(bench: Bench, order: FacetOrder) -> int:
    """How many pictures the device holds, as a batch of classes finds it out; a few on a CPU."""
    if bench.device.type != "cuda":
        return 3

    def peak(pictures: int) -> int:
        bench.forget()
        before = torch.cuda.memory_allocated(bench.device)
        with painting_of(order, pictures) as painting:
            for _ in range(2):  # the first one makes the optimizer's moments
                painting.advance()
            return torch.cuda.max_memory_allocated(bench.device) - before

    return holds(peak, torch.cuda.mem_get_info(bench.device)[0])


def _waits(bench: Bench, case: Case) -> list[str]:
    """How often the host waits within a step, and at which lines, by the profiler and by PyTorch's own warnings."""
    session = NetworkSession(case.network, "none", device=str(bench.device), size=case.side)
    recipe, steps = timed_recipe(case.recipe, "float32"), 5
    with facet_order(session, recipe) as order, painting_of(order, 2) as painting:
        painting.advance()
        bench.wait()
        activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if bench.device.type == "cuda" else [])]
        with profile(activities=activities) as seen:
            for _ in range(steps):
                painting.advance()
        counts = Counter({event.key: event.count for event in seen.key_averages()})
        is_cuda = bench.device.type == "cuda"
        told = [f"{name} {counts[name] / steps:.1f}" for name in (WAITS if is_cuda else [LOOKS]) if counts[name]]
        where = _lines_that_wait(painting.advance) if is_cuda else []
    return [", ".join(told) or "0", *(f"at {place}" for place in where)]


def _lines_that_wait(step: Callable[[], None]) -> list[str]:
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return sorted({f"{warning.filename.rpartition('/mindseye/')[2]}:{warning.lineno}" for warning in caught})[:6]


def _compiled(bench: Bench, case: Case) -> list[str]:
    """What ``--compile`` notes of the passes of a batch: each of its ways (CUDA graphs too) over the plain pass."""
    session = NetworkSession(case.network, "none", device=str(bench.device), size=case.side)
    with facet_order(session, timed_recipe(case.recipe, "bfloat16", compiled=True)) as order:
        with painting_of(order, bench.pick(8, 1)) as painting:
            painting.advance()
        compiler = order.session.compiler
        return [] if compiler is None else compiler.verdicts

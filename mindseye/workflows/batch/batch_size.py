"""How many pictures are painted at once, where nobody says."""

from collections.abc import Callable, Sequence

import torch

from mindseye.layers.layer import Layer
from mindseye.optimize.order import Order
from mindseye.workflows.facets.find import FacetTargets, facet_order
from mindseye.workflows.facets.flow import Flow

ON_A_CPU = 8
"""A CPU is as fast with few pictures as with many; beyond these the memory of a large network counts."""
MOST = 256
SHARE = 0.7
"""Of the free memory: what is prepared, measured and judged beside wants some too."""
FEW, MORE = 2, 6


def whole_classes(at_once: int, facets: int) -> int:
    """The most pictures up to ``at_once`` that are whole classes of so many facets; ``at_once`` where none is whole."""
    return at_once // facets * facets or at_once


def measured_batch_size(flow: Flow, targets: FacetTargets, layers: Sequence[Layer]) -> int:
    """How many pictures of a run's kind the free memory of its CUDA device holds, by a step of few and one of more."""
    return min(held_on_device(facet_order(flow.job, layer, targets)) for layer in layers)


def held_on_device(order: Order) -> int:
    """How many pictures of an order's kind, of which it has one at least, the free memory of its CUDA device holds."""
    return holds(lambda number: _peak(order, number), torch.cuda.mem_get_info(order.session.device)[0])


def holds(peak: Callable[[int], int], free: int) -> int:
    """How many pictures fit into free bytes. peak: the bytes that a step of so many pictures takes at most."""
    few, more = peak(FEW), peak(MORE)
    each = max(1.0, (more - few) / (MORE - FEW))
    beside = max(0.0, few - FEW * each)
    return int(min(MOST, max(1, (SHARE * free - beside) // each)))


def _peak(order: Order, number: int) -> int:
    device = order.session.device
    with order.reader() as read:
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        painting = order.painting(read, [0] * number)
        for _ in range(2):  # the first one makes the optimizer's moments
            painting.advance()
        peak = torch.cuda.max_memory_allocated(device) - before
    del painting
    torch.cuda.empty_cache()
    return peak

"""Values in ascending order, on a CPU by numpy, whose vectorised sort takes a fraction of torch's time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

SPARE = (1 << 29) - 1
"""The bits of a float64's mantissa that are 0 where it was made of a float32."""

MANY = 200_000
"""As many values with their places take longer to sort than threads to start."""


def sort_values(values: Tensor) -> Tensor:
    """Values [..., P] from the smallest to the largest."""
    if values.requires_grad or not _is_for_numpy(values):
        return values.sort(dim=-1, stable=True).values
    ascending = values.clone(memory_format=torch.contiguous_format)
    ascending.numpy().sort(axis=-1)  # by one thread: of these, memory is what is waited for
    return ascending


def rank_distance(values: Tensor, ranks: Tensor) -> Tensor:
    """``mean (sort(a) - t)^2`` over the last axis, [..., P] to [...]: a squared 1-D Wasserstein distance.

    Which of equal values counts as the smallest is the gradient's to know, and the same every time.

    Args:
        values: [..., P]. ranks: sorted values of the same shape, which get no gradient.
    """
    if not _is_for_numpy(values):
        return (values.sort(dim=-1, stable=True).values - ranks).square().mean(-1)
    distance: Tensor = _RankDistance.apply(values, ranks)
    return distance


def _sort(values: Tensor) -> None:
    """Sort values [..., P] on the CPU where they lie; many of them in as many parts as torch has threads."""
    rows = values.unsqueeze(0).flatten(0, -2).numpy()  # a single row is never shared out
    threads = torch.get_num_threads()
    if threads == 1 or values.numel() < MANY:
        rows.sort(axis=-1)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(part.sort, axis=-1) for part in np.array_split(rows, threads)]:
            done.result()


def _is_for_numpy(values: Tensor) -> bool:
    return values.device.type == "cpu" and values.dtype == torch.float32


class _RankDistance(torch.autograd.Function):
    """All of it in one, as each of a step's many small layers would cost more in calls than in numbers.

    What is sorted has a value's place in the bits that a float64 has beyond those of its float32: value and place in one
    number, no two of which are equal, so that any sort finds the same order.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, ranks: Tensor) -> Tensor:
        packed = values.detach().to(torch.float64, memory_format=torch.contiguous_format, copy=True)
        bits = packed.view(torch.int64)
        bits |= torch.arange(values.shape[-1])
        _sort(packed)
        difference = packed.float().sub_(ranks)
        bits &= SPARE
        ctx.save_for_backward(difference, bits)
        # The norm squares and sums in one pass.
        squares: Tensor = torch.linalg.vector_norm(difference, dim=-1).square()
        return squares / difference.shape[-1]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        difference, places = ctx.saved_tensors
        share = (gradient * (2 / max(1, difference.shape[-1]))).unsqueeze(-1)
        return torch.empty_like(difference).scatter_(-1, places, difference * share), None

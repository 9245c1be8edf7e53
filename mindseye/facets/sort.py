"""Values in ascending order, on a CPU by numpy, whose vectorised sort takes a fraction of torch's time."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

Bits = np.ndarray[Any, np.dtype[np.int32]]


def sort_values(values: Tensor) -> Tensor:
    """Values [..., P] from the smallest to the largest; of equal ones, the first comes first, as the gradient will have it."""
    if values.device.type != "cpu" or values.dtype != torch.float32:
        return values.sort(dim=-1, stable=True).values
    if not values.requires_grad:
        return torch.from_numpy(np.sort(values.numpy(), axis=-1))
    ranks: Tensor = _Ascending.apply(values)
    return ranks


class _Ascending(torch.autograd.Function):
    """A sort of whole numbers, in which value and place are packed: no two are equal, so any sort finds the same order.

    The upper half is the value's bits as a whole number that orders as the value does, the lower half its place.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        bits = (values.detach().contiguous() + 0.0).numpy().view(np.int32)  # -0.0 becomes 0.0, as they are equal
        packed = _whole(bits).astype(np.int64)
        packed <<= 32
        packed |= np.arange(bits.shape[-1])
        packed.sort(axis=-1)
        ctx.save_for_backward(torch.from_numpy(packed & 0xFFFFFFFF))
        return torch.from_numpy(_whole((packed >> 32).astype(np.int32)).view(np.float32))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (places,) = ctx.saved_tensors
        return gradient.new_empty(gradient.shape).scatter_(-1, places, gradient)


def _whole(bits: Bits) -> Bits:
    """A value's bits as a whole number in the order of values, and back: below zero, larger bits are smaller values."""
    below: Bits = (bits >> 31) & np.int32(0x7FFFFFFF)
    return bits ^ below

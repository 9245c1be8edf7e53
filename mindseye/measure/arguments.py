"""Checks of what a caller from outside gives to a measure: a wrong type is told by the parameter's name."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mindseye.errors import UserError


def check_tensor(value: Any, name: str, axes: str) -> None:
    """Refuse what is no floating-point tensor with these axes.

    Args:
        value: what was given.
        name: of the parameter.
        axes: as people write them, ``[B, C, H, W]``; their number counts.

    Raises:
        UserError: naming the parameter, what it is and what it must be.
    """
    if not isinstance(value, Tensor):
        raise UserError(f"{name} must be a torch tensor {axes}, not {type(value).__name__}")
    if value.ndim != axes.count(",") + 1:
        raise UserError(f"{name} must have the axes {axes}, not the shape {list(value.shape)}")
    if not value.is_floating_point():
        raise UserError(f"{name} must hold floating-point numbers, not {value.dtype}: give {name}.float()")


def check_same_width(first: Tensor, first_name: str, second: Tensor, second_name: str) -> None:
    """Refuse two tensors whose last axes differ, which come from different layers.

    Raises:
        UserError: naming both parameters and their lengths.
    """
    if first.shape[-1] != second.shape[-1]:
        raise UserError(
            f"{first_name} has {first.shape[-1]} channels and {second_name} {second.shape[-1]}: give both of one layer"
        )


def index_tensor(value: Any, name: str, count: int, device: torch.device) -> Tensor:
    """Whole numbers from 0 to count - 1 as a tensor, from a tensor, an array or a list of any shape.

    Raises:
        UserError: naming the parameter, if they are no whole numbers or one is out of range.
    """
    try:
        indices = value if isinstance(value, Tensor) else torch.as_tensor(_plain(value))
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{name} must be whole numbers, not {type(value).__name__}") from error
    if indices.is_floating_point() or indices.is_complex() or indices.dtype == torch.bool:
        if indices.numel():
            raise UserError(f"{name} must be whole numbers, not {indices.dtype}")
        indices = indices.long()
    if indices.numel() and not (int(indices.min()) >= 0 and int(indices.max()) < count):
        raise UserError(f"{name} must be from 0 to {count - 1}, not {int(indices.min())} to {int(indices.max())}")
    return indices.long().to(device)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else value

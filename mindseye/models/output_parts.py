"""The tensors in what a module gives, which may be a tuple, a dict, a dataclass, or these in each other."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from mindseye.errors import UserError


def parts(output: Any) -> dict[str, Any]:
    """The parts of a structured output by name, in order; none for a tensor or anything else that has no parts.

    The keys of a mapping, the indices of a list or tuple, the fields of a dataclass; of a named tuple both its fields
    and their indices.
    """
    if isinstance(output, Mapping):
        return {str(key): value for key, value in output.items()}
    if isinstance(output, tuple | list):
        named = dict(zip(getattr(output, "_fields", ()), output, strict=False))
        return named | {str(index): value for index, value in enumerate(output)}
    if is_dataclass(output) and not isinstance(output, type):
        return {field.name: getattr(output, field.name) for field in fields(output)}
    return {}


def part_of(output: Any, path: Sequence[str]) -> Any:
    """The part of an output that a path of names leads to, the output itself for an empty path.

    Raises:
        UserError: if there is no such part, with those that there are.
    """
    for depth, name in enumerate(path):
        named = parts(output)
        if name not in named:
            where = f"the output's part {'.'.join(path[:depth])!r}" if depth else "the network's output"
            has = f"it has {', '.join(named)}" if named else "it has no parts"
            raise UserError(f"{where} has no part {name!r}; {has}")
        output = named[name]
    return output


def first_tensor(output: Any) -> Tensor | None:
    """The floating-point tensor that an output is about: itself, or the first one among its parts."""
    if isinstance(output, Tensor):
        return output if is_plain(output) else None
    for part in parts(output).values():
        tensor = first_tensor(part)
        if tensor is not None:
            return tensor
    return None


def is_plain(tensor: Tensor) -> bool:
    """Whether a tensor holds ordinary floating-point numbers: neither sparse, quantised, nested, complex nor whole ones."""
    return tensor.is_floating_point() and tensor.layout == torch.strided and not tensor.is_nested


def stands_for_others(tensor: Tensor) -> bool:
    """Whether a tensor is what a function sees within ``torch.vmap`` and its like: its numbers are not there to be read."""
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))


def all_tensors(output: Any) -> list[Tensor]:
    """Every tensor in an output."""
    if isinstance(output, Tensor):
        return [] if output.is_nested else [output]
    return [tensor for part in parts(output).values() for tensor in all_tensors(part)]


def describe_unread(output: Any) -> str:
    """Why nothing of an output without a ``first_tensor`` can be read, in words that follow a module's name."""
    tensors = all_tensors(output)
    if not tensors:
        return f"gives a {type(output).__name__} without tensors of floating-point numbers"
    if any(map(stands_for_others, tensors)):
        return "runs within torch.vmap or a like transform, where nothing can be read"
    kind = "" if tensors[0].layout == torch.strided else f" {str(tensors[0].layout).removeprefix('torch.')}"
    return f"gives{kind} {str(tensors[0].dtype).removeprefix('torch.')} values, which are no ordinary floating-point numbers"

"""Kinds of modules that cannot be looked into, each refused in one line, and modules that must be completed first."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.models.placement import copy_network


def check_kind(network: nn.Module, name: str) -> None:
    """Refuse modules whose inner modules do not run as Python, or that are spread over several devices.

    Raises:
        UserError: naming the kind, and what to give instead.
    """
    if isinstance(network, torch.jit.ScriptModule):
        raise UserError(
            f"{name} is TorchScript, whose layers cannot be read: give the torch.nn.Module that it was made from "
            "(torch.save(scripted.state_dict(), FILE) keeps its weights for --checkpoint)"
        )
    if is_exported(network):
        raise UserError(
            f"{name} is a program of torch.export, which has no modules left whose layers could be read: give the "
            "torch.nn.Module that it was exported from"
        )
    if isinstance(network, nn.DataParallel) and len(network.device_ids) > 1:
        raise UserError(f"{name} is spread over {len(network.device_ids)} devices by DataParallel: give its .module")


def is_exported(network: nn.Module) -> bool:
    """Whether a module is what ``torch.export.export(...).module()`` gives: all its operations in one graph."""
    if not isinstance(network, torch.fx.GraphModule):
        return False
    called = [str(node.target) for node in network.graph.nodes if node.op == "call_module"]
    return all(name.startswith("_guards") for name in called)  # the only module that an export keeps checks its inputs


def check_weights(network: nn.Module, name: str, checkpoint: bool) -> None:
    """Refuse a network some of whose weights are without memory, on the meta device.

    Raises:
        UserError: naming the first of them.
    """
    tensors = [*network.named_parameters(), *network.named_buffers()]
    empty = [key for key, tensor in tensors if tensor.is_meta]
    if empty:
        more = f" and {len(empty) - 1} more" if len(empty) > 1 else ""
        way = (
            "the checkpoint does not hold it: fill it in the factory"
            if checkpoint
            else "give them with --checkpoint FILE"
        )
        raise UserError(f"{name} has no weights in memory, {empty[0]!r}{more} on the meta device: {way}")


def has_lazy_weights(network: nn.Module) -> bool:
    """Whether some parameters get their shapes only when the network first sees an image."""
    tensors = [*network.parameters(), *network.buffers()]
    return any(nn.parameter.is_lazy(tensor) for tensor in tensors)


def try_copy(network: nn.Module) -> nn.Module:
    """A copy to try things out with, whose lazy weights a trial may fill; the network itself where it cannot be copied."""
    try:
        return copy_network(network)
    except Exception:  # whatever a user's own module may raise
        return network


def needed_inputs(network: nn.Module) -> list[str]:
    """The names of what a network's forward cannot be called without; none where its signature cannot be read."""
    try:
        parameters = inspect.signature(network.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [
        parameter.name for parameter in parameters if parameter.kind in kinds and parameter.default is parameter.empty
    ]


def find_attribute(network: nn.Module, name: str) -> Any:
    """What a network states in an attribute, None if nothing; inside DataParallel, AveragedModel and their like the inner one."""
    stated = getattr(network, name, None)
    if stated is None and [child for child, _ in network.named_children()] == ["module"]:
        return find_attribute(network.get_submodule("module"), name)
    return stated


def tensors_of(value: object) -> list[Tensor]:
    """The tensors among what a state dict holds beside tensors: packed weights of quantised modules are tuples of some."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [tensor for part in value for tensor in tensors_of(part)]
    return []

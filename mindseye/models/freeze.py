"""Freezing a network for a time, copying it, and its hooks."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def freeze(network: nn.Module) -> Iterator[nn.Module]:
    """The network in evaluation mode, its parameters without gradients; afterwards every module is as it was.

    The flags of each module and each parameter come back one by one: part of a network may have been in evaluation
    mode, or frozen, before.
    """
    training = [(module, module.training) for module in network.modules()]
    needing = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    try:
        network.eval()
        network.requires_grad_(False)
        yield network
    finally:
        for module, was_training in training:
            module.training = was_training
        for parameter, needed in needing:
            parameter.requires_grad_(needed)


def copy_modules(network: nn.Module) -> nn.Module:
    """A copy of a network with modules of its own; parameters, buffers and hooks are shared with the original."""
    hooks = [hook for module in network.modules() for hook in list_hooks(module)]
    return copy.deepcopy(network, {id(kept): kept for kept in [*network.parameters(), *network.buffers(), *hooks]})


def list_hooks(module: nn.Module) -> list[Callable[..., Any]]:
    """The hooks of a module, forward and backward."""
    tables = (
        module._forward_hooks,
        module._forward_pre_hooks,
        module._backward_hooks,
        module._backward_pre_hooks,
    )
    return [hook for table in tables for hook in table.values()]


@contextmanager
def disable_fast_attention() -> Iterator[None]:
    """Keep PyTorch's fused attention from bypassing the modules (and their hooks) inside an encoder block."""
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)

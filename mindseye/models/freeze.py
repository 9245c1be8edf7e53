"""A network that is looked at, not trained: for as long as it lasts, and back as it was afterwards."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def frozen(network: nn.Module) -> Iterator[nn.Module]:
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


def twin(network: nn.Module) -> nn.Module:
    """A copy of a network whose modules are its own; tensors and hooks, and whatever these hear with, are shared."""
    hooks = [hook for module in network.modules() for hook in hooks_of(module)]
    return copy.deepcopy(network, {id(one): one for one in [*network.parameters(), *network.buffers(), *hooks]})


def hooks_of(module: nn.Module) -> list[Callable[..., Any]]:
    """All that is called when a module works forward or backward."""
    tables = (
        module._forward_hooks,
        module._forward_pre_hooks,
        module._backward_hooks,
        module._backward_pre_hooks,
    )
    return [hook for table in tables for hook in table.values()]


@contextmanager
def plain_attention() -> Iterator[None]:
    """Keep PyTorch's fused attention from bypassing the modules (and their hooks) inside an encoder block."""
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)

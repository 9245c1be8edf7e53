"""A network that is looked at, not trained: for as long as it lasts, and back as it was afterwards."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

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
    """A copy of a network whose modules are its own and whose tensors are shared."""
    tensors = [*network.parameters(), *network.buffers()]
    return copy.deepcopy(network, {id(tensor): tensor for tensor in tensors})


@contextmanager
def plain_attention() -> Iterator[None]:
    """Keep PyTorch's fused attention from bypassing the modules (and their hooks) inside an encoder block."""
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)

"""Freezing a network for a time, copying it, and its hooks."""

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn

from mindseye.errors import UserError, one_line


@contextmanager
def freeze(network: nn.Module) -> Iterator[nn.Module]:
    """The network in evaluation mode, its parameters without gradients; afterwards every module is as it was.

    The flags of each module and each parameter come back one by one: part of a network may have been in evaluation
    mode, or frozen, before.

    Raises:
        UserError: if the network refuses evaluation mode.
    """
    training = [(module, module.training) for module in network.modules()]
    needing = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    try:
        turn_to_evaluation(network, type(network).__name__)
        yield network
    finally:
        for module, was_training in training:
            module.training = was_training
        for parameter, needed in needing:
            if _has_flag(parameter):
                parameter.requires_grad_(needed)


def turn_to_evaluation(network: nn.Module, name: str) -> None:
    """Evaluation mode, without gradients for the parameters; the return values of ``eval()`` and ``train()`` are ignored.

    Raises:
        UserError: if the network refuses.
    """
    try:
        network.eval()
    except Exception as error:  # whatever a user's own module may raise
        raise UserError(f"{name} cannot be put into evaluation mode: eval() fails with {one_line(error)}") from error
    freeze_parameters(network)


def freeze_parameters(network: nn.Module) -> None:
    """No gradients for a network's parameters."""
    for parameter in network.parameters():
        if _has_flag(parameter):
            parameter.requires_grad_(False)


def _has_flag(parameter: nn.Parameter) -> bool:
    """Whether a parameter can be told to need gradients: not without a shape yet (lazy modules), nor under inference_mode."""
    return not nn.parameter.is_lazy(parameter) and not parameter.is_inference()


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


def run_eagerly(network: nn.Module) -> AbstractContextManager[object]:
    """Runs a network without what ``torch.compile`` has made of it or of parts of it: compiled code does not call new hooks."""
    is_compiled = any(hasattr(module, "_orig_mod") or module._compiled_call_impl for module in network.modules())
    return torch.compiler.set_stance("force_eager") if is_compiled else nullcontext()


@contextmanager
def seed_pass(seed: int, device: torch.device) -> Iterator[None]:
    """Random numbers from a seed (PyTorch's, NumPy's, Python's), for a network that draws some; the caller's stay as they are."""
    plain, of_numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed)
            yield
    finally:
        random.setstate(plain)
        np.random.set_state(of_numpy)


@contextmanager
def allow_gradients() -> Iterator[None]:
    """Gradients can be followed, whatever the caller has switched off around (``no_grad``, ``inference_mode``)."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


@contextmanager
def follow_gradients() -> Iterator[None]:
    """Gradients are followed, but nothing is kept for a backward pass, so that it takes no memory."""
    with allow_gradients(), torch.autograd.graph.saved_tensors_hooks(lambda tensor: None, lambda nothing: nothing):
        yield

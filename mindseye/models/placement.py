"""Where and in which precision a network computes: its device, the layout of its weights in memory, float32."""

import copy
from typing import Any

import torch
from torch import nn

from mindseye.errors import UserError


def torch_device(name: str, model: str | nn.Module = "") -> torch.device:
    """The device that a name means. ``auto``: where a given module is already, else cuda, mps or cpu, whichever is there.

    Raises:
        UserError: for an unknown device, or one that this machine does not have.
    """
    if name == "auto":
        parameter = next(model.parameters(), None) if isinstance(model, nn.Module) else None
        if parameter is not None:
            return parameter.device
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        there = ["auto", "cpu"]
        there += ["cuda", "cuda:N"] if torch.cuda.is_available() else []
        there += ["mps"] if torch.backends.mps.is_available() else []
        raise UserError(f"device {name!r} is not to be had here; use {', '.join(there[:-1])} or {there[-1]}") from error
    return device


def put_channels_last(network: nn.Module) -> None:
    """Lay out the weights of two-dimensional convolutions channels last in memory, where they compute faster.

    Tensors of five axes (three-dimensional convolutions) and sparse ones are left as they are; PyTorch's own conversion of a whole
    network refuses them.
    """
    tensors = [*network.parameters(), *network.buffers()]
    if all(tensor.dim() != 5 and tensor.layout == torch.strided for tensor in tensors):
        network.to(memory_format=torch.channels_last)
        return
    for tensor in tensors:
        if tensor.dim() == 4 and tensor.layout == torch.strided:
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)


def weights_dtypes(network: nn.Module) -> set[torch.dtype]:
    """The precisions of a network's floating-point weights, also of those that have no shape yet (lazy modules)."""
    return {
        tensor.dtype
        for tensor in network.parameters()
        if tensor.is_floating_point() and (nn.parameter.is_lazy(tensor) or tensor.layout == torch.strided)
    }


def weights_dtype(network: nn.Module) -> torch.dtype:
    """The precision in which a network is given images: that of its weights; float32 where it has none, or several."""
    dtypes = weights_dtypes(network)
    return dtypes.pop() if len(dtypes) == 1 else torch.float32


def weights_device(network: nn.Module) -> torch.device:
    """The device of a network's first parameter or buffer; the CPU where it has none."""
    first = next((tensor for tensors in (network.parameters(), network.buffers()) for tensor in tensors), None)
    return torch.device("cpu") if first is None else first.device


def bring_to_float32(network: nn.Module, is_given: bool) -> nn.Module:
    """A copy of the network with its floating-point weights in float32; complex and whole numbers stay.

    is_given: the network must stay as it is; else it is changed itself where it cannot be copied.

    Raises:
        UserError: if a network that was given cannot be copied.
    """
    try:
        return copy_network(network).float()
    except Exception as error:  # whatever a user's own module may raise
        if not is_given:
            return network.float()
        raise UserError(
            f"the weights are {weights_dtype(network)} and the module cannot be copied to bring them to float32: "
            "give network.float()"
        ) from error


def copy_network(network: nn.Module) -> nn.Module:
    """A whole copy of a network.

    PyTorch cannot copy weights that have no shape yet: the copy gets such weights of its own. Those that were made under
    ``inference_mode``, through which no gradient passes, become ordinary ones.
    """
    made: dict[int, Any] = {}
    for tensor in [*network.parameters(), *network.buffers()]:
        if nn.parameter.is_lazy(tensor):
            kind: Any = type(tensor)
            made[id(tensor)] = kind(tensor.requires_grad, device=tensor.device, dtype=tensor.dtype)
        elif tensor.is_inference():
            with torch.inference_mode(False):
                plain = tensor.detach().clone()
            made[id(tensor)] = nn.Parameter(plain, False) if isinstance(tensor, nn.Parameter) else plain
    with torch.inference_mode(False):
        return copy.deepcopy(network, made)


def without_inference(network: nn.Module) -> nn.Module:
    """The network, or a copy whose weights let gradients pass where some were made under ``inference_mode``."""
    tensors = [*network.parameters(), *network.buffers()]
    has_any = any(not nn.parameter.is_lazy(tensor) and tensor.is_inference() for tensor in tensors)
    return copy_network(network) if has_any else network

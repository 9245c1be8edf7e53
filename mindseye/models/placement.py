"""Where a network computes."""

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
        raise UserError(f"device {name!r} is not to be had here; use auto, cpu, cuda, cuda:N or mps") from error
    return device

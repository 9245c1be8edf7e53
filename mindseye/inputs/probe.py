"""What a network does with an image, found by giving it one."""

import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.inputs.layout import first_tensor
from mindseye.inputs.pixels import one_line


def count_outputs(network: nn.Module, channels: int, size: int) -> int | None:
    """How many classes the network scores, None if its output is no list of scores per image.

    Raises:
        UserError: if it does not take images of this many channels and this size.
    """
    try:
        output = _look(network, channels, size)
    except Exception as error:  # anything that somebody's forward pass may raise
        raise UserError(f"the model does not take images of {channels} x {size} x {size}: {one_line(error)}") from error
    return output.shape[1] if output is not None and output.dim() == 2 else None


def is_fixed_size(network: nn.Module, channels: int, size: int) -> bool:
    """Whether the network takes no other size, found by trying half of it and twice, which divides alike."""
    return not any(_takes(network, channels, other) for other in (size // 2, 2 * size))


def _takes(network: nn.Module, channels: int, size: int) -> bool:
    try:
        _look(network, channels, size)
    except Exception:
        return False
    return True


@torch.no_grad()
def _look(network: nn.Module, channels: int, size: int) -> Tensor | None:
    parameter = next(network.parameters(), torch.zeros(()))
    return first_tensor(network(torch.zeros(1, channels, size, size, dtype=parameter.dtype, device=parameter.device)))

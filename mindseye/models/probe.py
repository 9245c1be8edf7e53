"""The probe of a network: what it does with an image is learned by giving it one."""

import torch
from torch import Tensor, nn

from mindseye.errors import UserError, one_line
from mindseye.models.output_parts import first_tensor


def count_outputs(network: nn.Module, in_channels: int, size: int) -> int | None:
    """How many classes the network scores, None if its output is no list of scores per image.

    Raises:
        UserError: if it does not take images of this many channels and this size.
    """
    try:
        output = _run(network, in_channels, size)
    except Exception as error:  # anything that somebody's forward pass may raise
        raise UserError(
            f"the model does not take images of {in_channels} x {size} x {size}: {one_line(error)}"
        ) from error
    return output.shape[1] if output is not None and output.dim() == 2 else None


def is_fixed_size(network: nn.Module, in_channels: int, size: int) -> bool:
    """Whether the network takes no other size, found by trying half of it and twice, which divides alike."""
    return not any(_accepts(network, in_channels, other) for other in (size // 2, 2 * size))


def _accepts(network: nn.Module, in_channels: int, size: int) -> bool:
    try:
        _run(network, in_channels, size)
    except Exception:
        return False
    return True


@torch.no_grad()
def _run(network: nn.Module, in_channels: int, size: int) -> Tensor | None:
    parameter = next(network.parameters(), torch.zeros(()))
    return first_tensor(
        network(torch.zeros(1, in_channels, size, size, dtype=parameter.dtype, device=parameter.device))
    )


def example_input(in_channels: int, height: int, width: int, batch: int, network: nn.Module) -> Tensor:
    """A batch of reproducible noise on the network's device and in its precision, to see which modules fire."""
    parameter = next(network.parameters(), torch.zeros(()))
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(batch, in_channels, height, width, generator=generator)
    return noise.to(device=parameter.device, dtype=parameter.dtype)

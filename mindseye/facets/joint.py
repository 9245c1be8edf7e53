"""What the channels of a layer do together, as layers of their own whose sorted values can be matched.

The sorted values of single channels leave free which of them are active at one place, and what lies beside what. Sorted
values along directions of channel space say the first (the sliced Wasserstein distance: Heitz, Vanhoey, Chambon and
Belcour, "A Sliced Wasserstein Loss for Neural Texture Synthesis", CVPR 2021), those of means over neighbours the second.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from math import isqrt

import torch
from torch import Tensor

from mindseye.facets.image import halve
from mindseye.layers.layer import Layer

DIRECTIONS = 64
"""Directions of channel space that a layer is seen along; as many as it has channels, where these are fewer."""
NEIGHBOURS = 2
"""Side of the squares of positions whose means are taken, as ``halve`` takes them."""

ALONG, BESIDE = "/directions", "/neighbours"


def joint_addresses(layer: Layer) -> list[str]:
    """The addresses of what the channels of a layer do together."""
    return [layer.address + ALONG, *([layer.address + BESIDE] if has_neighbours(layer) else [])]


def is_joint(address: str) -> bool:
    """Whether an address is one of these, which is made of a layer and not read from the network."""
    return address.endswith((ALONG, BESIDE))


def joint_layers(
    activations: Mapping[str, Tensor], layers: Sequence[Layer], wanted: Collection[str]
) -> dict[str, Tensor]:
    """What the channels of layers do together, [images, directions or channels, positions] by address.

    ``ADDRESS/directions``: activations along fixed random orthonormal directions of channel space, at each position.
    ``ADDRESS/neighbours``: means over squares of 2 x 2 positions; of an image seen so small that the layer has one position, that.

    Args:
        activations: {address: [images, channels, positions]}. layers: that were read. wanted: addresses, others are ignored.
    """
    made: dict[str, Tensor] = {}
    for layer in layers:
        activation = activations[layer.address]
        if layer.address + ALONG in wanted:
            directions = _directions(activation.shape[1], activation.device)
            made[layer.address + ALONG] = torch.einsum("dc,bcp->bdp", directions, activation.float())
        if layer.address + BESIDE in wanted:
            made[layer.address + BESIDE] = _means(activation.float())
    return made


def has_neighbours(layer: Layer) -> bool:
    """Whether the positions of a layer fill a square, row by row."""
    grid = layer.rows_and_columns
    return grid is not None and grid[0] == grid[1] >= NEIGHBOURS


def _means(activation: Tensor) -> Tensor:
    side = isqrt(activation.shape[-1])
    if side < NEIGHBOURS:
        return activation
    return halve(activation.reshape(*activation.shape[:2], side, side)).flatten(2)


@cache
def _directions(channels: int, device: torch.device) -> Tensor:
    """Orthonormal directions, [directions, channels]: the same for every layer of so many channels, of any run."""
    shape, generator = (channels, min(DIRECTIONS, channels)), torch.Generator().manual_seed(0)
    basis: Tensor = torch.linalg.qr(torch.randn(shape, generator=generator, dtype=torch.float64)).Q
    return basis.T.float().contiguous().to(device, non_blocking=True)

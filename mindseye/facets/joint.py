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
from torch.nn import functional

from mindseye.facets.image import halve
from mindseye.layers.layer import Layer

DIRECTIONS = 64
"""Directions of channel space that a layer is seen along; as many as it has channels, where these are fewer."""
SMALLEST = 2
"""Side of the smallest square of positions that has neighbours in it."""

ALONG, BESIDE = "/directions", "/neighbours/"


def joint_addresses(layer: Layer, sides: Sequence[int]) -> list[str]:
    """The addresses of what the channels of a layer do together.

    sides: of the squares of neighbours, in positions. Those of more than half of the layer's map are left out, since their
    means tell little beside the mean of all.
    """
    grid = layer.rows_and_columns if has_neighbours(layer) else None
    fitting = [side for side in sides if side <= max(SMALLEST, grid[0] // 2)] if grid else []
    return [layer.address + ALONG, *(f"{layer.address}{BESIDE}{side}" for side in fitting)]


def is_joint(address: str) -> bool:
    """Whether an address is one of these, which is made of a layer and not read from the network."""
    return address.endswith(ALONG) or _square_of(address)[1] > 0


def joint_layers(
    activations: Mapping[str, Tensor], layers: Sequence[Layer], wanted: Collection[str]
) -> dict[str, Tensor]:
    """What the channels of layers do together, [images, directions or channels, positions] by address.

    ``ADDRESS/directions``: activations along fixed random orthonormal directions of channel space, at each position.
    ``ADDRESS/neighbours/SIDE``: means over squares of so many positions a side, half a side apart but no less than two
    positions; where the layer has fewer, over all of them.

    Args:
        activations: {address: [images, channels, positions]}. layers: that were read. wanted: addresses, others are ignored.
    """
    made: dict[str, Tensor] = {}
    squares: dict[str, list[int]] = {}
    for address in wanted:
        whose, square = _square_of(address)
        if square:
            squares.setdefault(whose, []).append(square)
    for layer in layers:
        along, own = layer.address + ALONG in wanted, squares.get(layer.address, [])
        if not (along or own):
            continue
        activation = activations[layer.address].float()
        if along:
            made[layer.address + ALONG] = along_directions(activation)
        made |= {f"{layer.address}{BESIDE}{square}": means for square, means in _neighbours(activation, own).items()}
    return made


def along_directions(activation: Tensor) -> Tensor:
    """An activation [images, channels, positions] along its directions, [images, directions, positions]."""
    return torch.matmul(_directions(activation.shape[1], activation.device), activation)


def directions_of(address: str) -> str | None:
    """The layer that is seen along directions under this address, or None where it is another one."""
    return address.removesuffix(ALONG) if address.endswith(ALONG) else None


def has_neighbours(layer: Layer) -> bool:
    """Whether the positions of a layer fill a square, row by row."""
    grid = layer.rows_and_columns
    return grid is not None and grid[0] == grid[1] >= SMALLEST


def _neighbours(activation: Tensor, squares: Collection[int]) -> dict[int, Tensor]:
    """The means over squares of neighbours, by their side."""
    side = isqrt(activation.shape[-1])
    if side < SMALLEST or not squares:
        return dict.fromkeys(squares, activation)
    maps = activation.reshape(*activation.shape[:2], side, side)
    halves = halve(maps)
    # Gradients are summed up in the order in which this is made, and a set has another order in every process.
    return {square: _means(maps, halves, min(square, side)).flatten(2) for square in sorted(squares)}


def _means(maps: Tensor, halves: Tensor, square: int) -> Tensor:
    """Of maps and of their halves: a square that begins and ends with 2 x 2 positions is made of those, which are fewer."""
    if square == SMALLEST:
        return halves
    if square % (2 * SMALLEST) == 0:
        return functional.avg_pool2d(halves, square // 2, square // 4)
    return functional.avg_pool2d(maps, square, max(SMALLEST, square // 2))


def _square_of(address: str) -> tuple[str, int]:
    """The layer, and the side of the squares whose means an address stands for; a side of 0 where it is another one."""
    whose, mark, side = address.rpartition(BESIDE)
    return (whose, int(side)) if mark and side.isdecimal() else (address, 0)


@cache
def _directions(channels: int, device: torch.device) -> Tensor:
    """Orthonormal directions, [directions, channels]: the same for every layer of so many channels, of any run."""
    shape, generator = (channels, min(DIRECTIONS, channels)), torch.Generator().manual_seed(0)
    basis: Tensor = torch.linalg.qr(torch.randn(shape, generator=generator, dtype=torch.float64)).Q
    return basis.T.float().contiguous().to(device, non_blocking=True)

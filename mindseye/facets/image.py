"""The image itself as layers: its values, its colours, its detail at several scales, and how much of that lies where."""

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

RGB = "rgb"
"""The address under which the image itself counts as a layer: what the network sees, in [0, 1]."""

COLOUR = "colour"
"""The address of the differences between channels: values alone do not say which of them stand together."""

LEVELS = 4
DETAIL = tuple(f"detail/{level}" for level in range(LEVELS))
"""The addresses of the image's detail, finest first."""

ENERGY = tuple(f"{address}/energy" for address in DETAIL[:3])
"""The addresses of how much detail there is in each place, finest first."""
SQUARE = 8
"""Side of these places, in values of the detail that they are of."""

SMALLEST = 2


def image_layers(images: Tensor, wanted: Collection[str] = ()) -> dict[str, Tensor]:
    """The layers of images [B, C, H, W] that need no network, each [B, channels, positions].

    ``rgb``, and ``colour``: each channel less the next, the last less the first; of a single channel 0. Always there.

    wanted: addresses, of which the detail and its energy are made; others are ignored.

    Detail are the bands of a Laplacian pyramid (Burt and Adelson, "The Laplacian Pyramid as a Compact Image Code", 1983):
    what is lost when the image is halved (means of 2 x 2 pixels) and brought back to its size (bilinear), of the image
    itself and of its halves. In photos most of it is near zero and little of it large, which its sorted values keep.

    Energy is the mean size of a band over squares of 8 of its values a side, half a side apart (after Laws, "Rapid Texture
    Identification", 1980, who takes windows of 15). The values alone do not say where they are: spread evenly over a picture they
    are a maze, where photos have them in some places and nothing in others.
    """
    layers = {RGB: images.flatten(2)}
    layers[COLOUR] = layers[RGB] - layers[RGB].roll(-1, dims=1)
    if any(address in wanted for address in (*DETAIL, *ENERGY)):
        bands = _pyramid(images)
        layers |= {address: band.flatten(2) for address, band in bands.items() if address in wanted}
        energies = zip(ENERGY, DETAIL, strict=False)
        layers |= {address: _energy(bands[band]).flatten(2) for address, band in energies if address in wanted}
    return layers


def _pyramid(images: Tensor) -> dict[str, Tensor]:
    bands = {}
    for address in DETAIL:
        # An image too small to be halved any more has no coarser detail than its last.
        halves = halve(images) if min(images.shape[-2:]) >= SMALLEST else images
        back = functional.interpolate(halves, size=images.shape[-2:], mode="bilinear", align_corners=False)
        bands[address] = images - back
        images = halves
    return bands


def _energy(band: Tensor) -> Tensor:
    side = max(1, min(SQUARE, min(band.shape[-2:]) // 2))
    return functional.avg_pool2d(band.abs(), side, max(1, side // 2))


def halve(images: Tensor) -> Tensor:
    """Images [B, C, H, W] at half their size: the means of 2 x 2 pixels; an odd row or column at the end is left out.

    To the last bit what ``torch.nn.functional.avg_pool2d(images, 2)`` gives, which takes three times as long on a CPU.
    """
    # Of another order in memory, pooling chooses that of what it gives, and sums over it depend on the order in the last bit.
    is_exact = images.dtype in (torch.float32, torch.float64)  # of shorter numbers pooling adds up longer ones
    if images.device.type != "cpu" or not is_exact or not images.is_contiguous():
        return functional.avg_pool2d(images, 2)
    halves: Tensor = _Halves.apply(images)
    return halves


class _Halves(torch.autograd.Function):
    """Sums of four strided views, in the order in which pooling adds them."""

    @staticmethod
    def forward(ctx: Any, images: Tensor) -> Tensor:
        ctx.sides = images.shape[-2:]
        height, width = (side // 2 * 2 for side in ctx.sides)
        upper, lower = images[..., 0:height:2, :width], images[..., 1:height:2, :width]
        halves = upper.new_empty(*images.shape[:2], height // 2, width // 2)
        torch.add(upper[..., ::2], upper[..., 1::2], out=halves)
        halves += lower[..., ::2]
        halves += lower[..., 1::2]
        halves /= 4
        return halves

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        quarters = (gradient / 4).repeat_interleave(2, -1).repeat_interleave(2, -2)
        below, right = (side - have for side, have in zip(ctx.sides, quarters.shape[-2:], strict=True))
        return functional.pad(quarters, (0, right, 0, below)) if below or right else quarters


def is_of_image(address: str) -> bool:
    """Whether an address is one of the image itself, which no network has to give."""
    return address in (RGB, COLOUR, *DETAIL, *ENERGY)

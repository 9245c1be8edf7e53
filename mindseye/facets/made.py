"""Layers that are not read from the network but made: of the image itself, and of what was read."""

from collections.abc import Collection, Mapping, Sequence

from torch import Tensor

from mindseye.facets.image import image_layers, is_of_image
from mindseye.facets.joint import is_joint, joint_layers
from mindseye.layers.layer import Layer


def made_layers(
    images: Tensor, activations: Mapping[str, Tensor], layers: Sequence[Layer], wanted: Collection[str]
) -> dict[str, Tensor]:
    """What is made of images and of activations, [images, channels, positions] by address.

    Args:
        images: [B, C, H, W] in [0, 1]. activations: what a network answers to them, by address. layers: that were read.
        wanted: addresses; the image's values and colours are always there, all else where it is among these.
    """
    return image_layers(images, wanted) | joint_layers(activations, layers, wanted)


def is_made(address: str) -> bool:
    """Whether an address is one that the network does not have to give."""
    return is_of_image(address) or is_joint(address)

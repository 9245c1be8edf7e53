"""What an attribution method gives: a map per photo, and the numbers beside it."""

import warnings
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.wording import install_command

Numbers = dict[str, list[float]]


@dataclass(frozen=True)
class Explanation:
    """Maps of some images by one method.

    method: its name. map: [images, height, width] in image coordinates, float32 on the CPU. signed: whether below zero
    speaks against the score; else no value is below zero. settings: plain values. numbers: one per image each; ``score``
    is always among them.
    """

    method: str
    map: Tensor
    signed: bool
    settings: dict[str, Any]
    numbers: Numbers

    def single(self, index: int) -> "Explanation":
        """That of one of the images, as a batch of one."""
        numbers = {name: [values[index]] for name, values in self.numbers.items()}
        return replace(self, map=self.map[index : index + 1], numbers=numbers)


def explanation(method: str, heat: Tensor, signed: bool, settings: dict[str, Any], **numbers: Tensor) -> Explanation:
    """An explanation from tensors on any device: a map [images, height, width] and numbers [images].

    Raises:
        UserError: if the map of an image is NaN or infinite.
    """
    heat = heat.detach().float().cpu()
    bad = (~heat.isfinite()).flatten(1).any(1).nonzero().flatten().tolist()
    if bad:
        raise UserError(
            f"{method}: the map of image {bad[0]} is NaN or infinite; does the network give such activations?"
        )
    plain = {name: [float(value) for value in values.detach().cpu()] for name, values in numbers.items()}
    return Explanation(method, heat, signed, settings, plain)


def check_images(images: Tensor, channels: int) -> None:
    """Refuse what is no batch of images with this number of channels.

    Raises:
        UserError: naming the shape.
    """
    if images.dim() != 4 or images.shape[1] != channels or not len(images) or not torch.is_floating_point(images):
        raise UserError(
            f"give floating-point images [images, {channels}, height, width], not {images.dtype} {list(images.shape)}"
        )


def load_captum(name: str) -> Any:
    """A method of Captum, imported only when it is asked for, as it takes seconds.

    Raises:
        UserError: if Captum is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # in a notebook it imports a bar that it does not show, and misses ipywidgets
            return getattr(import_module("captum.attr"), name)
    except ImportError as error:
        raise UserError(f"this method needs Captum: {install_command('explain')}") from error

"""An objective: a named value that maps activations to one number per image, and its arithmetic.

An objective says which layers it reads. It never returns a batch scalar, so facets, units and classes share one batched
loop and no picture's number depends on what lies beside it (but for those that compare pictures, and say so).
Objectives combine with ``+``, ``-``, ``*`` and ``/``; their operands stay as they are.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

Activations = Mapping[str, Tensor]
"""{address: [images, channels, positions]}; ``rgb`` is what the network sees."""

CANVAS = "canvas"
"""The address of the whole picture, before any transform, as [images, channels, side, side]."""

PHOTO = "photo/"
"""What stands before the address of a layer where a photo is meant, seen under the same view as the picture."""


class Objective(ABC):
    """One number per image."""

    name: str
    layers: tuple[str, ...]

    @abstractmethod
    def __call__(self, activations: Activations) -> Tensor:
        """Map {address: [images, channels, positions]} to [images]."""

    @property
    def parameters(self) -> list[Tensor]:
        """What the objective learns along with the picture; first axis: the image."""
        return []

    @property
    def names_positions(self) -> bool:
        """Whether it counts single positions of a map, which must then keep its size."""
        return False

    def __add__(self, other: "Objective | float") -> "Objective":
        return Combined("+", self, _lift(other), torch.add)

    def __sub__(self, other: "Objective | float") -> "Objective":
        return Combined("-", self, _lift(other), torch.sub)

    def __mul__(self, other: "Objective | float") -> "Objective":
        return Combined("*", self, _lift(other), torch.mul)

    def __truediv__(self, other: "Objective | float") -> "Objective":
        return Combined("/", self, _lift(other), torch.div)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: float) -> "Objective":
        return _lift(other) - self

    def __neg__(self) -> "Objective":
        return self * -1.0


class Constant(Objective):
    """The same number for every image."""

    def __init__(self, value: float) -> None:
        self.name, self.layers, self.value = f"{value:g}", (), value

    def __call__(self, activations: Activations) -> Tensor:
        images = next(iter(activations.values()))
        return torch.full((images.shape[0],), self.value, device=images.device)


class Combined(Objective):
    """Two objectives under one arithmetic operation; neither is changed."""

    def __init__(
        self, sign: str, left: Objective, right: Objective, operation: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        self.name = f"({left.name} {sign} {right.name})"
        self.layers = tuple(dict.fromkeys(left.layers + right.layers))
        self._left, self._right, self._operation = left, right, operation

    def __call__(self, activations: Activations) -> Tensor:
        return self._operation(self._left(activations), self._right(activations))

    @property
    def parameters(self) -> list[Tensor]:
        return learned_by((self._left, self._right))

    @property
    def names_positions(self) -> bool:
        return self._left.names_positions or self._right.names_positions


def learned_by(objectives: Iterable[Objective]) -> list[Tensor]:
    """What some objectives learn; what two of them share is there once, as an optimizer wants it."""
    return list({id(tensor): tensor for objective in objectives for tensor in objective.parameters}.values())


def for_images(values: Tensor, activation: Tensor) -> Tensor:
    """Values of each image, [images, ...], or of all alike, [1, ...], for the images of an activation and on its device.

    Raises:
        ValueError: if there are values for another number of images.
    """
    images = activation.shape[0]
    if values.shape[0] not in (1, images):
        raise ValueError(f"values for {values.shape[0]} images do not fit a batch of {images}")
    return values.to(activation.device).expand(images, *values.shape[1:])


def _lift(value: "Objective | float") -> Objective:
    return value if isinstance(value, Objective) else Constant(float(value))

"""An objective: a named value that maps activations to one number per image, and its arithmetic.

An objective says which layers it reads. It never returns a batch scalar, so facets, units and classes share one batched
loop and no picture's number depends on what lies beside it (but for those that compare pictures, and say so).
Objectives combine with ``+``, ``-``, ``*`` and ``/``; their operands stay as they are.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.made import is_made
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.user_code import explain_errors, settings_of
from mindseye.wording import counted

Activations = Mapping[str, Tensor]
"""{address: [images, channels, positions]}; ``rgb`` is what the network sees."""

CANVAS = "canvas"
"""The address of the whole picture, before any transform, as [images, channels, side, side]; in an early octave of a
``fourier`` or ``maco`` canvas rendered no finer than that octave."""

ALPHA = "alpha"
"""The address of a picture's opacity, before any transform, as [images, 1, side, side]."""

PHOTO = "photo/"
"""What stands before the address of a layer where a photo is meant, seen under the same view as the picture."""


class Objective(ABC):
    """One number per image, larger where the picture shows more of what is asked for.

    One of your own says which layers it reads, for its class or in its ``__init__``, and maps their activations:

        class Contrast(Objective):
            layers = ("layer3.5",)

            def __call__(self, activations):
                return activations["layer3.5"].amax(-1).std(1)

    name: what pictures and tables call it; its class's name where it says none. layers: the addresses that it reads: layers
    of the network as ``mindseye layers`` lists them, ``output``, ``rgb`` for what the network sees, ``canvas``.
    """

    name: str
    layers: tuple[str, ...]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "name" not in vars(cls):
            cls.name = cls.__name__

    @abstractmethod
    def __call__(self, activations: Activations) -> Tensor:
        """Map {address: [images, channels, positions]} to [images], differentiable; never the mean over a batch."""

    def bind(self, network: Surveyed) -> "Objective":
        """The objective for one network: what it leaves open is looked up there, and what it reads must be there.

        Raises:
            UserError: if a layer that it reads does not fire, with near names.
        """
        for address in network_layers(self):
            network.find(address)
        return self

    def check(self, activations: Activations) -> None:
        """Called once, with the activations of the start: refuse an objective of the user's own that gives no [images].

        Raises:
            UserError: saying what it gives, or how its code fails.
        """
        if type(self).__module__.startswith("mindseye."):
            return
        with explain_errors(self, torch.cuda.OutOfMemoryError):
            values = self(activations)
        images = next(iter(activations.values())).shape[0]
        if not isinstance(values, Tensor) or values.shape != (images,):
            told = list(values.shape) if isinstance(values, Tensor) else f"a {type(values).__name__}"
            raise UserError(
                f"objective {self.name!r} gives {told} for {counted(images, 'images')}, not one number for each, [{images}]"
            )

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
        self.name = f"({name_of(left)} {sign} {name_of(right)})"
        self.layers = tuple(dict.fromkeys(layers_of(left) + layers_of(right)))
        self._sign, self._left, self._right, self._operation = sign, left, right, operation

    def __call__(self, activations: Activations) -> Tensor:
        return self._operation(self._left(activations), self._right(activations))

    def bind(self, network: Surveyed) -> Objective:
        bound = Combined(self._sign, self._left.bind(network), self._right.bind(network), self._operation)
        bound.name = self.name
        return bound

    def check(self, activations: Activations) -> None:
        self._left.check(activations)
        self._right.check(activations)

    @property
    def parameters(self) -> list[Tensor]:
        return learned_by((self._left, self._right))

    @property
    def names_positions(self) -> bool:
        return self._left.names_positions or self._right.names_positions


def name_of(objective: Objective | type[Objective]) -> str:
    """What an objective is called: as it says, otherwise by its class and settings, which tell it from others of that class."""
    if isinstance(objective, type) or objective.name != type(objective).__name__:
        return objective.name
    return objective.name + settings_of(objective)


def layers_of(objective: Objective) -> tuple[str, ...]:
    """The addresses that an objective reads.

    Raises:
        UserError: if it says none in a list, with an example.
    """
    layers = getattr(objective, "layers", None)
    layers = (layers,) if isinstance(layers, str) else layers
    if not isinstance(layers, tuple | list) or not all(isinstance(address, str) for address in layers):
        raise UserError(
            f"objective {objective.name!r} does not say what it reads: give its class layers = ('layer3.5',)"
        )
    return tuple(layers)


def network_layers(objective: Objective) -> list[str]:
    """Those addresses that the network has to give."""
    return [address.removeprefix(PHOTO) for address in layers_of(objective) if is_of_network(address)]


def is_of_network(address: str) -> bool:
    """Whether an address is one that the network has to give, rather than the picture itself."""
    return address not in (CANVAS, ALPHA) and not is_made(address)


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
    return values.to(activation.device, non_blocking=True).expand(images, *values.shape[1:])


def _lift(value: "Objective | float") -> Objective:
    if isinstance(value, Objective):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"an objective is combined with another one or with a number, not with {value!r}")
    return Constant(float(value))

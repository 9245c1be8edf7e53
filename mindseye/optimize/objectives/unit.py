"""Units: a channel, a neuron, a class, and a layer as a whole.

What is asked for is a whole number for all images, or one for each image: a list, or a tensor [images] or [1].
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.target import check_channels
from mindseye.layers.layer import check_address
from mindseye.optimize.objectives.objective import Activations, Objective, for_images
from mindseye.optimize.objectives.surveyed import Surveyed

Indices = int | Sequence[int] | Tensor


class Channel(Objective):
    """The mean activation of one channel per image; of a network's output, the logit of a class."""

    def __init__(self, layer: str, channels: Indices) -> None:
        """channels: the channel of all images, or of each.

        Raises:
            UserError: if they are no whole numbers.
        """
        self.name = (
            f"{check_address(layer)}:{channels}" if isinstance(channels, int) else f"channel {check_address(layer)}"
        )
        self.layers, self.channels = (layer,), _indices(channels, "channels")

    def bind(self, network: Surveyed) -> Objective:
        return _check_bound(self, network, self.channels)

    def __call__(self, activations: Activations) -> Tensor:
        return _pick(activations[self.layers[0]].float().mean(-1), self.channels)


class Neuron(Objective):
    """The activation of one channel at one position per image."""

    def __init__(self, layer: str, channels: Indices, positions: Indices) -> None:
        """channels, positions: of all images, or of each; of a map, a position is ``row * columns + column``.

        Raises:
            UserError: if they are no whole numbers.
        """
        self.name, self.layers = f"neuron {check_address(layer)}", (layer,)
        self._channels, self._positions = _indices(channels, "channels"), _indices(positions, "positions")

    def bind(self, network: Surveyed) -> Objective:
        layer, last = network.find(self.layers[0]), int(self._positions.max())
        if last >= layer.positions:
            raise UserError(
                f"position {last} is not in layer {self.layers[0]!r}: its positions are 0-{layer.positions - 1}"
            )
        return _check_bound(self, network, self._channels)

    @property
    def names_positions(self) -> bool:
        return True

    def __call__(self, activations: Activations) -> Tensor:
        activation = activations[self.layers[0]]
        positions = for_images(self._positions, activation)[:, None, None].expand(-1, activation.shape[1], -1)
        return _pick(activation.gather(2, positions).squeeze(2).float(), self._channels)


class LayerNorm(Objective):
    """How much a layer sees of anything: ``mean_{channels, positions} a^2``.

    Mordvintsev, Olah and Tyka, "Inceptionism" (2015), who raise the squared L2 norm of a layer; here divided by its
    number of activations.
    """

    def __init__(self, layer: str) -> None:
        self.name, self.layers = f"norm {check_address(layer)}", (layer,)

    def __call__(self, activations: Activations) -> Tensor:
        return activations[self.layers[0]].float().square().mean((1, 2))


class LogProbability(Objective):
    """The logarithm of a class's softmax probability, ``a_c - log sum_j exp(a_j)``, mean over positions; at most 0.

    The logarithm, as the probability itself has the gradient ``p (1 - p)``, which is 0 in floating point for a picture
    that the network takes for something else; both are largest at the same picture. Computed without the probability,
    so that neither large nor small logits overflow. Unlike a logit it also rises as the other classes fall: Simonyan,
    Vedaldi and Zisserman (2014) raise the logit for that reason.
    """

    def __init__(self, layer: str, classes: Indices) -> None:
        """layer: whose channels are the logits of all classes. classes: the class of all images, or of each.

        Raises:
            UserError: if they are no whole numbers.
        """
        self.name, self.layers = f"log probability {check_address(layer)}", (layer,)
        self._classes = _indices(classes, "classes")

    def bind(self, network: Surveyed) -> Objective:
        return _check_bound(self, network, self._classes)

    def __call__(self, activations: Activations) -> Tensor:
        return _pick(activations[self.layers[0]].float().log_softmax(1).mean(-1), self._classes)


def _indices(values: Indices, key: str) -> Tensor:
    if isinstance(values, Tensor):
        if values.ndim != 1 or not values.numel() or values.is_floating_point() or values.dtype == torch.bool:
            raise UserError(
                f"{key} has shape {list(values.shape)} and {values.dtype}: whole numbers [images] or [1] are meant"
            )
        return values
    listed = [values] if isinstance(values, int) else values
    is_list = isinstance(listed, list | tuple | range) and len(listed) > 0
    if not is_list or not all(isinstance(value, int) and value >= 0 and value is not True for value in listed):
        raise UserError(f"{key} is a whole number from 0 on, or one for each image, not {values!r}")
    return torch.tensor(list(listed))


def _check_bound(objective: Objective, network: Surveyed, channels: Tensor) -> Objective:
    layer = objective.layers[0]
    check_channels(channels.tolist(), layer, network.find(layer).channels)
    return objective


def _pick(values: Tensor, channels: Tensor) -> Tensor:
    """Each image's own channel of values [images, channels]."""
    return values.gather(1, for_images(channels, values)[:, None]).squeeze(1)

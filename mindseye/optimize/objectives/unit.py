"""Units: a channel, a neuron, a class, and a layer as a whole.

What is asked for is given per image, [images], or once for all images, [1].
"""

from torch import Tensor

from mindseye.optimize.objectives.objective import Activations, Objective, for_images


class Channel(Objective):
    """The mean activation of one channel per image; of a network's output, the logit of a class."""

    def __init__(self, layer: str, channels: Tensor) -> None:
        """channels: [images] or [1], whole numbers, the channel of each image."""
        self.name, self.layers, self._channels = f"channel {layer}", (layer,), channels

    def __call__(self, activations: Activations) -> Tensor:
        return _pick(activations[self.layers[0]].float().mean(-1), self._channels)


class Neuron(Objective):
    """The activation of one channel at one position per image."""

    def __init__(self, layer: str, channels: Tensor, positions: Tensor) -> None:
        """channels, positions: [images] or [1], whole numbers; of a map, a position is ``row * columns + column``."""
        self.name, self.layers = f"neuron {layer}", (layer,)
        self._channels, self._positions = channels, positions

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
        self.name, self.layers = f"norm {layer}", (layer,)

    def __call__(self, activations: Activations) -> Tensor:
        return activations[self.layers[0]].float().square().mean((1, 2))


class LogProbability(Objective):
    """The logarithm of a class's softmax probability, ``a_c - log sum_j exp(a_j)``, mean over positions; at most 0.

    The logarithm, as the probability itself has the gradient ``p (1 - p)``, which is 0 in floating point for a picture
    that the network takes for something else; both are largest at the same picture. Computed without the probability,
    so that neither large nor small logits overflow. Unlike a logit it also rises as the other classes fall: Simonyan,
    Vedaldi and Zisserman (2014) raise the logit for that reason.
    """

    def __init__(self, layer: str, classes: Tensor) -> None:
        """layer: whose channels are the logits of all classes. classes: [images] or [1], the class of each image."""
        self.name, self.layers, self._classes = f"log probability {layer}", (layer,), classes

    def __call__(self, activations: Activations) -> Tensor:
        return _pick(activations[self.layers[0]].float().log_softmax(1).mean(-1), self._classes)


def _pick(values: Tensor, channels: Tensor) -> Tensor:
    """Each image's own channel of values [images, channels]."""
    return values.gather(1, for_images(channels, values)[:, None]).squeeze(1)

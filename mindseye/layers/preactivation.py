"""What a layer gives before its activation function: the input of the module that applied it."""

from collections.abc import Sequence

import torch
from torch import nn

from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.models.freeze import freeze
from mindseye.models.probe import example_input

# torch.nn's activation functions that act on each number by itself, and how timm and others call theirs. Softmax, GLU and
# attention mix numbers: what goes into them is no negative side of what comes out.
ELEMENTWISE = {
    *("celu", "elu", "gelu", "gelutanh", "hardmish", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leakyrelu"),
    *("logsigmoid", "memoryefficientswish", "mish", "prelu", "quickgelu", "relu", "relu6", "rrelu", "selu", "sigmoid"),
    *("silu", "softplus", "softshrink", "softsign", "swish", "tanh", "tanhshrink", "threshold"),
}


def is_activation_function(module: nn.Module) -> bool:
    """Whether a module is an activation function that acts on each number by itself, told by its class's names."""
    names = (kind.__name__.casefold().removesuffix("activation") for kind in type(module).__mro__)
    return any(name in ELEMENTWISE for name in names)


def find_preactivation(
    network: nn.Module, layers: Sequence[Layer], layer: Layer, size: int, in_channels: int = 3
) -> Layer | None:
    """The layer that holds what a layer gives before its activation function, None where there is no such function.

    A layer has an activation function if what it gives is, number for number, what a module with an activation function
    gave that fired before it or is itself: so a block that ends in a ReLU is found too. The layer returned is that module's
    input, for instance ``layer4.1.relu#1@input``. Functions that are called without a module are not seen.

    Args:
        network: looked at in evaluation mode, in one forward pass with noise that stops behind the layer.
        layers: what ``survey`` found at this size and number of input channels.
        layer: one of them, or the network's output.
        size: side of the images in px.
        in_channels: planes of the images.
    """
    modules = dict(network.named_modules())
    fired = [(other.module, other.call, other.of_input) for other in layers]
    place = (layer.module, layer.call, layer.of_input)
    upto = fired.index(place) + 1 if place in fired else len(fired)
    functions = [
        other
        for other in layers[:upto]
        if not other.of_input and other.shape == layer.shape and is_activation_function(modules[other.module])
    ]
    if not functions:
        return None
    images = example_input(in_channels, size, size, 2, network)
    with freeze(network), torch.no_grad(), Reader(network, [*functions, layer]) as read:
        given = read(images)
    values = given[layer.address]
    if values.min() == values.max() and layer.module not in {function.module for function in functions}:
        return None  # two dead layers are alike by accident
    # The first, where ReLUs follow each other: the input of a later one is already cut off.
    for function in functions:
        if torch.equal(given[function.address], values):
            return next((other for other in layers if _is_input_of(other, function)), None)
    return None


def _is_input_of(other: Layer, function: Layer) -> bool:
    return other.of_input and (other.module, other.call) == (function.module, function.call)

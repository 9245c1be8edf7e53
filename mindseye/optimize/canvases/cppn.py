"""A compositional pattern-producing network as a canvas: a picture is a function of its coordinates."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from mindseye.optimize.canvases.canvas import Canvas, CanvasRequest
from mindseye.optimize.canvases.colour import Colours
from mindseye.optimize.random import START

REACH = math.sqrt(3)
"""Coordinates evenly spread over [-sqrt 3, sqrt 3] have variance 1."""

# Standard deviation of atan(z) and mean and standard deviation of atan(z)^2 for a standard normal z: what goes on to
# the next layer has mean 0 and variance 1 again.
ATAN_STD, SQUARE_MEAN, SQUARE_STD = 0.6706, 0.4497, 0.3961


class CPPN(Canvas):
    """One small network per picture, which maps a pixel's coordinates to its channels in decorrelated colours.

    Mordvintsev, Pezzotti, Schubert, Olah, "Differentiable Image Parameterizations" (Distill 2018). All layers are
    1 x 1 convolutions; the activation functions are composed of atan(z) and its square, side by side.
    """

    can_have_alpha = True

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor], side: int, colours: Colours) -> None:
        """weights: per layer [pictures, inputs, outputs], the first with 2 inputs. biases: [pictures, 1, outputs]."""
        self.weights = [weight.clone().requires_grad_() for weight in weights]
        self.biases = [bias.clone().requires_grad_() for bias in biases]
        self.side = side
        self.colours = colours
        self._places = coordinates(side).to(self.weights[0].device)

    @classmethod
    def build(cls, request: CanvasRequest) -> "CPPN":
        """Normal weights that keep variance 1, but for the last layer: it starts nearly grey.

        The recipe's ``contrast`` is the standard deviation of the channels that it renders at the start, before their colours.
        """
        recipe, random, device = request.recipe, request.random, request.device
        outputs = [*[recipe.cppn_width] * recipe.cppn_depth, request.planes]
        weights = []
        for number, (before, after) in enumerate(pairwise([1, *outputs])):
            inputs = 2 * before
            gain = recipe.contrast if number == recipe.cppn_depth else 1.0
            weights.append(gain / math.sqrt(inputs) * random.normal(START, f"layer {number}", inputs, after).to(device))
        biases = [torch.zeros(request.pictures, 1, after, device=device) for after in outputs]
        return cls(weights, biases, request.side, request.colours)

    @property
    def parameters(self) -> list[Tensor]:
        return self.weights + self.biases

    def render(self) -> Tensor:
        values = self._places.expand(len(self.weights[0]), -1, -1)
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.einsum("pni,pio->pno", values if number == 0 else composite(values), weight) + bias
        return self.colours.to_image(values.transpose(1, 2).reshape(len(values), -1, self.side, self.side))


def coordinates(side: int) -> Tensor:
    """x (to the right) and y (downwards) of every pixel, row by row, [side * side, 2], in [-sqrt 3, sqrt 3]."""
    places = torch.linspace(-REACH, REACH, side) if side > 1 else torch.zeros(1)
    rows, columns = torch.meshgrid(places, places, indexing="ij")
    return torch.stack([columns.flatten(), rows.flatten()], 1)


def composite(values: Tensor) -> Tensor:
    """``atan(z)`` and ``atan(z)^2``, each of mean 0 and variance 1 for a standard normal z, [..., n] to [..., 2 n]."""
    turned = values.atan()
    return torch.cat([turned / ATAN_STD, (turned.square() - SQUARE_MEAN) / SQUARE_STD], -1)

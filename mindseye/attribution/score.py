"""What is explained: one number per image, read from one layer of a network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from mindseye.errors import UserError
from mindseye.facets.target import Target, check_channels
from mindseye.layers.layer import Layer, position_index
from mindseye.layers.reader import Reader
from mindseye.models.freeze import freeze
from mindseye.models.load import Model
from mindseye.optimize.objectives.objective import for_images

BATCH = 32


@dataclass(frozen=True)
class Score:
    """A number per image that is linear in the activations of a layer, ``sum_{c, p} direction_{c, p} a_{c, p}``.

    The logit of a class, a unit and a facet's dot product all are. Being linear is what lets LRP share the number out and
    CAM read it off the maps.

    name: for the figure. model, layer: where it is read; any address, or the network's output. direction: [1 or images,
    channels, 1 or positions], for all images alike or one for each; a single position stands for the mean over positions.
    """

    name: str
    model: Model
    layer: Layer
    direction: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """The score [images] of images [images, channels, height, width] in [0, 1], differentiable."""
        return self.of(self.read(self.model.preprocessing.normalise(images)))

    def read(self, inputs: Tensor) -> Tensor:
        """The layer's activations [images, channels, positions] of preprocessed images, differentiable."""
        with Reader(self.model.network, [self.layer]) as read:
            return read(inputs)[self.layer.address]

    def of(self, activation: Tensor) -> Tensor:
        """The score [images] of activations [images, channels, positions]."""
        activation = activation.float()
        weights = for_images(self.direction, activation)
        if weights.shape[-1] == 1:
            activation = activation.mean(-1, keepdim=True)
        return (activation * weights).sum((1, 2))

    def select(self, images: Sequence[int]) -> "Score":
        """The score of some of the images; an index may come several times."""
        if len(self.direction) == 1:
            return self
        return replace(self, direction=self.direction[torch.as_tensor(list(images), device=self.direction.device)])

    def tiled(self, images: Tensor) -> Tensor:
        """The score [n * images] of n variants of all images, one set of all images after another."""
        count = len(self.direction)
        repeated = self if count == 1 else replace(self, direction=self.direction.repeat(len(images) // count, 1, 1))
        return repeated(images)


def class_score(model: Model, output: Layer, classes: Sequence[int], name: str = "") -> Score:
    """The logit of a class, for all images alike, or of one class for each image.

    output: the network's output, as ``find_output`` gives it; of a dense one, the mean over positions.

    Raises:
        UserError: if a class is not among the output's channels.
    """
    check_channels(list(classes), output.address, output.channels)
    direction = one_hot(torch.tensor(list(classes)), output.channels).float().unsqueeze(-1)
    return Score(name or "class " + ", ".join(map(str, dict.fromkeys(classes))), model, output, direction)


def unit_score(
    model: Model, layer: Layer, channel: int, position: tuple[int, int] | None = None, name: str = ""
) -> Score:
    """A channel's mean over positions, or its activation at one position (x, y).

    Raises:
        UserError: if the layer has no such channel or position, with the valid range.
    """
    check_channels([channel], layer.address, layer.channels)
    if position is None:
        return Score(name or f"{layer.address}:{channel}", model, layer, _unit(channel, layer.channels)[None, :, None])
    place = _unit(position_index(position, layer, layer.address), layer.positions)
    direction = _unit(channel, layer.channels)[None, :, None] * place[None, None]
    return Score(name or f"{layer.address}:{channel}@{position[0]},{position[1]}", model, layer, direction)


def facet_score(model: Model, layer: Layer, target: Target, facet: int, name: str = "") -> Score:
    """A facet's dot product over its top-k, ``sum_k a_k t_k / sum_k t_k^2``: what ``DotProduct`` of ``optimize`` gives.

    Raises:
        UserError: if the target is another layer's, or has no such facet.
    """
    facets, width = target.mean.shape
    if width != layer.channels:
        raise UserError(f"the target has {width} channels, but layer {layer.address!r} has {layer.channels}")
    if not 0 <= facet < facets:
        raise UserError(f"facet {facet} is not in this run: its facets are 0-{facets - 1}")
    own = target.select([facet])
    goal = own.mean.gather(1, own.channels)
    size = goal.square().sum(-1, keepdim=True).clamp_min(torch.finfo(goal.dtype).tiny)
    direction = torch.zeros_like(own.mean).scatter(1, own.channels, goal / size).unsqueeze(-1)
    return Score(name or f"facet {facet}", model, layer, direction)


def class_probability(score: Score, images: Tensor) -> Tensor:
    """The softmax probability [images] of the class whose logit a score is, mean over positions; images in [0, 1]."""
    activation = score.read(score.model.preprocessing.normalise(images)).float()
    return score.of(activation.softmax(1))


@torch.no_grad()
def predict_classes(model: Model, output: Layer, images: Tensor) -> list[int]:
    """The class that the network puts first for each of the images [images, channels, height, width] in [0, 1]."""
    classes: list[int] = []
    with freeze(model.network), Reader(model.network, [output]) as read:
        for batch in torch.split(images, BATCH):
            logits = read(model.preprocessing.normalise(batch))[output.address]
            classes += logits.float().mean(-1).argmax(1).tolist()
    return classes


def _unit(index: int, count: int) -> Tensor:
    return one_hot(torch.tensor(index), count).float()

"""From the name of an objective to the objective, held against what the network really has."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from mindseye.errors import UserError
from mindseye.facets.target import check_channels
from mindseye.labels import resolve_labels
from mindseye.layers.layer import Layer, find_layer
from mindseye.layers.output import find_output
from mindseye.layers.preactivation import find_preactivation
from mindseye.models.load import Model
from mindseye.optimize.objectives.address import ObjectiveAddress, parse_within
from mindseye.optimize.objectives.batch import interpolate
from mindseye.optimize.objectives.direction import Direction, between_units, random_direction, read_direction
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.unit import Channel, LayerNorm, LogProbability, Neuron


@dataclass(frozen=True)
class Surveyed:
    """A model and the layers that fire in it for square images of a size in px, as ``survey`` gives them."""

    model: Model
    layers: Sequence[Layer]
    size: int

    @cached_property
    def output(self) -> Layer:
        """The network's own output; found once, however many classes are asked for."""
        return find_output(self.model.network, self.size, self.model.in_channels)[0]


def look_up(
    address: ObjectiveAddress, surveyed: Surveyed, power: float = 2.0, probability: bool = False
) -> tuple[Objective, Layer]:
    """The objective of that name, for a single image or for all images of a batch alike, and the one layer it reads.

    Its own name is the address. A negative is read before the layer's activation function, where it has one: behind a
    ReLU there is nothing below 0 to be found.

    Args:
        address: from ``parse_objective``.
        surveyed: the model, at the size that it will be painted with.
        power: of the cosine, for directions.
        probability: whether a class, or a channel of the output, counts by the logarithm of its softmax probability
            rather than by its logit; nothing else is changed by it.

    Raises:
        UserError: if the layer, channel, position, class or part of the output is not there (with the valid range or near
            names), or a direction's file does not fit.
    """
    place, layer = locate(address, surveyed)
    objective: Objective
    if place.kind in ("channel", "neuron"):
        if place.negative:
            layer = _before_activation(layer, surveyed) or layer
        objective = _unit(place, layer, probability and address.kind in ("class", "output"))
        objective = -objective if place.negative else objective
    elif place.kind == "random":
        objective = Direction(layer.address, random_direction(layer.channels, place.seed)[None], power)
    elif place.kind == "direction":
        objective = Direction(layer.address, read_direction(place.words[0], layer.address, layer.channels)[None], power)
    else:
        objective = LayerNorm(layer.address)
    objective.name = str(address)
    return objective, layer


def look_up_between(
    first: ObjectiveAddress,
    second: ObjectiveAddress,
    count: int,
    surveyed: Surveyed,
    power: float = 2.0,
    probability: bool = False,
) -> tuple[list[Objective], list[Layer]]:
    """Objectives that lead from one to another in ``count`` pictures, both ends included, and the layers they read.

    Between two channels of one layer they are the directions between the two, else the weighted sums of both.

    Raises:
        UserError: as ``look_up``, and if there are fewer than two pictures.
    """
    (start, layer), (end, other) = (look_up(address, surveyed, power, probability) for address in (first, second))
    objectives: list[Objective]
    if isinstance(start, Channel) and isinstance(end, Channel) and layer == other:
        one, two = (locate(address, surveyed)[0].channel for address in (first, second))
        directions = between_units(one, two, layer.channels, count)
        objectives = [Direction(layer.address, direction[None], power) for direction in directions]
    else:
        objectives = interpolate(start, end, count)
    for number, objective in enumerate(objectives, 1):
        objective.name = f"{first} > {second} {number}/{count}"
    return objectives, list({read.address: read for read in (layer, other)}.values())


def locate(address: ObjectiveAddress, surveyed: Surveyed) -> tuple[ObjectiveAddress, Layer]:
    """A layer and what is wanted of it; a class, and what is said after ``output``, as a part of the output.

    Raises:
        UserError: if the layer, the class or the part of the output is not there; channels are not looked at.
    """
    model = surveyed.model
    if address.kind == "class":
        layer = surveyed.output
        index = resolve_labels(address.words, model.labels, model.wnids, layer.channels)[0]
        return ObjectiveAddress("channel", layer.address, channel=index), layer
    if address.kind == "output":
        layer, left = find_output(model.network, surveyed.size, model.in_channels, address.words)
        return parse_within(layer.address, ":".join(left)), layer
    return address, find_layer(surveyed.layers, address.layer)


def _unit(place: ObjectiveAddress, layer: Layer, probability: bool) -> Objective:
    check_channels([place.channel], place.layer, layer.channels)
    channels = torch.tensor([place.channel])
    if place.position is not None:
        positions = torch.tensor([_position(place.position, place.layer, layer)])
        return Neuron(layer.address, channels, positions)
    return LogProbability(layer.address, channels) if probability else Channel(layer.address, channels)


def _position(position: tuple[int, int], name: str, layer: Layer) -> int:
    (x, y), grid = position, layer.rows_and_columns
    if grid is None:
        raise UserError(f"layer {name!r} has no rows and columns: leave the position @{x},{y} out")
    rows, columns = grid
    if not (x < columns and y < rows):
        raise UserError(f"position @{x},{y} is outside layer {name!r}: x is 0-{columns - 1}, y is 0-{rows - 1}")
    return y * columns + x


def _before_activation(layer: Layer, surveyed: Surveyed) -> Layer | None:
    model = surveyed.model
    return find_preactivation(model.network, surveyed.layers, layer, surveyed.size, model.in_channels)

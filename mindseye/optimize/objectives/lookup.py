"""From the name of an objective to the objective, held against what the network really has."""

from mindseye.errors import UserError
from mindseye.facets.target import check_channels
from mindseye.labels import resolve_labels
from mindseye.layers.layer import Layer, position_index
from mindseye.layers.output import find_output
from mindseye.layers.preactivation import find_preactivation
from mindseye.optimize.objectives.address import ObjectiveAddress, parse_objective, parse_within
from mindseye.optimize.objectives.batch import interpolate
from mindseye.optimize.objectives.direction import Direction, between_units, random_direction, read_direction
from mindseye.optimize.objectives.objective import Objective, name_of, network_layers
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.optimize.objectives.unit import Channel, LayerNorm, LogProbability, Neuron
from mindseye.user_code import make_object


def resolve_objective(
    given: object, surveyed: Surveyed, power: float = 2.0, probability: bool = False
) -> tuple[Objective, list[Layer]]:
    """An objective as it was given, held against a network, and all layers of the network that it reads.

    Args:
        given: words as ``parse_objective`` reads them, an ``Objective``, or the class of one.
        surveyed, power, probability: as ``look_up`` takes them.

    Raises:
        UserError: as ``look_up``, and for what is no objective, or reads no layer of the network.
    """
    if isinstance(given, str):
        objective, layer = look_up(parse_objective(given), surveyed, power, probability)
        layers = {layer.address: layer}
    elif isinstance(given, Objective | type):
        made = _make(given)
        objective, layers = made.bind(surveyed), {}
        objective.name = name_of(made)
    else:
        raise UserError(f"an objective is words such as 'layer3.5:11' or a mindseye.Objective, not {given!r}")
    for address in network_layers(objective):
        if address not in layers:
            layers[address] = surveyed.find(address)
    if not layers:
        raise UserError(f"objective {objective.name!r} reads no layer of the network")
    return objective, list(layers.values())


def look_up(
    address: ObjectiveAddress, surveyed: Surveyed, power: float = 2.0, probability: bool = False
) -> tuple[Objective, Layer]:
    """The objective of that name, for a single image or for all images of a batch alike, and the (first) layer it reads.

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
            names), a direction's file does not fit, or the user's own objective cannot be made.
    """
    if address.kind == "own":
        own, layers = resolve_objective(_make(address.words[0]), surveyed)
        own.name = str(address)
        return own, layers[0]
    place, layer = locate(address, surveyed)
    objective: Objective
    if place.kind in ("channel", "neuron"):
        if place.negative:
            layer = _before_activation(layer, surveyed) or layer
        objective = _unit(place, layer, probability and address.kind in ("class", "output"))
        objective = -objective if place.negative else objective
    elif place.kind == "random":
        objective = Direction(layer.address, random_direction(layer.channels, place.seed), power)
    elif place.kind == "direction":
        objective = Direction(layer.address, read_direction(place.words[0], layer.address, layer.channels), power)
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
    channel, last = _only_channel(start), _only_channel(end)
    if channel is not None and last is not None and layer == other:
        directions = between_units(channel, last, layer.channels, count)
        objectives = [Direction(layer.address, direction, power) for direction in directions]
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
    if address.kind == "own":
        raise UserError(f"objective {str(address)!r} is no place in the network: name a layer, a unit or a class")
    model = surveyed.model
    if address.kind == "class":
        layer = surveyed.output
        index = resolve_labels(address.words, model.labels, model.wnids, layer.channels)[0]
        return ObjectiveAddress("channel", layer.address, channel=index), layer
    if address.kind == "output":
        layer, left = find_output(model.network, surveyed.size, model.in_channels, address.words)
        return parse_within(layer.address, ":".join(left)), layer
    return address, surveyed.find(address.layer)


def _make(given: object) -> Objective:
    return make_object(given, Objective, "the objective")  # type: ignore[type-abstract]


def _only_channel(objective: Objective) -> int | None:
    """The channel whose mean an objective is; None for any other objective."""
    if type(objective) is Channel and len(objective.channels) == 1:
        return int(objective.channels)
    return None


def _unit(place: ObjectiveAddress, layer: Layer, probability: bool) -> Objective:
    check_channels([place.channel], place.layer, layer.channels)
    if place.position is not None:
        return Neuron(layer.address, place.channel, position_index(place.position, layer, place.layer))
    return (LogProbability if probability else Channel)(layer.address, place.channel)


def _before_activation(layer: Layer, surveyed: Surveyed) -> Layer | None:
    model = surveyed.model
    return find_preactivation(model.network, surveyed.layers, layer, surveyed.size, model.in_channels)

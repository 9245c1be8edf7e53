"""What an atlas will cost, told before it begins: a few steps of each kind of painting, measured."""

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil

from mindseye.layers.layer import Layer
from mindseye.optimize.order import Order
from mindseye.report.progress import Progress
from mindseye.wording import counted
from mindseye.workflows.atlas.choice import CHANNELS
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.batch.status import duration
from mindseye.workflows.facets.channel_order import channel_facets_order, channels_order
from mindseye.workflows.facets.find import gather_targets

STEPS = 6
"""Of the short painting; so many that each octave of a recipe has some."""
SAMPLE = 3
"""Channels of a layer whose facets are counted."""


@dataclass(frozen=True)
class LayerCost:
    """Seconds for a batch of plain pictures, and of facets' pictures; for the rest of a channel. facets: of one, on average."""

    plain: float
    facets_batch: float
    beside: float
    facets: float


@dataclass(frozen=True)
class Cost:
    """What some channels cost. pictures: about how many."""

    pictures: int
    seconds: float

    def __str__(self) -> str:
        return f"{counted(self.pictures, 'pictures')}, about {duration(self.seconds)}"


def estimate_cost(context: AtlasContext) -> dict[str, LayerCost]:
    """Measure the first and the last layer of an atlas; the layers between lie between, by their depth."""
    layers = [context.painter.layer(entry.layer) for entry in context.record.layers]
    ends = list({layer.address: layer for layer in (layers[0], layers[-1])}.values())
    measured = [(layer.cost, _measure(context, layer)) for layer in ends]
    return {layer.address: _between(measured, layer.cost) for layer in layers}


def total_cost(
    costs: dict[str, LayerCost], channels: dict[str, int], batch_size: int, collection: Mapping[str, int]
) -> Cost:
    """What so many channels of each layer cost, and so many facets of the whole collection."""
    pictures, seconds = 0.0, 0.0
    for address, count in channels.items():
        cost = costs[address]
        facets = cost.facets * count
        pictures += count + facets
        seconds += ceil(count / batch_size) * cost.plain + facets / batch_size * cost.facets_batch + count * cost.beside
        own = collection.get(address, 0)
        pictures += own
        seconds += ceil(own / batch_size) * cost.facets_batch
    return Cost(round(pictures), seconds)


def cost_line(context: AtlasContext) -> str:
    """What the atlas will cost on this machine, and what fewer channels would."""
    costs = estimate_cost(context)
    channels = {layer.layer: len(layer.entries) for layer in context.record.layers}
    collection = {layer.layer: len(layer.groups) for layer in context.record.layers}
    line = f"{total_cost(costs, channels, context.batch_size, collection)} on this machine"
    fewer = {address: min(count, CHANNELS) for address, count in channels.items()}
    if fewer == channels:
        return line
    least = total_cost(costs, fewer, context.batch_size, collection)
    return f"{line}; --channels {CHANNELS} would take {duration(least.seconds)}"


def _measure(context: AtlasContext, layer: Layer) -> LayerCost:
    entry = context.record.of_layer(layer.address)
    channels = [own.channel for own in entry.entries[:SAMPLE]]
    begun = time.monotonic()
    grouped = [context.facets_of(layer.address, channel) for channel in channels]
    job = context.job(layer, channels[0])
    targets = gather_targets(
        context.job_for_preparing(job), grouped[0].facets, Progress(quiet=True), [layer], slope=context.slope(job)
    )
    context.feeding(layer, channels[0])
    beside = (time.monotonic() - begun) / len(channels)
    count = len(grouped[0].facets)
    facets = channel_facets_order(job, layer, targets, [channels[0]] * count, [1.0] * count)
    plain = channels_order(context.painter, layer, channels[:1], [entry.layer])
    batch = context.batch_size
    return LayerCost(
        _seconds(plain, [0] * batch),
        _seconds(facets, [place % count for place in range(batch)]),
        beside,
        sum(len(own.facets) for own in grouped) / len(grouped),
    )


def _seconds(order: Order, pictures: list[int]) -> float:
    """Seconds that a batch takes, from a painting of few steps through all octaves."""
    recipe = order.session.recipe
    steps = min(recipe.steps, STEPS)
    session = copy.copy(order.session)
    session.recipe = replace(recipe, steps=steps)
    short = replace(order, session=session)
    with short.reader() as read:
        warm = short.painting(read, pictures[:1])
        warm.advance()
        painting = short.painting(read, pictures)
        begun = time.monotonic()
        while not painting.is_done:
            painting.advance()
        return (time.monotonic() - begun) * recipe.steps / steps


def _between(measured: list[tuple[float, LayerCost]], cost: float) -> LayerCost:
    """The cost of a layer at a depth, linearly between the measured ends."""
    (first, low), (last, high) = measured[0], measured[-1]
    share = (cost - first) / (last - first) if last > first else 0.0
    return LayerCost(
        *(
            getattr(low, name) + share * (getattr(high, name) - getattr(low, name))
            for name in ("plain", "facets_batch", "beside", "facets")
        )
    )

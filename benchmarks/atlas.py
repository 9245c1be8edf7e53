"""What an atlas costs beside the work in it.

    python benchmarks/atlas.py PHOTOS --model efficientnet_lite0 --channels 2 --steps 20

An atlas of every stage, of few channels and few steps, and the parts of it by themselves in the same process: decoding and a
forward pass of all photos, the targets of all facets, the optimizer steps of all pictures; beside these what is found out of the
collection and of each channel. Seconds are those of a clock and of the processor in all threads of this process, which a crowded
machine lengthens less. From both follows, for as many channels and steps as a full atlas has, what it would take and its throughput
over its parts: what lies beside the steps does not grow with them.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from batch import Spent

import mindseye
from mindseye.cli import keep_memory
from mindseye.facets.activations import mean_activations
from mindseye.facets.clustering import find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.extraction import BATCH
from mindseye.layers.layer import Layer
from mindseye.optimize.order import FacetOrder, Order
from mindseye.report.progress import Progress
from mindseye.workflows.atlas.choice import AtlasChoice
from mindseye.workflows.atlas.collection import AtlasCollectionItem
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.atlas.request import AtlasRequest
from mindseye.workflows.batch.ledger import read_plan
from mindseye.workflows.facets.channel_order import channel_facets_order, channels_order
from mindseye.workflows.facets.find import facet_order, gather_targets
from mindseye.workflows.facets.job import FacetJob
from mindseye.workflows.request import Request

FULL_CHANNELS = 32
STRICT = ("decoding and forward passes", "targets", "optimizer steps")
FOUND = ("facets of the collection", "facets of channels", "what feeds channels")
"""Parts that an atlas has beside these, each as costly as what it is made of; the throughput is given with and without them."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", metavar="PHOTOS")
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--weights")
    parser.add_argument("--channels", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--full-steps", type=int, default=400, help="of a full atlas, for the projection")
    parser.add_argument("--size", type=int)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    keep_memory()
    with tempfile.TemporaryDirectory() as place:
        measure_cost(options, Path(place) / "atlas")


def measure_cost(options: argparse.Namespace, out: Path) -> None:
    """Print what the atlas takes, its parts, and what a full one would."""
    asked: dict[str, Any] = {"steps": options.steps, "size": options.size, "device": options.device}
    settings = asked | {"weights": options.weights, "channels": options.channels, "quiet": True, "cache": False}
    atlas: list[mindseye.Atlas] = []
    whole = spend(lambda: atlas.append(mindseye.atlas(options.photos, options.model, out=out, **settings)))
    loading = spend(lambda: mindseye.Session(options.model, weights=options.weights, device=options.device).network)
    parts, pictures = bare_parts(options, asked, out)
    net, bare = whole - loading, Spent(0.0, 0.0)
    channels = sum(len(layer) for layer in atlas[0].values())
    print(
        f"{options.model}, {len(atlas[0])} stages, {channels} channels, {pictures} pictures of {options.steps} steps, ",
        end="",
    )
    print(f"{len(atlas[0].photos)} photos, {options.device}, {torch.get_num_threads()} threads\n")
    print("| what | seconds | of the processor |\n|---|---|---|")
    every = Spent(0.0, 0.0)
    for name, spent in parts.items():
        every += spent
        bare += spent if name in STRICT else Spent(0.0, 0.0)
        print(f"| bare {name} | {spent} |")
    print(f"| sum of the first three | {bare} |\n| sum of the parts | {every} |\n| atlas, less loading | {net} |")
    print(f"| throughput over the first three | {bare.clock / net.clock:.2f} | {bare.processor / net.processor:.2f} |")
    print(f"| throughput over the parts | {every.clock / net.clock:.2f} | {every.processor / net.processor:.2f} |")
    steps, looking = parts["optimizer steps"].processor, parts["decoding and forward passes"].processor
    times = FULL_CHANNELS / options.channels
    full_steps = steps * times * options.full_steps / options.steps
    per_channel = parts["targets"].processor * times
    beside = (net.processor - bare.processor) * times  # as if all of it grew with the channels
    full = full_steps + per_channel + looking
    print(
        f"| projected: {FULL_CHANNELS} channels a stage, {options.full_steps} steps, core-hours | | {(full + beside) / 3600:.2f} |"
    )
    print(f"| projected: throughput over the first three, at least | | {full / (full + beside):.2f} |")


def bare_parts(options: argparse.Namespace, asked: dict[str, Any], out: Path) -> tuple[dict[str, Spent], int]:
    """What each part of an atlas takes by itself, and how many pictures there are."""
    run = Request.of("atlas", {key: value for key, value in (asked | {"weights": options.weights}).items() if value})  # type: ignore[arg-type]
    request = AtlasRequest(options.photos, out, options.model, AtlasChoice(channels=options.channels), run, cache=False)
    plan = read_plan(out)
    assert plan is not None
    nothing = Spent(0.0, 0.0)
    taken = dict.fromkeys([*STRICT, *FOUND], nothing)
    pictures = 0
    with request.open(0) as worker:
        context: AtlasContext = worker.jobs.context  # type: ignore[attr-defined]
        taken["decoding and forward passes"] = spend(lambda: look(context))
        taken["facets of the collection"] = spend(lambda: group(context))
        for pack in plan.packs:
            names = list(pack.classes)
            item = worker.jobs.open(names[0])
            if isinstance(item, AtlasCollectionItem):
                orders = collection_orders(item, context, taken)
            else:
                orders = channel_orders(names, context, taken)
            for order in orders:
                taken["optimizer steps"] += spend(lambda order=order: paint(order, context.batch_size))  # type: ignore[misc]
                pictures += len(order)
    return taken, pictures


def collection_orders(item: AtlasCollectionItem, context: AtlasContext, taken: dict[str, Spent]) -> list[Order]:
    """What a pack of the whole collection's facets at a layer paints; what its targets take is added."""
    orders: list[Order] = []
    taken["targets"] += spend(lambda: orders.append(orders_of(item, context)))
    return orders


def channel_orders(names: list[str], context: AtlasContext, taken: dict[str, Spent]) -> list[Order]:
    """What a pack of channels LAYER:CHANNEL paints; what comes before is added, each part by itself."""
    pairs = [name.rsplit(":", 1) for name in names]
    layer, channels = context.painter.layer(pairs[0][0]), [int(channel) for _, channel in pairs]
    orders: list[FacetOrder] = []
    for channel in channels:
        taken["facets of channels"] += spend(lambda: context.facets_of(layer.address, channel))  # noqa: B023
        taken["what feeds channels"] += spend(lambda: context.feeding(layer, channel))  # noqa: B023
        context.slope(context.job(layer, channel))
        taken["targets"] += spend(lambda: orders.append(aim(context, layer, channel)))  # noqa: B023
    return [channels_order(context.painter, layer, channels, names), FacetOrder.joined(orders)]


def group(context: AtlasContext) -> None:
    """The facets of the whole collection at each layer."""
    recipe, seed = context.painter.recipe, context.painter.seed
    for entry in context.record.layers:
        points = embed(context.answers.means(entry.layer), seed).points
        find_facets(points, "auto", recipe.members, seed, recipe.gamma, recipe.weighting)


def orders_of(item: AtlasCollectionItem, context: AtlasContext) -> FacetOrder:
    """The targets of the collection's facets at a layer."""
    job = FacetJob(context.painter, context.photos, [item.layer], item.layer, len(item.groups), name=item.name)
    targets = gather_targets(job, item.facets, Progress(quiet=True), [item.layer], slope=context.slope(job))
    return facet_order(job, item.layer, targets)


def aim(context: AtlasContext, layer: Layer, channel: int) -> FacetOrder:
    """The targets of a channel's facets."""
    facets, job = context.facets_of(layer.address, channel).facets, context.job(layer, channel)
    targets = gather_targets(job, facets, Progress(quiet=True), [layer], slope=context.slope(job))
    return channel_facets_order(job, layer, targets, [channel] * len(facets), [1.0] * len(facets))


def look(context: AtlasContext) -> None:
    """Decode all photos, and read every layer of the atlas."""
    session = context.painter
    layers = [session.layer(entry.layer) for entry in context.record.layers]
    with session.reader(layers) as read:
        batches = context.photos.batches(session.model.preprocessing, session.view, session.model.in_channels, BATCH)
        mean_activations(read, session.model.preprocessing, batches, session.device)


def paint(order: Order, batch_size: int) -> None:
    """Every step of an order's pictures."""
    with order.reader() as read:
        for first in range(0, len(order), batch_size):
            painting = order.painting(read, range(first, min(first + batch_size, len(order))))
            while not painting.is_done:
                painting.advance()


def spend(work: Callable[[], object]) -> Spent:
    """What some work takes."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - clock, time.process_time() - processor)


if __name__ == "__main__":
    main()

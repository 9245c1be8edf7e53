"""What an atlas costs beside the work in it, and how its pages bear thousands of channels.

    python benchmarks/atlas.py cost PHOTOS --model efficientnet_lite0 --channels 2 --steps 20
    python benchmarks/atlas.py pages ATLAS --channels 5000

cost: an atlas of every stage, of few channels and few steps, and the parts of it by themselves in the same process: decoding and
a forward pass of all photos, the targets of all facets, the optimizer steps of all pictures. Seconds are those of a clock and
of the processor in all threads of this process, which a crowded machine lengthens less. From both follows, for as many channels
and steps as a full atlas has, what it would take and its throughput over its parts: what lies beside the steps does not grow with
them.

pages: a layer of a finished atlas is multiplied to thousands of channels (its pictures are linked, not copied), and opened in
Chromium: size of the page, time to the first picture, memory of the browser's tab, and the time that sorting takes.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from batch import Spent

import mindseye
from mindseye.cli import keep_memory
from mindseye.facets.activations import mean_activations
from mindseye.facets.extraction import BATCH
from mindseye.layers.layer import Layer
from mindseye.optimize.order import FacetOrder, Order
from mindseye.report.atlas import write_assets, write_layer_page, write_network_page
from mindseye.report.progress import Progress
from mindseye.runs.atlas import AtlasFolder
from mindseye.workflows.atlas.choice import AtlasChoice
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.atlas.request import AtlasRequest
from mindseye.workflows.batch.ledger import read_plan
from mindseye.workflows.facets.channel_order import channel_facets_order, channels_order
from mindseye.workflows.facets.find import gather_targets
from mindseye.workflows.request import Request

FULL_CHANNELS = 32


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    cost = kinds.add_parser("cost")
    cost.add_argument("photos", metavar="PHOTOS")
    cost.add_argument("--model", default="efficientnet_lite0")
    cost.add_argument("--weights")
    cost.add_argument("--channels", type=int, default=2)
    cost.add_argument("--steps", type=int, default=20)
    cost.add_argument("--full-steps", type=int, default=400, help="of a full atlas, for the projection")
    cost.add_argument("--size", type=int)
    cost.add_argument("--device", default="cpu")
    pages = kinds.add_parser("pages")
    pages.add_argument("atlas", metavar="ATLAS")
    pages.add_argument("--channels", type=int, default=5000)
    pages.add_argument("--browser", default="/usr/bin/chromium")
    options = parser.parse_args()
    if options.kind == "pages":
        measure_pages(options)
    else:
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
    for name, spent in parts.items():
        bare += spent
        print(f"| bare {name} | {spent} |")
    print(f"| sum of the parts | {bare} |\n| atlas, less loading | {net} |")
    print(f"| throughput over the parts | {bare.clock / net.clock:.2f} | {bare.processor / net.processor:.2f} |")
    steps, looking = parts["optimizer steps"].processor, parts["decoding and forward passes"].processor
    times = FULL_CHANNELS / options.channels
    full_steps = steps * times * options.full_steps / options.steps
    per_channel = parts["targets"].processor * times
    beside = (net.processor - bare.processor) * times  # as if all of it grew with the channels
    full = full_steps + per_channel + looking
    print(
        f"| projected: {FULL_CHANNELS} channels a stage, {options.full_steps} steps, core-hours | | {(full + beside) / 3600:.2f} |"
    )
    print(f"| projected: throughput over the parts, at least | | {full / (full + beside):.2f} |")


def bare_parts(options: argparse.Namespace, asked: dict[str, Any], out: Path) -> tuple[dict[str, Spent], int]:
    """What each part of an atlas takes by itself, and how many pictures there are."""
    run = Request.of("atlas", {key: value for key, value in (asked | {"weights": options.weights}).items() if value})  # type: ignore[arg-type]
    request = AtlasRequest(options.photos, out, options.model, AtlasChoice(channels=options.channels), run, cache=False)
    plan = read_plan(out)
    assert plan is not None
    nothing = Spent(0.0, 0.0)
    taken = {"decoding and forward passes": nothing, "targets": nothing, "optimizer steps": nothing}
    pictures = 0
    with request.open(0) as worker:
        context: AtlasContext = worker.jobs.context  # type: ignore[attr-defined]
        taken["decoding and forward passes"] = spend(lambda: look(context))
        for pack in plan.packs:
            pairs = [name.rsplit(":", 1) for name in pack.classes]
            layer, channels = context.painter.layer(pairs[0][0]), [int(channel) for _, channel in pairs]
            orders: list[FacetOrder] = []
            for channel in channels:
                _ = context.facets_of(layer.address, channel), context.slope(context.job(layer, channel))
                taken["targets"] += spend(lambda: orders.append(aim(context, layer, channel)))  # noqa: B023
            every: list[Order] = [
                channels_order(context.painter, layer, channels, pack.classes),
                FacetOrder.joined(orders),
            ]
            for order in every:
                taken["optimizer steps"] += spend(lambda order=order: paint(order, context.batch_size))  # type: ignore[misc]
                pictures += len(order)
    return taken, pictures


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


def measure_pages(options: argparse.Namespace) -> None:
    """Print how the first page and a layer's sheet of many channels behave in a browser."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder, layer = multiply(Path(options.atlas), Path(place), options.channels)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=options.browser, args=flags)
        print(
            "| page | KB | first picture, ms | JS heap, MB | tab, MB | sort or search, ms |\n|---|---|---|---|---|---|"
        )
        for name in (f"{layer}/index.html", "index.html"):
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            begun = time.perf_counter()
            page.goto((folder / name).as_uri(), wait_until="commit")
            while not page.evaluate("[...document.images].some((one) => one.naturalWidth > 1)"):
                page.wait_for_timeout(5)
            first = 1000 * (time.perf_counter() - begun)
            page.wait_for_load_state("load")
            page.mouse.wheel(0, 20000)
            page.wait_for_timeout(1000)
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            tab = max(resident(process) for process in renderers())
            took = page.evaluate(change("order", "1", "change") if "/" in name else change("search", "12", "input"))
            size = (folder / name).stat().st_size / 1000
            print(f"| {name} | {size:.0f} | {first:.0f} | {heap:.0f} | {tab:.0f} | {took:.0f} |", flush=True)
            page.close()
        browser.close()


CHANGE = """async () => {
  const field = document.getElementById("NAME"), begun = performance.now();
  field.value = "VALUE";
  field.dispatchEvent(new Event("EVENT"));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begun;
}"""
"""A field is changed, and two frames have passed, after which what was done has been shown."""


def change(name: str, value: str, event: str) -> str:
    """The script that changes a field of a page and says how many milliseconds that took."""
    return CHANGE.replace("NAME", name).replace("VALUE", value).replace("EVENT", event)


def multiply(atlas: Path, place: Path, count: int) -> tuple[Path, str]:
    """An atlas whose last layer has so many channels, each with the pictures of one that is there; its folder and the layer's."""
    record = AtlasFolder(atlas).read()
    layer = record.layers[-1]
    there = layer.entries
    (place / layer.folder).mkdir()
    for number in range(count):
        source = atlas / layer.folder / f"{there[number % len(there)].channel:04d}-small.webp"
        (place / layer.folder / f"{number:04d}-small.webp").write_bytes(source.read_bytes())
    layer.entries = [
        replace(there[number % len(there)], channel=number, place=(number % 71 / 70, number // 71 * 70 / count))
        for number in range(count)
    ]
    layer.groups = []
    write_assets(place)
    write_layer_page(place, record, len(record.layers) - 1, range(count), [])
    write_network_page(place, record, {layer.layer: range(count)})
    return place, layer.folder


def renderers() -> list[int]:
    """The processes of this user's browser that show pages, begun by this process."""
    own = os.getpid()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            is_renderer = b"--type=renderer" in (path / "cmdline").read_bytes()
        except OSError:
            continue
        if is_renderer and own in ancestors(int(path.name)):
            found.append(int(path.name))
    return found


def ancestors(process: int) -> list[int]:
    """The processes that began a process, itself first."""
    chain = [process]
    while chain[-1] > 1:
        try:
            chain.append(int((Path("/proc") / str(chain[-1]) / "stat").read_text().rpartition(")")[2].split()[1]))
        except (OSError, IndexError, ValueError):
            break
    return chain


def resident(process: int) -> float:
    """Megabytes that a process holds for itself alone (proportional set size, where it may be read)."""
    try:
        text = (Path("/proc") / str(process) / "smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1000
    except (OSError, StopIteration):
        return float("nan")


if __name__ == "__main__":
    main()

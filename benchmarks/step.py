"""Seconds per step of the whole loop over seconds of a bare forward and backward of the cut network.

    python benchmarks/step.py                                   EfficientNet-Lite0 at 224 px, every recipe for facets, three depths
    python benchmarks/step.py --model resnet50 --size 512 --weights none --batch 1

Both run on the same batch in one process, in turns, blocks of ten steps (blur and denoising come every tenth step); the
ratio is that of the medians. Bare: frozen weights, the gradient of the image only, the network cut behind the layer.
Where torch-lucent and horama are installed, their step on the same network and layer stands beside.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from copy import deepcopy
from dataclasses import replace

import torch

from mindseye.cli import keep_memory
from mindseye.errors import UserError
from mindseye.facets.made import is_made, made_layers
from mindseye.facets.target import Target, build_target
from mindseye.layers.compiler import painting_reader
from mindseye.layers.fold import Folded
from mindseye.layers.layer import Layer, find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.stages import stages
from mindseye.layers.survey import survey
from mindseye.models.freeze import freeze
from mindseye.models.load import Model, load_model
from mindseye.models.placement import put_channels_last
from mindseye.models.probe import example_input
from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.colour import builtin_colours
from mindseye.optimize.canvases.compose import compose_canvas
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.compose import compose_terms, layers_to_match
from mindseye.optimize.loop import Painting
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.checks import check_for_facets
from mindseye.optimize.recipe.files import recipe_names
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.transforms.views import Views
from mindseye.runs.entries import device_name

BLOCK = 10


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--weights")
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipes", default=",".join(_recipes_for_facets()), help="by default all that paint facets")
    parser.add_argument("--layers", default="", help="by default an early, a middle and the last stage")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    keep_memory()
    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    model = load_model(options.model, weights=options.weights)
    size = options.size or model.preprocessing.size
    print(
        f"{options.model}, {size} px, {options.batch} pictures, {device_name(device)}, {torch.get_num_threads()} threads\n"
    )
    with freeze(model.network):
        model.network.to(device)
        put_channels_last(model.network)
        network = survey(model.network, size, model.in_channels)
        chosen = _layers(model, network, options.layers)
        print("| layer | cost | recipe | bare s/step | whole s/step | ratio | range of rounds |")
        print("|---|---|---|---|---|---|---|")
        for layer in chosen:
            for name in options.recipes.split(","):
                row = _ratio(model, network, layer, name, size, options.batch, options.rounds, device)
                print(f"| {layer.address} | {layer.cost:.0%} | {name} | {row} |", flush=True)
        _others(model, chosen[-1], size, options.batch, options.rounds, device)


def _recipes_for_facets() -> list[str]:
    names = []
    for name in recipe_names():
        with suppress(UserError):
            check_for_facets(load_recipe(name))
            names.append(name)
    return names


def _layers(model: Model, network: list[Layer], named: str) -> list[Layer]:
    if named:
        return [find_layer(network, address) for address in named.split(",")]
    found = stages(model.network, network)
    return [found[0], found[len(found) // 2], found[-1]]


def _ratio(
    model: Model,
    network: list[Layer],
    layer: Layer,
    name: str,
    size: int,
    batch: int,
    rounds: int,
    device: torch.device,
) -> str:
    with Reader(model.network, [layer]) as bare_reader:
        images = torch.rand(batch, model.in_channels, size, size, device=device)

        def bare() -> None:
            leaf = images.clone().requires_grad_()
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                activation = bare_reader(model.preprocessing.normalise(leaf))[layer.address]
            activation.float().sum().backward()  # type: ignore[no-untyped-call]

        painting, reader = _painting(model, network, layer, name, size, batch, device)
        with reader:
            bare_times, whole_times = _in_turns([bare, painting.advance], rounds, device)
    ratios = [whole / plain for whole, plain in zip(whole_times, bare_times, strict=True)]
    bare_median, whole_median = statistics.median(bare_times), statistics.median(whole_times)
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    return f"{bare_median:.3f} | {whole_median:.3f} | {whole_median / bare_median:.2f} | {spread}"


def _in_turns(steps: list[Callable[[], None]], rounds: int, device: torch.device) -> list[list[float]]:
    for step in steps:
        step()
    times: list[list[float]] = [[] for _ in steps]
    for _ in range(rounds):
        for place, step in enumerate(steps):
            _wait(device)
            begun = time.perf_counter()
            for _ in range(BLOCK):
                step()
            _wait(device)
            times[place].append((time.perf_counter() - begun) / BLOCK)
    return times


def _painting(
    model: Model, network: list[Layer], layer: Layer, name: str, size: int, batch: int, device: torch.device
) -> tuple[Painting, Reader]:
    # Coarse-to-fine concerns the first steps only, and would last for all that are measured.
    recipe = replace(load_recipe(name), size=size, steps=100_000, coarse=0.0)
    matched = layers_to_match(recipe, model.network, network, layer)
    penalty = None if recipe.schedule("penalty").is_zero else f"{layer.address}@input"
    addresses = dict.fromkeys([*(address for address in matched if not is_made(address)), layer.address])
    generator = torch.Generator().manual_seed(0)
    photos = torch.rand(batch, model.in_channels, size, size, generator=generator)
    targets: dict[str, Target] = {}
    with torch.no_grad(), Reader(model.network, [find_layer(network, address) for address in addresses]) as read:
        activations = read(model.preprocessing.normalise(photos.to(device)))
        activations |= made_layers(photos.to(device), activations, read.layers, matched)
    for address in {*addresses, *matched}:
        targets[address] = build_target(address, activations[address].sort(-1).values, recipe.top_k)
    reads = dict.fromkeys([*addresses, *([penalty] if penalty else [])])
    reader = painting_reader(
        Folded(model.network, example_input(model.in_channels, size, size, 1, model.network)),
        [find_layer(network, address) for address in reads],
        None,
        recipe.branch_gradient,
    )
    random = RandomKeys(0, tuple(str(picture) for picture in range(batch)))
    palette = Palette(builtin_colours(model.in_channels), torch.ones(model.in_channels, size, size // 2 + 1))
    canvas = compose_canvas(CanvasRequest(recipe, size, model.in_channels, palette, random, device, photos))
    terms = compose_terms(recipe, targets, layer.address, matched, penalty, activations[layer.address])
    with reader:
        return Painting(canvas, terms, recipe, Views.of(recipe, size), random, reader, model.preprocessing), reader


def _others(model: Model, layer: Layer, size: int, batch: int, rounds: int, device: torch.device) -> None:
    leaf = torch.rand(batch, model.in_channels, size, size, device=device).requires_grad_()
    for name, measure in (("torch-lucent", _lucent), ("horama", _horama)):
        try:
            paint = measure(model, layer, size, batch, device)
        except ImportError:
            print(f"\n{name} is not installed: not measured")
            continue

        def bare(steps: int) -> None:
            with Reader(model.network, [layer]) as read:
                for _ in range(steps):
                    read(model.preprocessing.normalise(leaf))[layer.address].sum().backward()  # type: ignore[no-untyped-call]

        pairs = [(_slope(bare, device), _slope(paint, device)) for _ in range(rounds)]
        plain, whole = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = [other / own for own, other in pairs]
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
        print(
            f"| {layer.address} | {layer.cost:.0%} | {name} | {plain:.3f} | {whole:.3f} | {whole / plain:.2f} | {spread} |"
        )


def _slope(paint: Callable[[int], None], device: torch.device) -> float:
    """Seconds per step, setting up left out: what ten steps more take."""
    seconds = []
    for steps in (1, 1 + BLOCK):
        begun = time.perf_counter()
        paint(steps)
        _wait(device)
        seconds.append(time.perf_counter() - begun)
    return max(seconds[1] - seconds[0], 1e-6) / BLOCK


def _lucent(model: Model, layer: Layer, size: int, batch: int, device: torch.device) -> Callable[[int], None]:
    from lucent.optvis import objectives, param, render, transform

    network = deepcopy(model.network)  # its hooks stay for good
    objective = objectives.channel(layer.address.replace(".", "_"), 0)
    transforms = [*transform.standard_transforms, model.preprocessing.normalise]

    def paint(steps: int) -> None:
        render.render_vis(
            network,
            objective,
            lambda: param.image(size, batch=batch),
            transforms=transforms,
            thresholds=(steps,),
            preprocess=False,
            progress=False,
            show_image=False,
        )

    return paint


def _horama(model: Model, layer: Layer, size: int, batch: int, device: torch.device) -> Callable[[int], None]:
    from horama import fourier

    def objective(images: torch.Tensor) -> torch.Tensor:
        with Reader(model.network, [layer]) as read:
            mean: torch.Tensor = read(images)[layer.address].mean()
        return mean

    def paint(steps: int) -> None:
        with redirect_stderr(io.StringIO()):
            fourier(objective, total_steps=steps, model_input_size=size, crops_per_iteration=batch, device=str(device))

    return paint


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()

"""The default recipe on many folders: how its pictures do with a judge, beside the real members.

    python benchmarks/aims.py PHOTOS --painter efficientnet_lite0 --judge efficientnet_lite1

PHOTOS holds a folder per image set; each is clustered into four facets, as ``mindseye visualize`` does, and the first
``--each`` of them (the largest) are painted with every number of the recipe at its default, eight pictures at a time.
Colours are decorrelated over the photos of those eight. The judge looks for neighbours among the photos of all folders.
Prints means with bootstrap intervals over folders.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mindseye.cli import keep_memory
from mindseye.facets.activations import facet_ranks, mean_activations
from mindseye.facets.clustering import find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.image import is_of_image
from mindseye.facets.target import build_target
from mindseye.inputs.frozen import frozen
from mindseye.inputs.images import find_images
from mindseye.inputs.layers import find_layer, survey
from mindseye.inputs.models import Model, load_model
from mindseye.inputs.reader import Reader
from mindseye.inputs.stages import last_before_pooling, stages_below
from mindseye.measure.intervals import bootstrap_interval
from mindseye.measure.judge import judge_of, look
from mindseye.measure.naturalness import naturalness, spectrum_slope
from mindseye.measure.neighbourhood import facet_neighbourhood, photos_of
from mindseye.measure.transfer import facet_transfer
from mindseye.optimize.canvases import palette_of
from mindseye.optimize.compose import Composition, layers_to_match, target_views
from mindseye.optimize.painting import run
from mindseye.optimize.recipe import Recipe
from mindseye.optimize.recipe_files import load_recipe, parse_changes
from mindseye.runs.files import write_picture

AT_ONCE, FACETS = 8, 4
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Aim:
    """One facet to paint: its members' pixels, weights, and places among all photos; its folder and that folder's slope."""

    name: str
    folder: int
    members: Tensor
    weights: Tensor
    places: Tensor
    slope: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--painter", default="efficientnet_lite0")
    parser.add_argument("--judge", default="efficientnet_lite1")
    parser.add_argument("--each", type=int, default=1, help="facets painted of each folder")
    parser.add_argument("--folders", type=int, default=0, help="only the first so many folders are painted")
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path, help="keep the pictures here")
    options = parser.parse_args()
    keep_memory()
    painter, judge_model = load_model(options.painter), load_model(options.judge)
    recipe = replace(load_recipe("distribution", parse_changes(options.changes)), size=painter.preprocessing.size)
    with frozen(painter.network), frozen(judge_model.network):
        for model in (painter, judge_model):
            model.network.to(memory_format=torch.channels_last)
        folders = sorted(path for path in options.photos.iterdir() if path.is_dir())
        judge = judge_of(judge_model)
        features, logits, homes, aims = [], [], [], []
        for number, folder in enumerate(folders):
            seen = look(
                judge, find_images(folder).batches(judge_model.preprocessing, judge_model.preprocessing.size, 3), CPU
            )
            features.append(seen.features)
            logits.append(seen.logits)
            if not options.folders or number < options.folders:
                aims += _aims(painter, recipe, folder, number, sum(map(len, homes)), options.each)
            homes.append(torch.full((len(seen.features),), number))
        photos, all_logits = photos_of(torch.cat(features), torch.cat(homes), torch.cat(homes)), torch.cat(logits)
        begun = time.monotonic()
        pictures = torch.cat([_paint(painter, recipe, aims[i : i + AT_ONCE]) for i in range(0, len(aims), AT_ONCE)])
        seconds = time.monotonic() - begun
        size = judge_model.preprocessing.size
        views = torch.nn.functional.interpolate(pictures, (size, size), mode="bicubic", antialias=True).clamp(0, 1)
        batches = [(list(range(len(views))), (views * 255).round().to(torch.uint8))]
        named = look(judge, batches, CPU)
    rows: dict[str, list[float]] = {}
    for index, aim in enumerate(aims):
        if options.out:
            write_picture(options.out / f"{aim.name}.png", pictures[index], {})
        feature, logit = named.features[index], named.logits[index]
        near = facet_neighbourhood(feature, feature, photos, aim.folder, aim.folder, aim.places)
        told = facet_transfer(logit, all_logits[aim.places], logit)
        for key in ("home_folder", "percentile", "copy"):
            rows.setdefault(key, []).append(near["picture"][key])
            rows.setdefault(f"{key} of members", []).append(near["members"][key])
        for key in ("probability", "top1", "top5"):
            rows.setdefault(key, []).append(told["picture"][key])
            rows.setdefault(f"{key} of members", []).append(told["members"][key])
        natural = naturalness(pictures[index : index + 1], aim.members.float() / 255, aim.slope)
        for key, value in natural.items():
            rows.setdefault(key, []).append(float(value[0]))
    print(
        f"{options.painter} painted, {options.judge} judging, {len(aims)} pictures of {len(folders)} folders, {seconds:.0f} s\n"
    )
    print("| measure | mean | 95 % interval |\n|---|---|---|")
    groups = [aim.folder for aim in aims]
    for key, values in rows.items():
        mean, low, high = bootstrap_interval(values, 0, groups=groups)
        print(f"| {key} | {mean:.3f} | {low:.3f} to {high:.3f} |")


def _aims(painter: Model, recipe: Recipe, folder: Path, number: int, before: int, each: int) -> list[Aim]:
    photos, size = find_images(folder), painter.preprocessing.size
    network = survey(painter.network, size)
    layer = last_before_pooling(painter.network, network)
    with Reader(painter.network, [layer]) as read:
        means = mean_activations(read, painter.preprocessing, photos.batches(painter.preprocessing, size, 3), CPU)
    facets, _ = find_facets(
        embed(means[layer.address], 0).points, FACETS, recipe.members, 0, recipe.gamma, recipe.weighting
    )
    slope = float(spectrum_slope(photos.load(range(len(photos))).float() / 255).mean())
    return [
        Aim(
            f"{folder.name}-{facet.index}",
            number,
            photos.load(facet.members),
            torch.tensor(facet.weights),
            torch.tensor(facet.members) + before,
            slope,
        )
        for facet in facets[:each]
    ]


def _paint(painter: Model, recipe: Recipe, aims: list[Aim]) -> Tensor:
    size = painter.preprocessing.size
    network = survey(painter.network, size)
    layer = last_before_pooling(painter.network, network)
    below = stages_below(painter.network, network, layer)
    matched = layers_to_match(recipe, layer.address, [stage.address for stage in below])
    members, weights = [aim.members for aim in aims], [aim.weights for aim in aims]
    with Reader(
        painter.network, [find_layer(network, address) for address in matched if not is_of_image(address)]
    ) as read:
        ranks = facet_ranks(
            read, painter.preprocessing, members, weights, CPU, target_views(recipe, size, 0), recipe.match_detail > 0
        )
        composition = Composition(
            recipe=recipe,
            preprocessing=painter.preprocessing,
            targets={address: build_target(address, ranks[address], recipe.top_k) for address in matched},
            target=layer.address,
            matched=matched,
            penalty=None,
            weighted=torch.zeros(len(aims), 3, size, size),
            palette=palette_of(recipe, torch.cat(members), 3),
            side=size,
            view=size,
            seed=0,
            device=CPU,
        )
        painting = composition.paint(read, range(len(aims)))
        run(painting, 50, lambda *_: None)
        return painting.images()


if __name__ == "__main__":
    main()

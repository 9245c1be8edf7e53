"""The default recipe on many folders: how its pictures do with a judge, beside the real members.

    python benchmarks/aims.py PHOTOS --painter efficientnet_lite0 --judge efficientnet_lite1

PHOTOS holds a folder per image set; each is clustered into four facets, as ``mindseye visualize`` does, and the first
``--each`` of them (the largest) are painted with every number of the recipe at its default, eight pictures at a time.
Colours are decorrelated over the photos of those eight. The judge looks for neighbours among the photos of all folders.
Prints means with bootstrap intervals over folders. With ``--against paper`` the same facets are painted by another recipe
too, and what each adds to its own start is compared, picture by picture.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mindseye.cli import keep_memory
from mindseye.facets.activations import facet_ranks, mean_activations, weighted_images
from mindseye.facets.clustering import find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.image import is_of_image
from mindseye.facets.target import build_target
from mindseye.inputs.frozen import frozen
from mindseye.inputs.images import find_images
from mindseye.inputs.layers import INPUT, find_layer, survey
from mindseye.inputs.models import Model, load_model
from mindseye.inputs.reader import Reader
from mindseye.inputs.stages import last_before_pooling, stages_below
from mindseye.measure.intervals import bootstrap_interval
from mindseye.measure.judge import Seen, judge_of, look, picture_batches
from mindseye.measure.naturalness import naturalness, spectrum_slope
from mindseye.measure.neighbourhood import Photos, facet_neighbourhood, photos_of
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
class Known:
    """What the judge made of all photos."""

    photos: Photos
    logits: Tensor


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
    options = _options()
    keep_memory()
    painter, judge_model = load_model(options.painter), load_model(options.judge)
    recipes = [load_recipe("distribution", parse_changes(options.changes))]
    recipes += [load_recipe(options.against)] if options.against else []
    recipes = [replace(recipe, size=painter.preprocessing.size) for recipe in recipes]
    with frozen(painter.network), frozen(judge_model.network):
        for model in (painter, judge_model):
            model.network.to(memory_format=torch.channels_last)
        folders = sorted(path for path in options.photos.iterdir() if path.is_dir())
        judge, size = judge_of(judge_model), judge_model.preprocessing.size
        seen = [look(judge, find_images(folder).batches(judge_model.preprocessing, size, 3), CPU) for folder in folders]
        homes = torch.cat([torch.full((len(one.features),), number) for number, one in enumerate(seen)])
        photos, logits = (
            photos_of(torch.cat([one.features for one in seen]), homes, homes),
            [one.logits for one in seen],
        )
        known = Known(photos, torch.cat([one for one in logits if one is not None]))
        painted = folders[: options.folders or len(folders)]
        kept = {}
        for recipe in recipes:
            aims = [
                aim
                for number in range(len(painted))
                for aim in _aims(painter, recipe, folders, number, seen, options.each)
            ]
            begun = time.monotonic()
            batches = [_paint(painter, recipe, aims[i : i + AT_ONCE]) for i in range(0, len(aims), AT_ONCE)]
            seconds = time.monotonic() - begun
            pictures, starts = (torch.cat([batch[place] for batch in batches]) for place in (0, 1))
            rows = _rows(aims, pictures, look(judge, picture_batches(pictures, judge_model), CPU), known)
            begin = _rows(aims, starts, look(judge, picture_batches(starts, judge_model), CPU), known)
            kept[recipe.name] = [p - was for p, was in zip(rows["probability"], begin["probability"], strict=True)]
            _print(
                f"{recipe.name}: {options.painter} painted, {options.judge} judging, {len(aims)} pictures of {len(folders)}"
                f" folders, {seconds:.0f} s",
                rows | {"gain in probability over the start": kept[recipe.name]},
                [aim.folder for aim in aims],
            )
            for aim, picture in zip(aims, pictures, strict=True):
                if options.out and recipe.start != "weighted":
                    write_picture(options.out / f"{aim.name}.png", picture, {})
    if options.against:
        gains = [ours - theirs for ours, theirs in zip(*kept.values(), strict=True)]
        _print(f"gain less that of {options.against}", {"paired difference": gains}, [aim.folder for aim in aims])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--painter", default="efficientnet_lite0")
    parser.add_argument("--judge", default="efficientnet_lite1")
    parser.add_argument("--against", metavar="RECIPE", help="paint the same facets by this recipe too")
    parser.add_argument("--each", type=int, default=1, help="facets painted of each folder")
    parser.add_argument("--folders", type=int, default=0, help="only the first so many folders are painted")
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path, help="keep the pictures here, but those that start from photos")
    return parser.parse_args()


def _rows(aims: list[Aim], pictures: Tensor, seen: Seen, known: Known) -> dict[str, list[float]]:
    """Every measure of every picture, and its members'."""
    rows: dict[str, list[float]] = {}
    assert seen.logits is not None
    for index, aim in enumerate(aims):
        feature, logit = seen.features[index], seen.logits[index]
        near = facet_neighbourhood(feature, feature, known.photos, aim.folder, aim.folder, aim.places)
        told = facet_transfer(logit, known.logits[aim.places], logit)
        for found, keys in ((near, ("home_folder", "percentile", "copy")), (told, ("probability", "top1", "top5"))):
            for key in keys:
                rows.setdefault(key, []).append(found["picture"][key])
                rows.setdefault(f"{key} of members", []).append(found["members"][key])
        natural = naturalness(pictures[index : index + 1], aim.members.float() / 255, aim.slope)
        for key, value in natural.items():
            rows.setdefault(key, []).append(float(value[0]))
    return rows


def _print(title: str, rows: dict[str, list[float]], groups: list[int]) -> None:
    print(f"{title}\n\n| measure | mean | 95 % interval |\n|---|---|---|")
    for key, values in rows.items():
        mean, low, high = bootstrap_interval(values, 0, groups=groups)
        print(f"| {key} | {mean:.3f} | {low:.3f} to {high:.3f} |")
    print(flush=True)


def _aims(painter: Model, recipe: Recipe, folders: list[Path], number: int, seen: list[Seen], each: int) -> list[Aim]:
    folder, before = folders[number], sum(len(one.features) for one in seen[:number])
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


def _paint(painter: Model, recipe: Recipe, aims: list[Aim]) -> tuple[Tensor, Tensor]:
    """The pictures and their starts."""
    size = painter.preprocessing.size
    network = survey(painter.network, size)
    layer = last_before_pooling(painter.network, network)
    below = stages_below(painter.network, network, layer)
    matched = layers_to_match(recipe, layer.address, [stage.address for stage in below])
    penalty = None if recipe.schedule("penalty").is_zero else layer.address + INPUT
    members, weights = [aim.members for aim in aims], [aim.weights for aim in aims]
    goals = list(dict.fromkeys([*matched, layer.address]))
    reads = [address for address in [*goals, *([penalty] if penalty else [])] if not is_of_image(address)]
    with Reader(painter.network, [find_layer(network, address) for address in reads]) as read:
        looks = target_views(recipe, size, 0)
        ranks = facet_ranks(read, painter.preprocessing, members, weights, CPU, looks, recipe.match_detail > 0)
        composition = Composition(
            recipe=recipe,
            preprocessing=painter.preprocessing,
            keys=[f"{layer.address}/{index}" for index in range(len(aims))],
            targets={address: build_target(address, ranks[address], recipe.top_k) for address in goals},
            target=layer.address,
            matched=matched,
            penalty=penalty,
            weighted=weighted_images(members, weights),
            palette=palette_of(recipe, torch.cat(members), 3),
            side=size,
            view=size,
            seed=0,
            device=CPU,
        )
        painting = composition.paint(read, range(len(aims)))
        start = painting.images()
        run(painting, 50, lambda *_: None)
        return painting.images(), start


if __name__ == "__main__":
    main()

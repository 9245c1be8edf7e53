"""A recipe on many folders, as ``mindseye visualize`` paints it: how its pictures do, beside the real members.

    python benchmarks/aims.py PHOTOS --painter efficientnet_lite0 --judge efficientnet_lite1 --against paper

PHOTOS holds a folder per image set; each is painted whole, four facets, every number of the recipe at its default. The run
folders are kept under ``--out``, so that what is interrupted goes on. The judge looks for neighbours among the photos of all
folders. Prints means with bootstrap intervals over folders. With ``--against paper`` the same folders are painted by another
recipe too, and what each adds to its own start is compared, picture by picture.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mindseye import visualize
from mindseye.cli import keep_memory
from mindseye.measure.intervals import bootstrap_interval, paired_interval
from mindseye.measure.judge import make_judge, picture_batches, run_judge
from mindseye.measure.neighbourhood import PhotoFeatures, facet_neighbourhood, index_photos, mean_pairwise_cosine
from mindseye.measure.transfer import facet_transfer
from mindseye.models.freeze import freeze
from mindseye.models.load import Model, load_model
from mindseye.optimize.recipe.files import parse_changes
from mindseye.photos.photo_set import find_photos
from mindseye.runs.files import read_picture
from mindseye.runs.schema import FacetEntry

CPU = torch.device("cpu")
JUDGED = {"neighbourhood": ("home_folder", "percentile", "copy"), "transfer": ("probability", "top1", "top5")}
KEPT = {
    "fidelity": ("cosine", "percentile", "recovered"),
    "naturalness": ("total_variation", "high_frequencies", "spectrum_slope"),
}

Rows = dict[str, list[float]]


@dataclass(frozen=True)
class Known:
    """What the judge made of all photos: features and folders, logits, and where each folder's first photo stands."""

    photos: PhotoFeatures
    logits: Tensor
    first: list[int]


def main() -> None:
    """Measure and print."""
    options = _options()
    keep_memory()
    folders = sorted(path for path in options.photos.iterdir() if path.is_dir())
    judge = load_model(options.judge)
    with freeze(judge.network):
        judge.network.to(memory_format=torch.channels_last)
        known = _know(judge, folders)
        gains = {}
        for recipe in [options.recipe, *([options.against] if options.against else [])]:
            rows, groups, seconds = _measured(options, recipe, folders, judge, known)
            gains[recipe] = rows["gain in probability over the start"]
            title = (
                f"{recipe}: {options.painter} painted, {options.judge} judging, {len(groups)} pictures, {seconds:.0f} s"
            )
            _print(title, rows, groups)
            _print_bounds(rows)
    if options.against:
        found = paired_interval(gains[options.recipe], gains[options.against], 0, groups=groups)
        print(f"gain less that of {options.against}: {found.mean:.3f} ({found.low:.3f} to {found.high:.3f})")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("photos", type=Path)
    add("--painter", default="efficientnet_lite0")
    add("--judge", default="efficientnet_lite1")
    add("--recipe", default="distribution")
    add("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="change one number of it")
    add("--against", metavar="RECIPE", help="paint the same facets by this recipe too")
    add("--each", type=int, default=4, help="how many facets of each folder count, the largest first")
    add("--only", help="only the folders of these names, with commas between, are painted")
    add("--out", type=Path, default=Path("runs/aims"), help="run folders, RECIPE/FOLDER (default: runs/aims)")
    return parser.parse_args()


def _know(judge: Model, folders: list[Path]) -> Known:
    ask, size = make_judge(judge), judge.preprocessing.size
    seen = [run_judge(ask, find_photos(folder).batches(judge.preprocessing, size, 3), CPU) for folder in folders]
    counts = [len(one.features) for one in seen]
    homes = torch.repeat_interleave(torch.arange(len(folders)), torch.tensor(counts))
    logits = torch.cat([one.logits for one in seen if one.logits is not None])
    features = torch.cat([one.features for one in seen])
    return Known(index_photos(features, homes, homes), logits, [sum(counts[:place]) for place in range(len(counts))])


def _measured(
    options: argparse.Namespace, recipe: str, folders: list[Path], judge: Model, known: Known
) -> tuple[Rows, list[int], float]:
    """Every measure of every picture; the folder of each; and the seconds that all runs took."""
    rows: Rows = {}
    groups: list[int] = []
    seconds = 0.0
    changes = parse_changes(options.changes) if recipe == options.recipe else {}
    for number, folder in enumerate(folders):
        if options.only and folder.name not in options.only.split(","):
            continue
        run = visualize(
            folder,
            model=options.painter,
            recipe=recipe,
            changes=changes,
            size=load_model(options.painter).preprocessing.size,
            out=options.out / recipe / folder.name,
            quiet=True,
        )
        manifest = run.manifest
        seconds += sum(manifest.seconds.values())
        facets = [facet for facet in manifest.layers[0].facets if facet.picture][: options.each]
        for row in _rows(run.path, facets, number, judge, known):
            groups.append(number)
            for key, value in row.items():
                rows.setdefault(key, []).append(value)
    return rows, groups, seconds


def _rows(run: Path, facets: list[FacetEntry], folder: int, judge: Model, known: Known) -> Iterator[dict[str, float]]:
    ask = make_judge(judge)
    pictures, starts = (
        torch.stack([read_picture(run / str(kept)) for kept in paths])
        for paths in ([facet.picture for facet in facets], [facet.start for facet in facets])
    )
    seen, begun = (run_judge(ask, picture_batches(images, judge), CPU) for images in (pictures, starts))
    assert seen.logits is not None
    assert begun.logits is not None
    places = [torch.tensor([member.index for member in facet.members]) + known.first[folder] for facet in facets]
    alike = mean_pairwise_cosine(seen.features)
    alike_photos = mean_pairwise_cosine(known.photos.features[torch.stack([members[0] for members in places])])
    for index, (facet, members) in enumerate(zip(facets, places, strict=True)):
        near = facet_neighbourhood(seen.features[index], begun.features[index], known.photos, folder, folder, members)
        told = facet_transfer(seen.logits[index], known.logits[members], begun.logits[index])
        row: dict[str, float] = {}
        for found, keys in ((near, JUDGED["neighbourhood"]), (told, JUDGED["transfer"])):
            for key in keys:
                row |= {key: found["picture"][key], f"{key} of members": found["members"][key]}
        for family, keys in KEPT.items():
            for key in keys:
                row[f"{family} {key}"] = (facet.measures or {})[family]["picture"][key]
        row["gain in probability over the start"] = told["picture"]["probability"] - told["start"]["probability"]
        row |= {"cosine between pictures of a folder": alike, "of the nearest members": alike_photos}
        yield row


def _print(title: str, rows: Rows, groups: list[int]) -> None:
    print(f"{title}\n\n| measure | mean | 95 % interval |\n|---|---|---|")
    for key, values in rows.items():
        mean, low, high = bootstrap_interval(values, 0, groups=groups)
        print(f"| {key} | {mean:.3f} | {low:.3f} to {high:.3f} |")
    print(flush=True)


def _print_bounds(rows: Rows) -> None:
    """How many pictures lie outside what is asked of naturalness."""
    bounds = {"total_variation": (0.8, 1.3), "high_frequencies": (0.5, 1.5), "spectrum_slope": (-0.2, 0.2)}
    for key, (low, high) in bounds.items():
        values = rows[f"naturalness {key}"]
        inside = sum(low <= value <= high for value in values)
        print(
            f"{key}: {inside} of {len(values)} pictures within {low} to {high}; range {min(values):.2f} to {max(values):.2f}"
        )
    print(flush=True)


if __name__ == "__main__":
    main()

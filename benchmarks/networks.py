"""Does a recipe hold on the network at hand? A table of painters and judges, never of one family.

    python benchmarks/networks.py PHOTOS --painters efficientnet_lite0,resnet50 --judges efficientnet_lite0,squeezenet \
        --networks NETWORKS/networks.py --converted WEIGHTS --recipes distribution,lucid --out runs/networks

PHOTOS holds a folder per image set. ``--networks`` is a file of factories: a painter or judge with a name of one of them is
made by it, any other is a name for ``--model``; ``--converted`` is the folder of their weights, which the file finds in
$NETWORKS. Folders are split in two by their order: ``--half choose`` to try things on, ``--half report`` to report on.
Run folders are kept under ``--out``, RECIPE/PAINTER/FOLDER, so that what is interrupted goes on.

The judged table: a judge's probability for the members' class, top-1 and neighbourhood, of pictures and of the members
themselves. The ceiling of a painter is how often the judge gives a member and the photo nearest to it, in the painter's
own last features, the same name: what the painter takes for alike, the judge must be able to see as alike.
The second table needs no judge: distances to the targets beside the members' own, and how natural the pictures are.
Intervals are bootstrapped over folders. Leaves --out/networks-HALF.md, or networks-named.md of the folders that ``--paint`` names.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mindseye import visualize
from mindseye.cli import keep_memory
from mindseye.errors import UserError
from mindseye.facets.image import is_of_image
from mindseye.measure.intervals import Interval, bootstrap_interval
from mindseye.measure.judge import Judge, JudgeOutputs, make_judge, picture_batches, run_judge
from mindseye.measure.neighbourhood import PhotoFeatures, facet_neighbourhood, index_photos, nearest
from mindseye.measure.transfer import facet_transfer
from mindseye.models.load import Model, load_model
from mindseye.photos.listing import list_photos
from mindseye.photos.photo_set import find_photos
from mindseye.runs.files import read_picture

CPU = torch.device("cpu")
JUDGED = ("p", "p of members", "top-1", "top-1 of members", "percentile", "percentile of members", "home")
OWN = ("target", "target, members", "stages", "stages, members", "TV", "high freq.", "slope")
HALVES = {"choose": slice(0, None, 2), "report": slice(1, None, 2), "all": slice(None)}

Row = dict[str, float]


@dataclass(frozen=True)
class Gallery:
    """The photos of all folders as one judge sees them. logits: None for a network without classes."""

    photos: PhotoFeatures
    logits: Tensor | None
    first: dict[str, int]
    """Where each folder's first photo stands."""


@dataclass(frozen=True)
class Pictures:
    """What one recipe painted on one network for one folder. members: their numbers among the folder's photos."""

    folder: str
    pictures: Tensor
    starts: Tensor
    members: list[list[int]]
    measures: list[dict[str, Any]]
    seconds: float


def main() -> int:
    """Paint, judge, and print the tables."""
    options = _options()
    keep_memory()
    if options.converted:
        os.environ["NETWORKS"] = str(options.converted.absolute())
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        text = _compare(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    (options.out / f"networks-{_half(options)}.md").write_text(text, "utf-8")
    print(text)
    return 0


def _compare(options: argparse.Namespace) -> str:
    folders = sorted(path for path in options.photos.iterdir() if path.is_dir())
    painted = _chosen(folders, options)
    names = [*options.painters.split(","), *options.judges.split(",")]
    galleries = {name: _gallery(make_judge(_load(name, options)), folders, options) for name in dict.fromkeys(names)}
    judged, own = [_header(("painter", "judge", "recipe", "pictures", *JUDGED, "p, x", "ceiling"))], []
    own.append(_header(("painter", "recipe", "pictures", *OWN, "seconds a folder")))
    for painter in options.painters.split(","):
        for recipe in options.recipes.split(","):
            results = [_paint(painter, recipe, folder, options) for folder in painted]
            groups = [result.folder for result in results for _ in result.measures]
            rows = [_own(measures) for result in results for measures in result.measures]
            seconds = sum(result.seconds for result in results) / len(results)
            shown = [_shown([row[key] for row in rows], groups) for key in OWN]
            own.append(_line([painter, Path(recipe).stem, str(len(rows)), *shown, f"{seconds:.0f}"]))
            for judge in options.judges.split(","):
                if family(judge) != family(painter):
                    line = _judged(results, galleries[judge], galleries[painter], judge, options)
                    judged.append(_line([painter, judge, Path(recipe).stem, str(len(rows)), *line]))
            print(f"{painter}, {recipe}: {len(rows)} pictures", file=sys.stderr, flush=True)
    about = (
        f"{len(painted)} folders ({_half(options)}): {', '.join(folder.name for folder in painted)}; {options.facets} facets of"
        f" the first {options.limit} photos each; seed {options.seed}. Intervals (95 %) over folders.\n"
    )
    return "\n".join([about, *judged, "", *own, ""])


def _half(options: argparse.Namespace) -> str:
    """What the painted folders are called."""
    return "named" if options.paint else str(options.half)


def _chosen(folders: Sequence[Path], options: argparse.Namespace) -> list[Path]:
    if not options.paint:
        return list(folders[HALVES[options.half]])[: options.folders or None]
    names = options.paint.split(",")
    unknown = set(names) - {folder.name for folder in folders}
    if unknown:
        raise UserError(f"--paint: there is no folder {', '.join(sorted(unknown))} in {options.photos}")
    return [folder for folder in folders if folder.name in names]


def family(name: str) -> str:
    """The letters that a network's name begins with: all of ``efficientnet_lite0`` to ``4`` are of one family."""
    found = re.match(r"[a-z]+", name.removeprefix("timm/").lower())
    return found.group() if found else name


def ceiling(features: Tensor, labels: Tensor, members: Sequence[int]) -> float:
    """Share of members that have the same label as the photo nearest to them.

    features: a painter's, [photos, D] of unit length. labels: a judge's, [photos]. members: numbers of photos.
    """
    chosen = torch.tensor(list(members))
    _, beside = nearest(features[chosen], features, 1, selves=chosen)
    return float((labels[beside[:, 0]] == labels[chosen]).double().mean())


def _judged(
    results: Sequence[Pictures], judging: Gallery, painting: Gallery, name: str, options: argparse.Namespace
) -> list[str]:
    judge = make_judge(_load(name, options))
    rows: list[Row] = []
    groups: list[str] = []
    members: list[int] = []
    for result in results:
        seen, begun = (
            run_judge(judge, picture_batches(list(images), judge.model), CPU)
            for images in (result.pictures, result.starts)
        )
        for facet, numbers in enumerate(result.members):
            places = torch.tensor(numbers) + judging.first[result.folder]
            rows.append(_judged_row(seen, begun, facet, places, judging))
            groups.append(result.folder)
            members += places.tolist()
    assert judging.logits is not None
    shown = [_shown([row[key] for row in rows], groups) for key in JUDGED]
    share = sum(row["p"] for row in rows) / sum(row["p of members"] for row in rows)
    return [*shown, f"{share:.2f}", f"{ceiling(painting.photos.features, judging.logits.argmax(1), members):.2f}"]


def _judged_row(seen: JudgeOutputs, begun: JudgeOutputs, facet: int, members: Tensor, gallery: Gallery) -> Row:
    if seen.logits is None or begun.logits is None or gallery.logits is None:
        raise UserError("a judge must name classes; give another to --judges")
    home = int(gallery.photos.folders[members[0]])
    near = facet_neighbourhood(seen.features[facet], begun.features[facet], gallery.photos, home, home, members)
    told = facet_transfer(seen.logits[facet], gallery.logits[members], begun.logits[facet])
    return {
        "p": told["picture"]["probability"],
        "p of members": told["members"]["probability"],
        "top-1": told["picture"]["top1"],
        "top-1 of members": told["members"]["top1"],
        "percentile": near["picture"]["percentile"],
        "percentile of members": near["members"]["percentile"],
        "home": near["picture"]["home_folder"],
    }


def _own(measures: dict[str, Any]) -> Row:
    """How far a picture and its members are from the target, at the painted layer and at the stages; how natural it is."""
    natural, layers = measures["naturalness"]["picture"], measures["wasserstein"]
    *stages, target = [address for address in layers["picture"] if not is_of_image(address)]

    def stage_mean(role: str) -> float:
        return sum(layers[role][address] for address in stages) / len(stages) if stages else float("nan")

    return {
        "target": layers["picture"][target],
        "target, members": layers["members"][target],
        "stages": stage_mean("picture"),
        "stages, members": stage_mean("members"),
        "TV": natural["total_variation"],
        "high freq.": natural["high_frequencies"],
        "slope": natural["spectrum_slope"],
    }


def _paint(painter: str, recipe: str, folder: Path, options: argparse.Namespace) -> Pictures:
    layers = dict(choice.split("=", 1) for choice in options.layer)
    run = visualize(
        _photos(folder, options.limit),
        model=_address(painter, options),
        layer=layers.get(painter),
        recipe=recipe,
        facets=options.facets,
        size=options.size or load_model(_address(painter, options)).preprocessing.size,
        seed=options.seed,
        out=options.out / Path(recipe).stem / painter / folder.name,
        quiet=True,
    )
    manifest = run.manifest
    facets = [facet for facet in manifest.layers[0].facets if facet.picture]
    pictures, starts = (
        torch.stack([read_picture(run.path / str(kept)) for kept in paths])
        for paths in ([facet.picture for facet in facets], [facet.start for facet in facets])
    )
    members = [[member.index for member in facet.members] for facet in facets]
    measures = [facet.measures or {} for facet in facets]
    return Pictures(folder.name, pictures, starts, members, measures, sum(manifest.seconds.values()))


def _gallery(judge: Judge, folders: Sequence[Path], options: argparse.Namespace) -> Gallery:
    seen, size = [], judge.model.preprocessing.size
    judge.model.network.to(memory_format=torch.channels_last)
    for folder in folders:
        photos = find_photos(_photos(folder, options.limit))
        seen.append(run_judge(judge, photos.batches(judge.model.preprocessing, size, judge.model.in_channels), CPU))
    counts = [len(part.features) for part in seen]
    homes = torch.repeat_interleave(torch.arange(len(folders)), torch.tensor(counts))
    logits = (
        torch.cat([part.logits for part in seen if part.logits is not None]) if seen[0].logits is not None else None
    )
    first = {folder.name: sum(counts[:place]) for place, folder in enumerate(folders)}
    features = normalize(torch.cat([part.features for part in seen]).float(), dim=-1)
    return Gallery(index_photos(features, homes, homes), logits, first)


def _photos(folder: Path, limit: int) -> list[str]:
    return [entry.path for entry in list_photos(folder).entries][: limit or None]


def _load(name: str, options: argparse.Namespace) -> Model:
    return load_model(_address(name, options))


def _address(name: str, options: argparse.Namespace) -> str:
    if options.networks and re.search(rf"^def {re.escape(name)}\(", options.networks.read_text("utf-8"), re.MULTILINE):
        return f"{options.networks}:{name}"
    return name


def _shown(values: Sequence[float], groups: Sequence[str]) -> str:
    found: Interval = bootstrap_interval(values, 0, groups=groups)
    return f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f})"


def _header(titles: Sequence[str]) -> str:
    return _line(titles) + "\n" + _line(["---"] * len(titles))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("photos", type=Path)
    add("--painters", default="efficientnet_lite0")
    add("--judges", default="efficientnet_lite0,efficientnet_lite1")
    add("--recipes", default="distribution", help="names or .toml files, with commas between")
    add("--networks", type=Path, help="a file of factories of networks")
    add("--converted", type=Path, help="the folder of their weights")
    add("--layer", action="append", default=[], metavar="PAINTER=LAYER", help="by default the last before pooling")
    add("--half", choices=sorted(HALVES), default="choose")
    add("--folders", type=int, default=0, help="how many of that half are painted; 0: all")
    add("--paint", default="", help="the folders that are painted, with commas between, in place of a half")
    add("--limit", type=int, default=40, help="most photos of a folder; 0: all")
    add("--facets", type=int, default=2)
    add("--size", type=int, default=0)
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=0)
    add("--out", type=Path, default=Path("runs/networks"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

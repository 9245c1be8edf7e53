"""Side by side: the same network, layer, folders, canvas and seconds for every way to paint; another network judges.

    python benchmarks/quality.py PHOTOS/starfish PHOTOS/llama --among PHOTOS --out runs/quality
    python benchmarks/quality.py PHOTOS/starfish --facets 2 --limit 30 --seconds 20 --out runs/quick

The recipes distribution, paper and reference; a class logit and a direction in Lucid's manner and on MACO's canvas; and
torch-lucent and horama with their own defaults, where they are installed. Every method paints as many steps as fit into
the seconds that distribution takes at its default; on a CPU these are the processor's. A logit is told the label of most
members, as the painted network itself sees it; no other method is told anything.

Leaves in --out: table.md; sheet.png, pictures painted from noise only, which may be shown; sheet-with-photos.png, which
shows members and starts, and may not; over-time.png; plan.json and a file per folder: the same command goes on where it
was stopped.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from sidebyside import painting, rivals
from sidebyside.painting import METHODS, Painted
from sidebyside.scores import Gallery, Row, score
from sidebyside.setting import YARDSTICK, Setting, photos_in
from sidebyside.tables import picture_path, plot, sheet, table

from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.layers.stages import choose_layers
from mindseye.measure.judge import make_judge
from mindseye.models.load import Model, load_model
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.session import NetworkSession
from mindseye.runs.entries import device_name
from mindseye.runs.files import write_json, write_picture
from mindseye.workflows.facets.job import FacetJob

COLUMNS = 10
OWN = {method.name: method for method in METHODS}


@dataclass
class Plan:
    """How many steps each method paints, settled at the first folder; 0: as many as its recipe says."""

    path: Path
    content: dict[str, Any]

    def steps(self, name: str, setting: Setting) -> int:
        """The steps of a method, timed where they are not known yet."""
        known: dict[str, int] = self.content["steps"]
        if name not in known:
            if name == YARDSTICK and not self.content["seconds"]:
                return 0
            cost = (
                painting.seconds_per_step(OWN[name], setting)
                if name in OWN
                else rivals.seconds_per_step(rivals.RIVALS[name], setting)
            )
            known[name] = max(1, int(self.content["seconds"] / cost))
            write_json(self.path, self.content)
        return known[name]

    def settle(self, painted: Painted) -> None:
        """Take the seconds that the first painting took as everybody's."""
        if not self.content["seconds"]:
            self.content["seconds"], self.content["steps"][YARDSTICK] = painted.seconds, painted.steps
            write_json(self.path, self.content)


def main() -> int:
    """Paint, judge, and print the table."""
    options = _parser().parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        _compare(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _compare(options: argparse.Namespace) -> None:
    out = Path(options.out)
    methods = options.methods.split(",") if options.methods else [*OWN, *rivals.RIVALS]
    unknown = [name for name in methods if name not in (*OWN, *rivals.RIVALS)]
    if unknown or YARDSTICK not in methods:
        raise UserError(f"--methods wants {YARDSTICK} and any of: {'; '.join([*OWN, *rivals.RIVALS])}")
    folders = _folders(options)
    opened = NetworkSession(options.model, options.weights, device=options.device, seed=options.seed)
    opened = opened.sized(options.size or opened.model.preprocessing.size)
    plan = _plan(options, out)
    gallery = Gallery(make_judge(load_model(options.judge)), folders, options.limit, opened.device)
    logits = _logits(opened.model)
    with opened.using(load_recipe(YARDSTICK)) as session:
        for folder in folders[: len(options.folders)]:
            file = out / "folders" / f"{Path(folder).name}.json"
            if not file.is_file():
                setting = Setting(_job(session, folder, options), logits)
                write_json(file, _folder(setting, folder, methods, plan, gallery, out))
    results = [json.loads((out / "folders" / f"{Path(folder).name}.json").read_text()) for folder in options.folders]
    about = f"{options.model} painted, {options.judge} judging, {device_name(opened.device)}"
    _report(out, methods, results, plan, about)


def _folder(
    setting: Setting, folder: str, methods: list[str], plan: Plan, gallery: Gallery, out: Path
) -> dict[str, Any]:
    painted: dict[str, Painted] = {}
    missing: dict[str, str] = {}
    for name in sorted(methods, key=lambda name: name != YARDSTICK):
        print(f"{Path(folder).name}: {name}", file=sys.stderr, flush=True)
        try:
            steps = plan.steps(name, setting)
            is_own = name in OWN
            painted[name] = (
                painting.paint(OWN[name], setting, steps)
                if is_own
                else rivals.paint(rivals.RIVALS[name], setting, steps)
            )
        except ImportError as error:
            missing[name] = str(error)
            continue
        plan.settle(painted[name])
        for facet, image in enumerate(painted[name].images):
            path = out / picture_path(Path(folder).name, facet, name)
            write_picture(path, image, {"Software": "mindseye", "mindseye:method": name})
    paths = setting.job.photos.paths
    members = [[paths[index] for index in facet] for facet in setting.yardstick.facets]
    return {"rows": score(setting, painted, gallery, folder), "members": members, "missing": missing}


def _report(out: Path, methods: list[str], results: list[dict[str, Any]], plan: Plan, about: str) -> None:
    rows: list[Row] = [row for result in results for row in result["rows"]]
    missing = {name: reason for result in results for name, reason in result["missing"].items()}
    shown = [name for name in methods if name not in missing]
    told = [name for name in shown if name not in OWN or OWN[name].told]
    about = f"{about}, {plan.content['seconds']:.0f} s of painting a folder, folders: {len(results)}.\n\n"
    text = about + table(rows, shown, told, missing)
    (out / "table.md").write_text(text, "utf-8")
    print(text)
    names = [Path(folder).name for folder in plan.content["options"]["folders"]]
    most = max(len(result["members"]) for result in results)
    columns = [
        (name, facet)
        for facet in range(most)
        for name, result in zip(names, results, strict=True)
        if facet < len(result["members"])
    ][:COLUMNS]
    columns.sort(key=lambda column: names.index(column[0]))
    members = {
        (name, facet): paths
        for name, result in zip(names, results, strict=True)
        for facet, paths in enumerate(result["members"])
    }
    from_noise = [name for name in shown if name not in OWN or not OWN[name].shows_photos]
    sheet(out, from_noise, columns, {}).image.save(out / "sheet.png")
    sheet(out, shown, columns, members).image.save(out / "sheet-with-photos.png")
    plot(out / "over-time.png", rows, [name for name in shown if name in OWN])


def _plan(options: argparse.Namespace, out: Path) -> Plan:
    path, asked = out / "plan.json", {key: value for key, value in vars(options).items() if key != "out"}
    if path.is_file():
        content = json.loads(path.read_text())
        if content["options"] != asked:
            raise UserError(f"{out} holds a comparison with other options; choose another --out")
        return Plan(path, content)
    return Plan(path, {"options": asked, "seconds": options.seconds, "steps": {}})


def _folders(options: argparse.Namespace) -> list[str]:
    """The folders to paint, then those that are only looked among."""
    for folder in [*options.folders, *([options.among] if options.among else [])]:
        if not Path(folder).is_dir():
            raise UserError(f"{folder} is no folder")
    names = [Path(folder).name for folder in options.folders]
    if len(set(names)) < len(names):
        raise UserError("two of the folders have the same name; rename one")
    beside = sorted(entry for entry in Path(options.among).iterdir() if entry.is_dir()) if options.among else []
    own = {Path(folder).resolve() for folder in options.folders}
    return [*options.folders, *(str(folder) for folder in beside if folder.resolve() not in own)]


def _job(session: NetworkSession, folder: str, options: argparse.Namespace) -> FacetJob:
    asked = [options.layer] if options.layer else []
    (layer,) = choose_layers(session.model.network, session.network, asked)
    return FacetJob(session, photos_in(folder, options.limit), [layer], layer, options.facets)


def _logits(model: Model) -> Layer:
    output = make_judge(model).output
    if output is None:
        raise UserError(f"{model.name} names no classes: nothing to compare a logit with")
    return output


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="photos to paint from; one folder, one image set")
    parser.add_argument("--out", required=True, help="where everything goes")
    parser.add_argument("--among", help="a folder whose sub-folders are the photos to find neighbours among")
    parser.add_argument("--model", default="efficientnet_lite0", help="the network to paint")
    parser.add_argument("--weights")
    parser.add_argument("--layer", help="by default the last before pooling")
    parser.add_argument("--judge", default="efficientnet_lite1", help="the network that only looks")
    parser.add_argument("--facets", type=int, default=4)
    parser.add_argument("--size", type=int, default=0, help="side of the canvas in px")
    parser.add_argument("--limit", type=int, default=0, help="most photos of a folder")
    parser.add_argument("--seconds", type=float, default=0, help="for each method; by default what distribution takes")
    parser.add_argument("--methods", default="", help="some of them, separated by commas; distribution among them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    return parser


if __name__ == "__main__":
    sys.exit(main())

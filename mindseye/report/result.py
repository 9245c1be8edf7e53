"""What a command has come to, in one line, and what one would do next."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from mindseye.report.manifest import deepest_layer, failure, names_objectives
from mindseye.report.markdown import format_percent
from mindseye.report.numbers import format_number
from mindseye.runs.making import makings
from mindseye.runs.schema import ExamplesRecord, Manifest, Summary, TransferRecord
from mindseye.wording import counted

JUDGED = ("visualize", "inspect", "paint")
"""The kinds of runs whose pictures judges can be shown, as their commands do with --judge."""


@dataclass(frozen=True)
class Outcome:
    """What a command ends with: what has come of it, in one line, and the commands that lead on."""

    line: str
    commands: tuple[str, ...]


def run_outcome(path: Path, manifest: Manifest) -> Outcome:
    """That of a run of facets or of named objectives."""
    return Outcome(result_line(manifest), tuple(next_commands(path, manifest)))


def explanation_outcome(path: Path, manifest: Manifest) -> Outcome:
    """That of a run of ``explain``: its page, then the checks; where these are there, a picture of what was explained."""
    maps = [entry for photo in manifest.photos for entry in photo.maps]
    made = sum(entry.status == "done" for entry in maps)
    networks = ", ".join(model.name for model in manifest.models)
    line = f"{counted(made, 'maps')} of {counted(len(manifest.photos), 'photos')} by {networks}"
    line += f", {len(maps) - made} failed" if made < len(maps) else ""
    if not manifest.options.get("check"):
        # Without a folder of its own it goes beside this run.
        further = f"{manifest.command} --check{' --force' if ' --out' in manifest.command else ''}"
        return Outcome(f"{line}; not checked", (_open(path), further))
    target = next((entry.target for entry in maps if entry.status == "done"), "")
    number = re.search(r"\((\d+)\)$", target)
    words = f"class:{number[1]}" if number and manifest.target == "top" else manifest.target
    model = manifest.models[0].asked or manifest.models[0].name if manifest.models else "resnet50"
    if words == "top" or words.startswith("facet:"):
        return Outcome(f"{line}, checked", (_open(path), f"mindseye layers {shlex.quote(model)}"))
    return Outcome(f"{line}, checked", (_open(path), shlex.join(["mindseye", "paint", "--model", model, words])))


def examples_outcome(path: Path, record: ExamplesRecord) -> Outcome:
    """That of ``examples``: its page, then a picture of what excites the first channel."""
    photos = {
        example.index for channel in record.channels for group in channel.groups.values() for example in group.photos
    }
    line = (
        f"{counted(len(record.channels), 'channels')}: {len(photos)} of {counted(record.images.count, 'photos')} shown"
    )
    spec = record.model.spec or record.model.name
    unit = f"{record.layer.layer}:{record.channels[0].channel}"
    return Outcome(line, (_open(path), shlex.join(["mindseye", "paint", "--model", spec, unit])))


def transfer_outcome(path: Path, record: TransferRecord) -> Outcome:
    """That of a transfer: its page, then a film of the first painter's pictures."""
    parts = [
        f"{result.judge} names {format_percent(result.top1).partition(' ')[0]} % of {counted(result.n, 'images')}"
        f" painted by {result.painter}{'' if result.condition == 'all' else f' ({result.condition})'}"
        for result in record.results
    ]
    commands = [_open(path)]
    if record.runs:
        commands.append(f"mindseye film {shlex.quote(str(path / record.runs[0].folder))}")
    return Outcome("; ".join(parts) or "nothing was judged", tuple(commands))


def batch_outcome(path: Path, counts: str, pictures: int) -> Outcome:
    """That of a batch. counts: how many of its classes are done, in words."""
    folder = shlex.quote(str(path))
    return Outcome(f"{counts}; {counted(pictures, 'pictures')}", (_open(path), f"mindseye status {folder}"))


def _open(path: Path) -> str:
    return f"mindseye open {shlex.quote(str(path))}"


def result_line(manifest: Manifest) -> str:
    """``4 facets of 15 photos, 4 pictures; judged by vit_b_16``: what was found and painted, and who has looked at it.

    Beside each judge stands its mean probability of what it should see, of named objectives or at the deepest layer.
    """
    named = names_objectives(manifest)
    painted = manifest.pictures if named else manifest.facets
    pictures = counted(sum(1 for entry in painted if entry.picture and not failure(entry)), "pictures")
    if named:
        found = pictures
    else:
        facets = counted(len(deepest_layer(manifest).facets), "facets")
        found = f"{facets} of {counted(manifest.images.count, 'photos')}, {pictures}"
    if manifest.kind not in JUDGED:
        return found
    judges = [judge + _probability(manifest, judge, named) for judge in manifest.judges]
    return f"{found}; judged by {', '.join(judges)}" if judges else f"{found}; not judged yet"


def next_commands(path: Path, manifest: Manifest) -> list[str]:
    """The commands that lead on from a finished run: its page, and judges, or where these have looked a film of its steps."""
    folder = shlex.quote(str(path))
    if manifest.kind in JUDGED and not manifest.judges:
        judge = "resnet50" if manifest.model.name == "vit_b_16" else "vit_b_16"
        return [_open(path), f"mindseye evaluate {folder} --judge {judge}"]
    return [_open(path), f"mindseye film {folder}"] if makings(manifest) else [_open(path)]


def _probability(manifest: Manifest, judge: str, named: bool) -> str:
    summary = manifest.summary or Summary()
    scores = summary.transfer if named else summary.layers.get(deepest_layer(manifest).layer, {}).get("transfer", {})
    mean = scores.get(judge, {}).get("picture", {}).get("probability", {}).get("mean")
    return "" if mean is None else f" (p {format_number(mean)})"

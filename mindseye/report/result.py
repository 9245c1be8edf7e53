"""What a run has come to, in one line, and what one would do next."""

import shlex
from pathlib import Path

from mindseye.report.manifest import deepest_layer, failure, names_objectives
from mindseye.report.numbers import format_number
from mindseye.runs.schema import Manifest, Summary
from mindseye.wording import counted

JUDGED = ("visualize", "inspect", "paint")
"""The kinds of runs whose pictures judges can be shown, as their commands do with --judge."""


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
    """The two commands that lead on from a finished run: its page, and judges, or a film where these have looked at it."""
    folder = shlex.quote(str(path))
    if manifest.kind not in JUDGED or manifest.judges:
        return [f"mindseye open {folder}", f"mindseye film {folder}"]
    judge = "resnet50" if manifest.model.name == "vit_b_16" else "vit_b_16"
    return [f"mindseye open {folder}", f"mindseye evaluate {folder} --judge {judge}"]


def _probability(manifest: Manifest, judge: str, named: bool) -> str:
    summary = manifest.summary or Summary()
    scores = summary.transfer if named else summary.layers.get(deepest_layer(manifest).layer, {}).get("transfer", {})
    mean = scores.get(judge, {}).get("picture", {}).get("probability", {}).get("mean")
    return "" if mean is None else f" (p {format_number(mean)})"

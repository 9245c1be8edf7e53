"""What judges see in the pictures of named objectives, which have no photos to be found among."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.labels import resolve_labels
from mindseye.measure.judge import Judge, picture_batches, run_judge
from mindseye.measure.summary import summarise
from mindseye.measure.transfer import TOP, transfer
from mindseye.models.load import Model
from mindseye.optimize.objectives.address import CLASS
from mindseye.report.progress import Progress
from mindseye.runs.files import read_picture
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import JudgeEntry, Manifest, PaintedEntry, PictureEntry, Summary
from mindseye.workflows.evaluation.painter import painter_if_kept, refuse_painter
from mindseye.workflows.evaluation.panel import Panel

ROLES = ("picture", "start")


def judge_pictures(
    folder: RunFolder, manifest: Manifest, panel: Panel, device: torch.device, progress: Progress
) -> None:
    """Show each judge every picture and its start, and write what it makes of them into the run's manifest.

    Each picture gets ``measures.transfer``: by judge, ``sees``, the five likeliest labels with their probabilities; and
    where a label is wanted of the judge, ``label``, ``labels`` and, for picture and start, what ``transfer`` gives.
    Wanted is the class that the objective names, else what the panel asks for. ``summary.transfer`` holds the means over
    the pictures with a wanted label, with intervals.

    Raises:
        UserError: for photos to look among, a judge that is the painted network or scores no classes, and if no picture
            was painted, or one is gone.
    """
    painted = [entry for entry in manifest.pictures if entry.picture]
    painter = painter_if_kept(manifest, progress, "judges are told from the painted network by their names alone")
    _check(folder, painted, panel, painter, manifest)
    manifest.summary = manifest.summary or Summary()
    for judge in panel.judges:
        wanted, unknown = _wanted(manifest, painted, painter, judge)
        with progress.stage(f"judge {judge.name}", 2 * len(painted), "pictures") as advance:
            batches = picture_batches(pictures_and_starts(folder, painted), judge.model)
            logits = run_judge(judge, batches, device, advance).logits
        if logits is None:
            raise UserError(f"judge {judge.name!r} gives no scores of classes, so it can name no picture; take another")
        for place, (entry, labels) in enumerate(zip(painted, wanted, strict=True)):
            entry.measures = {} if entry.measures is None else entry.measures
            by_judge = entry.measures.setdefault("transfer", {})
            by_judge[judge.name] = _seen(judge, logits[2 * place : 2 * place + 2], labels)
        manifest.summary.transfer[judge.name] = _summary(painted, judge.name, manifest.seed or 0)
        for name in unknown:
            _note(manifest, progress, f"judge {judge.name} knows no class {name!r}: what it sees there has no score")
        manifest.judges[judge.name] = JudgeEntry(
            weights=judge.model.weights,
            preprocessing=judge.model.preprocessing.describe(),
            labels=None if judge.labels is None else judge.label_names(judge.labels),
            asked=panel.asked(judge),
        )
    manifest.seconds |= progress.seconds
    folder.write(manifest)


def _check(
    folder: RunFolder, painted: Sequence[PictureEntry], panel: Panel, painter: Model | None, manifest: Manifest
) -> None:
    if panel.among:
        raise UserError(f"{folder.path} was painted without photos, so there are no neighbours: leave --among out")
    if not painted:
        raise UserError(f"{folder.path} holds no picture: every painting failed")
    refuse_painter(panel, painter, manifest)


def pictures_and_starts(folder: RunFolder, painted: Iterable[PaintedEntry]) -> Iterator[Tensor]:
    """Every picture, each followed by its start.

    Raises:
        UserError: if a file of one is gone or cannot be read, naming it.
    """
    for entry in painted:
        for kept in (entry.picture, entry.start):
            path = folder.path / str(kept)
            try:
                yield read_picture(path)
            except OSError as error:
                raise UserError(f"{path}, a picture of this run, cannot be read; paint it anew with --force") from error


def _wanted(
    manifest: Manifest, painted: Sequence[PictureEntry], painter: Model | None, judge: Judge
) -> tuple[list[tuple[int, ...] | None], list[str]]:
    """The labels wanted of each picture, None where there are none; and the classes that the judge does not know."""
    # A photo may be called as a class is, and the pictures between two objectives show neither.
    names_classes = manifest.kind != "invert" and not manifest.options.get("interpolate")
    labels: list[tuple[int, ...] | None] = []
    unknown: dict[str, None] = {}
    for entry in painted:
        classes = _classes(entry.objective) if names_classes else []
        known = {name: _label(name, painter, judge) for name in classes}
        named = tuple(dict.fromkeys(label for label in known.values() if label is not None))
        unknown |= {name: None for name, label in known.items() if label is None}
        labels.append(judge.labels if not classes else named if None not in known.values() else None)
    return labels, list(unknown)


def _classes(objective: str) -> list[str]:
    """The classes that an objective names: one, or several in a sum."""
    start = f"{CLASS}:"
    return [part.removeprefix(start) for part in objective.split(" + ") if part.startswith(start)]


def _label(name: str, painter: Model | None, judge: Judge) -> int | None:
    """The judge's index of a class, None where it does not know it.

    What the painted network calls the class is tried first: a bare index is an index of that network's classes.
    """
    model, count = judge.model, judge.output.channels if judge.output else None
    for word in _names(name, painter):
        with suppress(UserError):
            return resolve_labels([word], model.labels, model.wnids, count)[0]
    return None


def _names(word: str, painter: Model | None) -> list[str]:
    """What a class may be called: by the painted network, WordNet id first, and by the user unless that is an index."""
    if painter is None or not (painter.labels or painter.wnids):
        return [word]
    try:
        (index,) = resolve_labels([word], painter.labels, painter.wnids)
    except UserError:
        return [word]
    known = [names[index] for names in (painter.wnids, painter.labels) if names]
    return known + ([] if word.strip().isdecimal() else [word])


def _seen(judge: Judge, logits: Tensor, labels: Sequence[int] | None) -> dict[str, Any]:
    """What a judge makes of a picture and its start, from logits [2, classes]."""
    likeliest = logits[0].double().softmax(0).topk(min(TOP, logits.shape[1]))
    pairs = zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
    sees = [{"label": judge.label_names([index]), "probability": share} for index, share in pairs]
    if labels is None:
        return {"sees": sees}
    values = transfer(logits, labels)
    numbers = {role: {name: float(two[place]) for name, two in values.items()} for place, role in enumerate(ROLES)}
    return {**numbers, "label": judge.label_names(labels), "labels": list(labels), "sees": sees}


def _summary(painted: Sequence[PictureEntry], judge: str, seed: int) -> dict[str, Any]:
    """Means and intervals over the pictures that have a label, how many they are; variants count as so many pictures."""
    blocks = [(entry.measures or {})["transfer"][judge] for entry in painted]
    labelled = [{"transfer": {judge: block}} for block in blocks if "label" in block]
    means = summarise(labelled, seed).get("transfer", {}).get(judge, {})
    return {"pictures": len(labelled), **{role: means[role] for role in ROLES if role in means}}


def _note(manifest: Manifest, progress: Progress, line: str) -> None:
    if line not in manifest.notes:
        manifest.notes.append(line)
        progress.say(f"note: {line}")

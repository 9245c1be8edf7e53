"""Whether other networks name what one paints: ``mindseye.transfer("resnet50", judge="vit_b_16")``."""

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.models.placement import torch_device
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.augmentations import ALL, NONE, select_augmentations
from mindseye.photos.class_list import DEFAULT, read_classes
from mindseye.report.progress import Progress
from mindseye.report.transfer import draw_failures
from mindseye.report.transfer_table import transfer_page, transfer_table
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import SCHEMA, Manifest, RunFolder, file_name
from mindseye.runs.manifest import device_name, failures, versions
from mindseye.runs.transfers import TransferFolder, result_of
from mindseye.workflows.evaluation.panel import Network
from mindseye.workflows.opening import check_numbers, chosen_recipe
from mindseye.workflows.transfer.casting import Cast, Part, cast, parts_of
from mindseye.workflows.transfer.class_pictures import Setting, class_pictures
from mindseye.workflows.transfer.copies import CopySet, judge_copies

RECIPE = "class"
BATCH = 10


@dataclass(frozen=True)
class Transfer:
    """A finished transfer's folder, as ``mindseye.transfer`` returns it."""

    path: Path

    @property
    def record(self) -> Manifest:
        """transfer.json, read anew."""
        return TransferFolder(self.path).read()

    @property
    def results(self) -> list[dict[str, Any]]:
        """Per painter, condition and judge: accuracies with intervals, of each class too, confusions, failures."""
        results: list[dict[str, Any]] = self.record["results"]
        return results

    @property
    def failures(self) -> list[str]:
        """One line per picture that could not be painted."""
        return [f"{run['painter']}, {line}" for run in self.record["runs"] for line in run["failed"]]

    def __str__(self) -> str:
        return transfer_table(self.record)


def transfer(
    painter: str | nn.Module = "resnet50",
    judge: Network | Sequence[Network] = (),
    *,
    classes: str | os.PathLike[str] | Sequence[str] = DEFAULT,
    both: bool = False,
    augmentation: str = ALL,
    compare: bool = False,
    paintings: int = 3,
    copies: int = 10,
    recipe: str | Recipe = RECIPE,
    out: str | Path | None = None,
    steps: int | None = None,
    size: int | None = None,
    changes: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = BATCH,
    snapshots: int | None = None,
    force: bool = False,
    quiet: bool = False,
    command: str = "mindseye.transfer(...)",
) -> Transfer:
    """Paint classes with one network and let others name the pictures: accuracies, confusions, and what failed.

    The experiment of Erkan. Each class is painted several times, from random numbers of its own. Of each painting come
    ``copies`` images: the first is the picture as painted, the others are the picture under fresh random draws of the six
    augmentations that the recipe has (random resized crop, horizontal flip, rotation, perspective, Gaussian blur, random
    greyscale), whichever of them it was painted under, and in the same draws. So the images number classes x paintings x
    copies, 10 x 3 x 10 = 300 by default, and an image counts as right where a label of its class is the judge's likeliest
    (top-1), or among the five likeliest (top-5). Every network sees the images resized to its own side. A class of several
    labels is painted by the sum of their logits.

    Args:
        painter, judge: networks as ``visualize`` takes them; their class names must know the classes.
        classes: a text file with a class per line (see ``read_classes``), its lines, or the bundled list ``erkan``.
        both: also the reverse: each judge paints, and the painter judges.
        augmentation: which augmentations the painting uses: ``all`` that the recipe has, ``none``, or one by its name (crop,
            flip, rotate, perspective, blur, greyscale).
        compare: paint without augmentation besides.
        paintings: of each class. copies: images of each painting, 1 for the picture alone.
        recipe: its name, a TOML file or a Recipe; ``steps`` and ``changes`` replace single numbers of it.
        out: the folder; by default ``runs/transfer-PAINTER``. What is done is not done again, and an interrupted transfer
            continues; a further judge, condition or direction adds to it; ``force`` starts anew.
        size, seed, device, snapshots: as ``visualize`` takes them. batch_size: pictures painted at once; 0 for all.

    Returns:
        The transfer. Its folder holds a run per painter and condition, ``transfer.json``, ``table.md`` and ``figures``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    check_numbers(seed, snapshots, batch_size, size, steps)
    for name, value in (("paintings", paintings), ("copies", copies)):
        if not (isinstance(value, int) and value >= 1):
            raise UserError(f"{name} is a whole number above zero, not {value!r}")
    chosen = _recipe(recipe, changes, steps, snapshots, copies)
    recipes = {one: select_augmentations(chosen, one) for one in _conditions(augmentation, compare)}
    listed = read_classes(classes)
    place = torch_device(device)
    everybody = cast(painter, judge, listed)
    options = {
        "classes": [[list(words) for words in one.labels] for one in listed],
        "paintings": paintings,
        "copies": copies,
        "recipe": chosen.as_dict(),
        "size": size,
        "seed": seed,
    }
    setting = Setting(paintings, size, seed, device, batch_size, force, quiet, command)
    folder = TransferFolder(Path(out) if out else _default_path(everybody.parts[0].name))
    progress = Progress(quiet)
    with folder.locked():
        record = folder.open(_fresh(command, options, everybody, device_name(place)), force)
        work = _Work(folder, record, everybody.titles, place, progress)
        try:
            for mine, judges in parts_of(everybody, both):
                for condition, one in recipes.items():
                    waiting = [other for other in judges if result_of(record, mine.name, condition, other.name) is None]
                    if not waiting:
                        continue
                    run = folder.run(mine.name, condition)
                    progress.say(f"{mine.name} paints, augmentation: {condition}")
                    class_pictures(run, mine, one, setting)
                    images = CopySet(run, work.keep_run(mine.name, condition, run), copies, chosen, seed)
                    for other in waiting if len(images) else ():
                        work.judge(mine.name, condition, other, images)
        except KeyboardInterrupt:
            work.save("interrupted")
            raise
        work.save("partial" if any(run["failed"] for run in record["runs"]) else "done")
    progress.say(f"done: {folder.path}")
    return Transfer(folder.path)


@dataclass(frozen=True)
class _Work:
    """A transfer while it goes on. titles: of the classes."""

    folder: TransferFolder
    record: Manifest
    titles: Sequence[str]
    device: torch.device
    progress: Progress

    def save(self, status: str) -> None:
        """Write the record and its page."""
        self.record["status"] = status
        self.folder.write(self.record, transfer_page(self.record))

    def keep_run(self, painter: str, condition: str, run: RunFolder) -> list[Manifest]:
        """Note what was painted; the entries of the pictures that could be."""
        manifest = run.read()
        entry = {
            "painter": painter,
            "condition": condition,
            "folder": run.path.name,
            "failed": failures(manifest),
            "seconds": manifest["seconds"],
        }
        others = [one for one in self.record["runs"] if one["folder"] != run.path.name]
        self.record["runs"] = [*others, entry]
        self.save("running")
        return [one for one in manifest["pictures"] if one["picture"]]

    def judge(self, painter: str, condition: str, judge: Part, images: CopySet) -> None:
        """Let one judge look, and keep what it says."""
        found = judge_copies(images, judge.judge, judge.labels, self.titles, self.device, self.progress)
        result = {"painter": painter, "condition": condition, "judge": judge.name, **found, "sheet": None}
        if found["failures"]:
            result["sheet"] = self.folder.sheet(painter, condition, judge.name)
            buffer = io.BytesIO()
            draw_failures(images.folder.read(), result, images.__getitem__).save(buffer, "PNG")
            write_bytes(self.folder.path / result["sheet"], buffer.getvalue())
        self.record["results"].append(result)
        self.save("running")


def _fresh(command: str, options: dict[str, Any], everybody: Cast, device: str) -> Manifest:
    return {
        "schema": SCHEMA,
        "kind": "transfer",
        "command": command,
        "options": options,
        "status": "running",
        "versions": versions(),
        "device": device,
        "networks": everybody.digests(),
        "classes": list(everybody.titles),
        "runs": [],
        "results": [],
    }


def _recipe(
    recipe: str | Recipe, changes: Mapping[str, Any] | None, steps: int | None, snapshots: int | None, copies: int
) -> Recipe:
    chosen = chosen_recipe(recipe, changes, steps, snapshots=snapshots)
    if chosen.schedule("objective").is_zero:
        raise UserError(f"recipe {chosen.name} gives the objective no weight: --set objective=1")
    if chosen.start in ("photo", "weighted"):
        raise UserError(
            f"recipe {chosen.name} starts from {chosen.start}; classes start from noise or grey: --set start=noise"
        )
    if copies > 1:
        select_augmentations(chosen, ALL)  # refuses a recipe under which every copy would be the picture itself
    return chosen


def _conditions(augmentation: str, compare: bool) -> list[str]:
    if compare and augmentation == NONE:
        raise UserError(f"--compare paints without augmentation besides: leave --augmentation {NONE} out")
    return [augmentation, NONE] if compare else [augmentation]


def _default_path(painter: str) -> Path:
    return Path("runs") / f"transfer-{file_name(painter.split('/')[-1])}"

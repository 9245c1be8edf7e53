"""Whether other networks name what one paints: ``mindseye.transfer("resnet50", judge="vit_b_16")``."""

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from mindseye.api.casting import Cast, Part, cast, parts_of
from mindseye.api.class_pictures import class_pictures
from mindseye.api.opening import check_numbers, chosen_recipe
from mindseye.errors import UserError
from mindseye.evaluation.copies import CopySet, judge_copies
from mindseye.evaluation.panel import Network
from mindseye.inputs.classes import DEFAULT, read_classes
from mindseye.inputs.device import torch_device
from mindseye.optimize.augmentations import ALL, NONE, augmented
from mindseye.optimize.recipe import Recipe
from mindseye.report.progress import Progress
from mindseye.report.transfer import draw_failures
from mindseye.report.transfer_table import transfer_page, transfer_table
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import SCHEMA, Manifest, RunFolder, file_name
from mindseye.runs.manifest import device_name, failures, versions
from mindseye.runs.transfers import TransferFolder, result_of

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
    snapshots: int = 8,
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
    chosen = _recipe(recipe, changes, steps, copies)
    recipes = {one: augmented(chosen, one) for one in _conditions(augmentation, compare)}
    listed = read_classes(classes)
    place = torch_device(device)
    everybody = cast(painter, judge, listed)
    options = {
        "classes": [one.labels for one in listed],
        "paintings": paintings,
        "copies": copies,
        "recipe": chosen.as_dict(),
        "size": size,
        "seed": seed,
    }
    folder = TransferFolder(Path(out) if out else _default_path(everybody.parts[0].name))
    progress = Progress(quiet)
    with folder.locked():
        record = folder.open(_fresh(command, options, everybody, device_name(place)), force)
        work = _Work(folder, record, everybody, place, progress)
        try:
            for mine, judges in parts_of(everybody, both):
                for condition, one in recipes.items():
                    waiting = [other for other in judges if work.result(mine, condition, other) is None]
                    if not waiting:
                        continue
                    run = class_pictures(
                        folder.run(mine.name, condition), mine, one, paintings, size, seed, device, batch_size,
                        snapshots, quiet, command,
                    )  # fmt: skip
                    work.keep_run(mine, condition, run)
                    images = CopySet(run, _painted(run), copies, chosen, seed)
                    for other in waiting if len(images) else ():
                        work.judge(mine, condition, other, images)
        except KeyboardInterrupt:
            work.save("interrupted")
            raise
        work.save("partial" if any(run["failed"] for run in record["runs"]) else "done")
    progress.say(f"done: {folder.path}")
    return Transfer(folder.path)


@dataclass(frozen=True)
class _Work:
    """A transfer while it goes on."""

    folder: TransferFolder
    record: Manifest
    everybody: Cast
    device: Any
    progress: Progress

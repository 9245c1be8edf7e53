"""What a judge makes of a run's class pictures, each as painted and in copies that are augmented again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.measure.accuracy import Predictions, accuracy, accuracy_over, confusions, read_predictions
from mindseye.measure.judge import Judge, picture_batches, run_judge
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.augmentations import augmented_copy
from mindseye.report.progress import Progress
from mindseye.runs.files import read_picture
from mindseye.runs.folder import Manifest, RunFolder


@dataclass(frozen=True)
class CopySet:
    """The images that a run's pictures give, picture by picture, each followed by its copies.

    entries: the run's, of the pictures that were painted; every one names the number of its class. number: of images from
    each picture, itself among them. recipe: whose six augmentations the copies are drawn under; the same draws whichever
    of them the pictures were painted under.
    """

    folder: RunFolder
    entries: Sequence[Manifest]
    number: int
    recipe: Recipe
    seed: int

    def __len__(self) -> int:
        return len(self.entries) * self.number

    def __iter__(self) -> Iterator[Tensor]:
        for entry in self.entries:
            picture = self._picture(entry)
            for copy in range(self.number):
                yield self._copy(entry, picture, copy)

    def __getitem__(self, index: int) -> Tensor:
        """One image, [channels, side, side] in [0, 1]."""
        entry, copy = self.entries[index // self.number], index % self.number
        return self._copy(entry, self._picture(entry), copy)

    def classes(self) -> list[int]:
        """The number of each image's class."""
        return [entry["class"] for entry in self.entries for _ in range(self.number)]

    def paintings(self) -> list[int]:
        """The number of the picture that each image is of."""
        return [entry["index"] for entry in self.entries for _ in range(self.number)]

    def _copy(self, entry: Manifest, picture: Tensor, copy: int) -> Tensor:
        random = RandomKeys(self.seed, (f"copies of {entry['index']}",))
        return augmented_copy(picture, copy, self.recipe, random)

    def _picture(self, entry: Manifest) -> Tensor:
        path = self.folder.path / entry["picture"]
        try:
            return read_picture(path)
        except OSError as error:
            raise UserError(
                f"{path}, a picture of this transfer, cannot be read; paint it anew with --force"
            ) from error


def judge_copies(
    images: CopySet,
    judge: Judge,
    labels: Sequence[Sequence[int]],
    titles: Sequence[str],
    device: torch.device,
    progress: Progress,
) -> dict[str, Any]:
    """Show a judge every image, and say how often it names the class.

    Args:
        labels, titles: per class, the judge's labels that count as it, and what the class is called.

    Returns:
        ``n``, ``top1`` and ``top5`` of all images; ``over_paintings``, the same with intervals over paintings;
        ``as_painted``, of the pictures without their copies; ``classes``, of each; ``confusions``, {"wanted", "seen",
        "count"}; ``failures``, every image that top-1 counts as wrong, by its place among the images.
    """
    with progress.stage(f"judge {judge.name}", len(images), "images") as advance:
        logits = run_judge(judge, picture_batches(images, judge.model), device, advance).logits
    if logits is None:
        raise UserError(f"judge {judge.name!r} gives no scores of classes, so it can name no picture; take another")
    found = read_predictions(logits, images.classes(), labels)
    plain = torch.arange(len(logits)) % images.number == 0
    return {
        **accuracy(found),
        "over_paintings": accuracy_over(found, images.paintings()),
        "as_painted": accuracy(found.select(plain)),
        "classes": [
            {"class": title, **accuracy(found.select(found.classes == number))} for number, title in enumerate(titles)
        ],
        "confusions": [
            {"wanted": titles[one], "seen": judge.label_names([seen]), "count": count}
            for one, seen, count in confusions(found)
        ],
        "failures": [_failure(images, judge, found, titles, int(index)) for index in (~found.top1).nonzero()],
    }


def _failure(images: CopySet, judge: Judge, found: Predictions, titles: Sequence[str], index: int) -> dict[str, Any]:
    entry, copy = images.entries[index // images.number], index % images.number
    return {
        "index": index,
        "class": titles[int(found.classes[index])],
        "picture": entry["picture"],
        "copy": copy,
        "seen": judge.label_names([int(found.seen[index])]),
        "probability": float(found.probability[index]),
        "wanted": float(found.class_probability[index]),
    }

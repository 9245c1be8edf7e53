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
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import (
    Accuracy,
    ClassAccuracy,
    Confusion,
    FailedImage,
    PictureEntry,
    Share,
    TransferResult,
)


@dataclass(frozen=True)
class CopySet:
    """The images that a run's pictures give, picture by picture, each followed by its copies.

    entries: the run's, of the pictures that were painted; every one names the number of its class. number: of images from
    each picture, itself among them. recipe: whose six augmentations the copies are drawn under; the same draws whichever
    of them the pictures were painted under.
    """

    folder: RunFolder
    entries: Sequence[PictureEntry]
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
        return [entry.class_index or 0 for entry in self.entries for _ in range(self.number)]

    def paintings(self) -> list[int]:
        """The number of the picture that each image is of."""
        return [entry.index for entry in self.entries for _ in range(self.number)]

    def _copy(self, entry: PictureEntry, picture: Tensor, copy: int) -> Tensor:
        random = RandomKeys(self.seed, (f"copies of {entry.index}",))
        return augmented_copy(picture, copy, self.recipe, random)

    def _picture(self, entry: PictureEntry) -> Tensor:
        path = self.folder.path / str(entry.picture)
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
) -> TransferResult:
    """Show a judge every image, and say how often it names the class.

    Args:
        labels, titles: per class, the judge's labels that count as it, and what the class is called.
    """
    with progress.stage(f"judge {judge.name}", len(images), "images") as advance:
        logits = run_judge(judge, picture_batches(images, judge.model), device, advance).logits
    if logits is None:
        raise UserError(f"judge {judge.name!r} gives no scores of classes, so it can name no picture; take another")
    named = read_predictions(logits, images.classes(), labels)
    plain = torch.arange(len(logits)) % images.number == 0
    of_class = [accuracy(named.select(named.classes == number)) for number in range(len(titles))]
    return TransferResult(
        judge=judge.name,
        **_shares(accuracy(named)),
        over_paintings=Accuracy(**_shares(accuracy_over(named, images.paintings()))),
        as_painted=Accuracy(**_shares(accuracy(named.select(plain)))),
        classes=[
            ClassAccuracy(class_name=title, **_shares(values)) for title, values in zip(titles, of_class, strict=True)
        ],
        confusions=[
            Confusion(titles[number], judge.label_names([seen]), count) for number, seen, count in confusions(named)
        ],
        failures=[_failure(images, judge, named, titles, int(index)) for index in (~named.top1).nonzero()],
    )


def _shares(values: dict[str, Any]) -> dict[str, Any]:
    """An accuracy of ``measure.accuracy`` as the fields of an ``Accuracy``."""
    return {"n": values["n"], "top1": Share(**values["top1"]), "top5": Share(**values["top5"])}


def _failure(images: CopySet, judge: Judge, named: Predictions, titles: Sequence[str], index: int) -> FailedImage:
    entry, copy = images.entries[index // images.number], index % images.number
    return FailedImage(
        index=index,
        class_name=titles[int(named.classes[index])],
        picture=str(entry.picture),
        copy=copy,
        seen=judge.label_names([int(named.seen[index])]),
        probability=float(named.probability[index]),
        wanted=float(named.class_probability[index]),
    )

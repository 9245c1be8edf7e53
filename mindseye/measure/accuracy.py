"""How often does a judge name what was painted? Accuracies over many images, how sure they are, and the confusions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.measure.intervals import wilson_interval
from mindseye.measure.transfer import transfer

HITS = ("top1", "top5")


@dataclass(frozen=True)
class Predictions:
    """How a judge named n images; every value is [n].

    classes: the class that each was to show. seen: the likeliest label. probability: of that label.
    class_probability: of the class, its labels added up. top1, top5: whether one of the class's labels is the likeliest,
    or among the five likeliest.
    """

    classes: Tensor
    seen: Tensor
    probability: Tensor
    class_probability: Tensor
    top1: Tensor
    top5: Tensor

    def select(self, rows: Tensor) -> "Predictions":
        """The images where a truth value [n] is true."""
        return Predictions(**{name: values[rows] for name, values in vars(self).items()})


def read_predictions(logits: Tensor, classes: Sequence[int], labels: Sequence[Sequence[int]]) -> Predictions:
    """What a judge's logits [n, labels] say of n images.

    Args:
        logits: unscaled, on any device.
        classes: per image, which of the classes it was to show.
        labels: per class, the judge's labels that count as that class.

    Raises:
        UserError: if there is not one class per image.
    """
    if len(classes) != len(logits):
        raise UserError(f"{len(logits)} images and {len(classes)} classes: give one class per image")
    shown = torch.tensor(classes, device=logits.device)
    values = {
        name: torch.zeros(len(logits), dtype=torch.float64, device=logits.device)
        for name in (*HITS, "class_probability")
    }
    for number, own in enumerate(labels):
        rows = shown == number
        own_scores = transfer(logits[rows], own)
        values["class_probability"][rows] = own_scores["probability"]
        for name in HITS:
            values[name][rows] = own_scores[name]
    likeliest = logits.double().softmax(1).max(1)
    hits = {name: values[name] > 0 for name in HITS}
    return Predictions(shown, likeliest.indices, likeliest.values, values["class_probability"], **hits)


def accuracy(predictions: Predictions) -> dict[str, Any]:
    """``n``, and top-1 and top-5 accuracy as {"mean", "low", "high"}: Wilson's 95 % interval, as if images were independent."""
    count = len(predictions.classes)
    hits = {name: wilson_interval(int(getattr(predictions, name).sum()), count)._asdict() for name in HITS}
    return {"n": count, **hits}


def accuracy_over(predictions: Predictions, paintings: Sequence[int]) -> dict[str, Any]:
    """The same accuracies with Wilson's intervals over the ``n`` paintings, as if further copies of one told nothing new.

    Copies of a painting fare alike, so the interval over images is too narrow for how another set of paintings would fare;
    this one is as wide as it can be.

    Args:
        predictions: of the images. paintings: the painting that each is of, all with as many images.
    """
    count = len(set(paintings))
    shares = {name: float(getattr(predictions, name).double().mean()) for name in HITS}
    return {"n": count, **{name: wilson_interval(share * count, count)._asdict() for name, share in shares.items()}}


def confusions(predictions: Predictions) -> list[tuple[int, int, int]]:
    """(class, label that it was taken for, how often) over the images that top-1 counts as wrong, most frequent first."""
    wrong = predictions.select(~predictions.top1)
    counted = Counter(zip(wrong.classes.tolist(), wrong.seen.tolist(), strict=True))
    return sorted(
        ((shown, label, count) for (shown, label), count in counted.items()), key=lambda row: (-row[2], *row[:2])
    )

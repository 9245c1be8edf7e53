"""Does another network name the picture as it names the members? Probability, top-1 and top-5 of a judge.

A judge only looks: never the network that was painted from. Its logits are the only thing read here.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from mindseye.errors import UserError

TOP = 5


def majority_label(logits: Tensor) -> int:
    """The label that a judge gives to most of the members, from their logits [n, labels].

    The mode of the top-1 labels. Of labels that are first equally often, the one of larger mean probability, then the
    one of smaller index.
    """
    if logits.ndim != 2 or not len(logits):
        raise UserError(f"logits of shape {list(logits.shape)}: give [members, labels] with at least one member")
    votes = torch.bincount(logits.argmax(1), minlength=logits.shape[1])
    probability = logits.double().softmax(1).mean(0)
    return int(torch.where(votes == votes.max(), probability, -1.0).argmax())


def transfer(logits: Tensor, labels: Sequence[int]) -> dict[str, Tensor]:
    """What a judge makes of each image, from logits [B, L], for `labels` counted together as one; each value [B].

    `probability`: the softmax probabilities of the labels, added. `top1`: 1 where one of them is the largest of all.
    `top5`: 1 where at least one is among the five largest (all, where the judge has fewer), as ImageNet's challenge
    counts (Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015, section 5).
    """
    count = logits.shape[1]
    if not labels or min(labels) < 0 or max(labels) >= count:
        raise UserError(f"label indices {list(labels)}: give at least one, each from 0 to {count - 1}")
    counts_as_class = torch.zeros(count, dtype=torch.bool, device=logits.device)
    counts_as_class[list(labels)] = True
    first = logits.topk(min(TOP, count), dim=1).indices
    return {
        "probability": logits.double().softmax(1)[:, counts_as_class].sum(1),
        "top1": counts_as_class[first[:, 0]].double(),
        "top5": counts_as_class[first].any(1).double(),
    }


def facet_transfer(
    picture: Tensor, members: Tensor, start: Tensor, labels: Sequence[int] | None = None
) -> dict[str, dict[str, float]]:
    """One facet's {"picture" | "members" | "start": {"probability", "top1", "top5"}}, the members' as means.

    Logits of the picture [L], the members [n, L] and the unoptimised start [L]. Without `labels` the members' majority
    label counts, which flatters the members a little: they chose it.
    """
    if labels is None:
        labels = [majority_label(members)]
    logits = {"picture": picture[None], "members": members, "start": start[None]}
    return {
        who: {measure: float(values.mean()) for measure, values in transfer(logits, labels).items()}
        for who, logits in logits.items()
    }

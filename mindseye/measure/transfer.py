"""Does another network name the picture as it names the members? Probability, top-1 and top-5 of a judge.

A judge only looks: never the network that was painted from. Its logits are the only thing read here.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from re import fullmatch

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
    wanted = torch.zeros(count, dtype=torch.bool, device=logits.device)
    wanted[list(labels)] = True
    first = logits.topk(min(TOP, count), dim=1).indices
    return {
        "probability": logits.double().softmax(1)[:, wanted].sum(1),
        "top1": wanted[first[:, 0]].double(),
        "top5": wanted[first].any(1).double(),
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
    named = {"picture": picture[None], "members": members, "start": start[None]}
    return {
        who: {measure: float(values.mean()) for measure, values in transfer(logits, labels).items()}
        for who, logits in named.items()
    }


def resolve_labels(
    names: Iterable[str | int], labels: Sequence[str] | None, wnids: Sequence[str] | None, count: int | None = None
) -> tuple[int, ...]:
    """Indices of labels that a user gives as name, WordNet id or index, in the order given, each once.

    Names are compared without regard to case, `_` and `-`; of a label that lists synonyms ("tench, Tinca tinca") each
    is a name. A name is tried before an index, for labels that are numbers. `count`, the number of a network's outputs,
    bounds the indices where it has no label names.

    Raises `UserError` for a name that no label has (with near ones), that several have, and for an index out of range.
    """
    known = _by_name(labels, wnids)
    size = len(labels) if labels is not None else len(wnids) if wnids is not None else count
    return tuple(dict.fromkeys(_resolve(str(name), known, size) for name in names))


def _resolve(name: str, known: dict[str, list[int]], size: int | None) -> int:
    found = known.get(_plain(name), [])
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"label '{name}' is the name of {len(found)} labels: give one's index, {_listed(found)}")
    if fullmatch(r"\s*-?\d+\s*", name):
        index = int(name)
        if index < 0 or (size is not None and index >= size):
            last = "0 or more" if size is None else f"0 to {size - 1}"
            raise UserError(f"label index {index} does not exist: give {last}")
        return index
    if not known:
        raise UserError(f"label '{name}': this model has no label names, give the label's index")
    near = get_close_matches(_plain(name), known, n=5) or [label for label in known if _plain(name) in label][:5]
    hint = f"near names: {_listed(near)}" if near else "no name is near; a WordNet id or an index serves too"
    raise UserError(f"label '{name}' is unknown: {hint}")


def _by_name(labels: Sequence[str] | None, wnids: Sequence[str] | None) -> dict[str, list[int]]:
    """Every index that a name may mean. A label's whole name hides the same name among another's synonyms."""
    known: dict[str, set[int]] = {}
    for index, label in [*enumerate(labels or ()), *enumerate(wnids or ())]:
        known.setdefault(_plain(label), set()).add(index)
    synonyms: dict[str, set[int]] = {}
    for index, label in enumerate(labels or ()):
        for part in label.split(","):
            synonyms.setdefault(_plain(part), set()).add(index)
    return {name: sorted(indices) for name, indices in {**synonyms, **known}.items() if name}


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _listed(items: Iterable[object]) -> str:
    return ", ".join(str(item) for item in items)

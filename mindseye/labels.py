"""The names of classes: ImageNet's, from the libraries that bring them along, and which class a user means by one."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import resources
from re import fullmatch

from mindseye.errors import UserError
from mindseye.wording import did_you_mean


@cache
def imagenet_labels() -> tuple[str, ...]:
    """The 1000 class names of ImageNet-1k, by index; torchvision's, for every model, so that judges can be compared."""
    return tuple(line.split(maxsplit=1)[1] for line in _imagenet_lines())


@cache
def imagenet_wnids() -> tuple[str, ...]:
    """The WordNet identifiers of ImageNet-1k's classes (``n01440764``), by index."""
    return tuple(line.split()[0] for line in _imagenet_lines())


def _imagenet_lines() -> list[str]:
    table = (resources.files("mindseye") / "classes" / "imagenet.txt").read_text("utf-8")
    return [line for line in table.splitlines() if not line.startswith("#")]


def imagenet_name(wnid: str) -> str | None:
    """The name of the class of ImageNet-1k with a WordNet identifier; None if it is none of its classes'."""
    return _names_by_wnid().get(wnid)


@cache
def _names_by_wnid() -> dict[str, str]:
    return dict(zip(imagenet_wnids(), imagenet_labels(), strict=True))


def wnids_for(labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The WordNet identifiers that go with labels, if the labels are ImageNet-1k's."""
    return imagenet_wnids() if labels == imagenet_labels() else None


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


def class_notes(objectives: Iterable[str], labels: Sequence[str] | None, wnids: Sequence[str] | None) -> list[str]:
    """A line for each ``class:NAME`` whose name is also a word in other classes' names: which class is meant, which not.

    ImageNet has a ``crane`` that lifts and a ``crane bird``.
    """
    notes = []
    for words in objectives:
        kind, _, name = words.partition(":")
        if kind != "class" or labels is None:
            continue
        try:
            (index,) = resolve_labels([name], labels, wnids)
        except UserError:  # no plain name: a sum, say, that begins with a class
            continue
        plain = f" {plain_name(name)} "
        others = [other for other, label in enumerate(labels) if other != index and plain in f" {plain_name(label)} "]
        if others:
            meant, *rest = (_describe(number, labels, wnids) for number in [index, *others[:5]])
            notes.append(f"{words!r} is class {meant}; there is also {', '.join(rest)}")
    return notes


def _describe(index: int, labels: Sequence[str], wnids: Sequence[str] | None) -> str:
    return f"{index}, {labels[index]!r}" + (f" ({wnids[index]})" if wnids else "")


def _resolve(name: str, known: dict[str, list[int]], size: int | None) -> int:
    indices = known.get(plain_name(name), [])
    if len(indices) == 1:
        return indices[0]
    if indices:
        raise UserError(f"label '{name}' is the name of {len(indices)} labels: give the index of one, {_join(indices)}")
    if fullmatch(r"\s*-?\d+\s*", name):
        index = int(name)
        if index < 0 or (size is not None and index >= size):
            last = "0 or more" if size is None else f"0 to {size - 1}"
            raise UserError(f"label index {index} does not exist: give {last}")
        return index
    if not known:
        raise UserError(f"label '{name}': this model has no label names, give the label's index")
    near = (
        get_close_matches(plain_name(name), known, n=5) or [label for label in known if plain_name(name) in label][:5]
    )
    hint = did_you_mean(near) or "no name is near; a WordNet id or an index serves too"
    raise UserError(f"label '{name}' is unknown: {hint}")


def _by_name(labels: Sequence[str] | None, wnids: Sequence[str] | None) -> dict[str, list[int]]:
    """Every index that a name may mean. A label's whole name hides the same name among another's synonyms."""
    known: dict[str, set[int]] = {}
    for index, label in [*enumerate(labels or ()), *enumerate(wnids or ())]:
        known.setdefault(plain_name(label), set()).add(index)
    synonyms: dict[str, set[int]] = {}
    for index, label in enumerate(labels or ()):
        for part in label.split(","):
            synonyms.setdefault(plain_name(part), set()).add(index)
    return {name: sorted(indices) for name, indices in {**synonyms, **known}.items() if name}


def plain_name(name: str) -> str:
    """A name without regard to case, ``_``, ``-`` and spaces."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _join(items: Iterable[object]) -> str:
    return ", ".join(str(item) for item in items)

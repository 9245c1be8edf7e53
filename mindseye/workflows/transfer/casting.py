"""The networks of a transfer: loaded, told apart, and asked which of their labels are the classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import nn

from mindseye.errors import UserError
from mindseye.measure.judge import Judge
from mindseye.models.load import digest
from mindseye.photos.class_list import ListedClass, find_class
from mindseye.workflows.evaluation.painter import same_weights
from mindseye.workflows.evaluation.panel import Network, load_panel, own_judge

Labels = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """One network. spec: as it was given. judge: the network as one that looks. labels: per class, those that count as it."""

    spec: Network
    judge: Judge
    labels: tuple[Labels, ...]

    @property
    def name(self) -> str:
        """The network's name, unlike those of the others."""
        return self.judge.name


@dataclass(frozen=True)
class Cast:
    """All networks, the painter first. titles: what the classes are called, by the painter where it has names."""

    parts: tuple[Part, ...]
    titles: tuple[str, ...]

    def digests(self) -> dict[str, str]:
        """The fingerprint of each network's weights, by its name."""
        return {part.name: digest(part.judge.model.network) for part in self.parts}


def cast(painter: Network, judges: Network | Sequence[Network], classes: Sequence[ListedClass]) -> Cast:
    """Load the networks and find the classes among their labels.

    Raises:
        UserError: for an unknown network, none to judge, a judge that is the painter, a network that scores no classes or
            does not know one, and for two classes with a label in common.
    """
    specs = [judges] if isinstance(judges, str | nn.Module) else list(judges)
    if not specs:
        raise UserError("no judge: name at least one network with --judge")
    if isinstance(painter, str) and painter in specs:
        raise own_judge(painter)
    first, *others = load_panel([painter, *specs]).judges
    for other in others:
        if same_weights(other.model, first.model):
            raise own_judge(other.name)
    parts = tuple(
        Part(spec, one, _labels(one, classes)) for spec, one in zip([painter, *specs], (first, *others), strict=True)
    )
    _check_indices(parts, classes)
    named = first.model.labels or first.model.wnids
    titles = [first.label_names(own) if named else one.text for own, one in zip(parts[0].labels, classes, strict=True)]
    return Cast(parts, tuple(titles))


def parts_of(everybody: Cast, both: bool) -> Iterator[tuple[Part, tuple[Part, ...]]]:
    """Who paints, and who judges that: the painter for all judges; and where ``both``, each judge for the painter."""
    painter, *judges = everybody.parts
    yield painter, tuple(judges)
    if both:
        yield from ((judge, (painter,)) for judge in judges)


def _labels(judge: Judge, classes: Sequence[ListedClass]) -> tuple[Labels, ...]:
    if judge.output is None:
        raise UserError(
            f"{judge.name!r} gives no scores of classes, so it can neither paint nor name one; take another"
        )
    found = tuple(find_class(one, judge.model, judge.output.channels) for one in classes)
    taken: dict[int, str] = {}
    for labels, one in zip(found, classes, strict=True):
        twice = next((label for label in labels if label in taken), None)
        if twice is not None:
            raise UserError(f"classes {taken[twice]!r} and {one.text!r} are one label of {judge.name!r}; list it once")
        taken |= dict.fromkeys(labels, one.text)
    return found


def _check_indices(parts: Sequence[Part], classes: Sequence[ListedClass]) -> None:
    """An index means another class to a network with other labels."""
    named = [part for part in parts if part.judge.model.labels]
    for number, one in enumerate(classes):
        if not any(word.isdecimal() for words in one.labels for word in words):
            continue
        names = {part.judge.label_names(part.labels[number]): part.name for part in named}
        if len(names) > 1:
            told = ", ".join(f"{name!r} to {network!r}" for name, network in names.items())
            raise UserError(f"class {one.text!r} is {told}: give it by name")

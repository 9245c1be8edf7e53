"""The networks of a transfer: loaded, told apart, and asked which of their labels are the classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mindseye.errors import UserError
from mindseye.measure.judge import Judge
from mindseye.models.load import digest
from mindseye.photos.class_list import ListedClass, find_class
from mindseye.workflows.evaluation.painter import same_weights
from mindseye.workflows.evaluation.panel import Network, judge_specs, judges_of, own_judge

Labels = tuple[int, ...]


@dataclass(frozen=True)
class TransferNetwork:
    """One network. spec: as it was given. judge: the network as one that looks. labels: per class, those that count as it."""

    spec: Network
    judge: Judge
    labels: tuple[Labels, ...]

    @property
    def name(self) -> str:
        """The network's name, unlike those of the others."""
        return self.judge.name


@dataclass(frozen=True)
class TransferNetworks:
    """All networks, the painter first. titles: what the classes are called, by the painter where it has names."""

    all: tuple[TransferNetwork, ...]
    titles: tuple[str, ...]

    def digests(self) -> dict[str, str]:
        """The fingerprint of each network's weights, by its name."""
        return {network.name: digest(network.judge.model.network) for network in self.all}


def load_networks(
    painter: Network, judges: Network | Sequence[Network], classes: Sequence[ListedClass]
) -> TransferNetworks:
    """Load the networks and find the classes among their labels.

    Raises:
        UserError: for an unknown network, none to judge, a judge that is the painter, a network that scores no classes or
            does not know one, and for two classes with a label in common.
    """
    specs = judge_specs(judges, painter)
    first, *others = judges_of([painter, *specs])
    for other in others:
        if same_weights(other.model, first.model):
            raise own_judge(other.name)
    networks = tuple(
        TransferNetwork(spec, judge, _labels(judge, classes))
        for spec, judge in zip([painter, *specs], (first, *others), strict=True)
    )
    _check_indices(networks, classes)
    has_names = first.model.labels or first.model.wnids
    titles = [
        first.label_names(labels) if has_names else listed.text
        for labels, listed in zip(networks[0].labels, classes, strict=True)
    ]
    return TransferNetworks(networks, tuple(titles))


def painters(networks: TransferNetworks, both: bool) -> Iterator[tuple[TransferNetwork, tuple[TransferNetwork, ...]]]:
    """Who paints, and who judges that: the painter for all judges; and where ``both``, each judge for the painter."""
    painter, *judges = networks.all
    yield painter, tuple(judges)
    if both:
        yield from ((judge, (painter,)) for judge in judges)


def _labels(judge: Judge, classes: Sequence[ListedClass]) -> tuple[Labels, ...]:
    if judge.output is None:
        raise UserError(
            f"{judge.name!r} gives no scores of classes, so it can neither paint nor name one; take another"
        )
    labels_of_classes = tuple(find_class(listed, judge.model, judge.output.channels) for listed in classes)
    taken: dict[int, str] = {}
    for labels, listed in zip(labels_of_classes, classes, strict=True):
        twice = next((label for label in labels if label in taken), None)
        if twice is not None:
            raise UserError(
                f"classes {taken[twice]!r} and {listed.text!r} are one label of {judge.name!r}; list it once"
            )
        taken |= dict.fromkeys(labels, listed.text)
    return labels_of_classes


def _check_indices(networks: Sequence[TransferNetwork], classes: Sequence[ListedClass]) -> None:
    """An index means another class to a network with other labels."""
    named = [network for network in networks if network.judge.model.labels]
    for number, listed in enumerate(classes):
        if not any(word.isdecimal() for words in listed.labels for word in words):
            continue
        names = {network.judge.label_names(network.labels[number]): network.name for network in named}
        if len(names) > 1:
            told = ", ".join(f"{name!r} to {network!r}" for name, network in names.items())
            raise UserError(f"class {listed.text!r} is {told}: give it by name")

"""A judge: a network that only looks. Its last features and its logits, in one pass over photos or painted pictures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.activations import mean_activations
from mindseye.labels import resolve_labels
from mindseye.layers.layer import Layer
from mindseye.layers.output import find_output
from mindseye.layers.reader import Reader
from mindseye.layers.stages import last_before_pooling
from mindseye.layers.survey import survey
from mindseye.measure.naturalness import grey
from mindseye.measure.neighbourhood import mean_pairwise_cosine
from mindseye.models.freeze import freeze
from mindseye.models.load import Model

BATCH = 32

Batches = Iterable[tuple[list[int], Tensor]]


@dataclass(frozen=True)
class Judge:
    """A network and where it is read.

    features: the last layer before pooling. output: its class scores, None where it gives none. labels: indices of the
    labels that were asked for and count together, None for the members' own.
    """

    model: Model
    features: Layer
    output: Layer | None
    labels: tuple[int, ...] | None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    def label_names(self, labels: Sequence[int]) -> str:
        """The labels with these indices, by name where the model has names."""
        names = self.model.labels or self.model.wnids
        return ", ".join(names[label] if names else str(label) for label in labels)


@dataclass(frozen=True)
class JudgeOutputs:
    """What a judge saw of n images. features: raw, pooled over positions, [n, D]. logits: [n, classes], or None."""

    features: Tensor
    logits: Tensor | None


def make_judge(model: Model, labels: Sequence[str | int] = ()) -> Judge:
    """The judge that a model makes, asked for labels (name, WordNet id, index) or for none.

    Raises:
        UserError: if a label is unknown (with near names), or the network scores no classes and labels are asked for.
    """
    classes = model.findings.outputs
    with freeze(model.network):
        side, channels = model.preprocessing.size, model.in_channels
        features = last_before_pooling(model.network, survey(model.network, side, channels))
        output = find_output(model.network, side, channels)[0] if classes else None
    if labels and classes is None:
        raise UserError(f"judge {model.name!r} gives no scores of classes: leave the labels out, or take another judge")
    indices = resolve_labels(labels, model.labels, model.wnids, classes) if labels else None
    return Judge(model, features, output, indices)


def run_judge(
    judge: Judge, batches: Batches, device: torch.device, on_batch: Callable[[int], None] = lambda count: None
) -> JudgeOutputs:
    """Show a judge some images: (indices, values 0-255 [b, channels, side, side]) of its own side, in any order.

    The network is on the device for as long as it looks.

    Raises:
        UserError: if what it gives is NaN or infinite.
    """
    layers = [judge.features, *([judge.output] if judge.output else [])]
    network = judge.model.network
    place = next(network.parameters(), torch.zeros(())).device
    try:
        with freeze(network), Reader(network.to(device), layers) as read:
            means = mean_activations(read, judge.model.preprocessing, batches, device, on_batch)
    finally:
        network.to(place)
    return JudgeOutputs(means[judge.features.address], means[judge.output.address] if judge.output else None)


def picture_batches(pictures: Iterable[Tensor], model: Model) -> Batches:
    """Painted pictures [channels, height, width] in [0, 1] as ``run_judge`` wants them: whole, resized to the model's side.

    A photo's margin is cut off, since objects stand in the middle; a picture is painted up to its border.

    Raises:
        UserError: if their number of channels is not the model's, nor can be made so.
    """
    waiting, done = iter(pictures), 0
    while squares := [_square(picture, model) for picture in islice(waiting, BATCH)]:
        yield list(range(done, done + len(squares))), torch.stack(squares)
        done += len(squares)


def likeness(pictures: Tensor, members: Tensor, starts: Tensor) -> dict[str, float]:
    """How alike the facets' pictures are to the judge: ``mean_pairwise_cosine`` of features [facets, D] of each role."""
    roles = {"picture": pictures, "members": members, "start": starts}
    return {role: mean_pairwise_cosine(features) for role, features in roles.items()}


def _square(picture: Tensor, model: Model) -> Tensor:
    if len(picture) == 3 and model.in_channels == 1:
        picture = grey(picture[None]).float()
    if len(picture) != model.in_channels:
        raise UserError(
            f"judge {model.name!r} takes {model.in_channels} channels, but the pictures have {len(picture)}"
        )
    side = [model.preprocessing.size] * 2
    from torchvision.transforms.v2 import InterpolationMode, functional  # takes a second, and few runs need it

    resized: Tensor = functional.resize(picture, side, InterpolationMode.BICUBIC, antialias=True)
    return resized.clamp(0, 1) * 255

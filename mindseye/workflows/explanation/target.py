"""What is explained in photos, from the words of ``--target`` to a score for each of them."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from mindseye.attribution.score import Score, class_score, facet_score, predict_classes, unit_score
from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.models.load import Model
from mindseye.optimize.objectives.address import CLASS, parse_objective
from mindseye.optimize.objectives.lookup import locate
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.optimize.session import NetworkSession
from mindseye.workflows.explanation.run_facet import RunFacet

TOP = "top"
FACET = "facet:"

Scored = tuple[Score, list[str]]
"""A score for each of some images, and how it is called for each."""


@dataclass(frozen=True)
class ExplainedTarget:
    """What is explained with one network.

    of: the score of images [images, channels, height, width] in [0, 1]. trial: the score of a single image, to see what the
    network allows. is_class: whether it is the logit of one of several classes, which has a probability.
    """

    of: Callable[[Tensor], Scored]
    trial: Score
    is_class: bool


def find_target(words: str, facet: RunFacet | None, session: NetworkSession) -> ExplainedTarget:
    """What a target means for a network.

    Args:
        words: ``top``, the class that the network puts first; ``class:zebra``; ``layer:11``, ``layer:11@4,7`` or
            ``output:11``, a unit; of a facet, anything.
        facet: the facet that is meant; None for another target.

    Raises:
        UserError: if the network has no such class, layer, channel or position, or the words name no target.
    """
    if facet is not None:
        layer = find_layer(session.network, facet.layer)
        return _same(facet_score(session.model, layer, facet.target, facet.index, facet.name))
    surveyed = Surveyed(session.model, session.network, session.view)
    if words == TOP:
        return _top(surveyed)
    address = parse_objective(words)
    if address.negative or address.kind not in ("class", "channel", "neuron", "output"):
        raise UserError(
            f"target {words!r} is no class, unit or facet: write 'top', 'class:zebra', 'layer3.5:11', 'layer3.5:11@4,7' or "
            "'facet:RUN/2'"
        )
    place, layer = locate(address, surveyed)
    if place.kind not in ("channel", "neuron"):
        raise UserError(f"target {words!r} names no channel: write {f'{words}:11'!r}")
    if address.kind == CLASS:
        name = class_name(session.model, place.channel)
        return _same(class_score(session.model, layer, [place.channel], name), layer.channels > 1)
    return _same(unit_score(session.model, layer, place.channel, place.position, words))


def class_name(model: Model, index: int) -> str:
    """How figures call a class: ``zebra (340)``, or ``class 340`` where the network has no names."""
    return f"class {index}" if model.labels is None else f"{model.labels[index].split(',')[0]} ({index})"


def _same(score: Score, is_class: bool = False) -> ExplainedTarget:
    return ExplainedTarget(lambda images: (score, [score.name] * len(images)), score, is_class)


def _top(surveyed: Surveyed) -> ExplainedTarget:
    model, output = surveyed.model, surveyed.output

    def of(images: Tensor) -> Scored:
        classes = predict_classes(model, output, images)
        return class_score(model, output, classes, TOP), [class_name(model, index) for index in classes]

    return ExplainedTarget(of, class_score(model, output, [0], TOP), output.channels > 1)

"""What a map is worth, in numbers: deletion and insertion, and whether it changes as the network forgets."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import Tensor

from mindseye.attribution.curves import Curve, deletion, insertion
from mindseye.attribution.explanation import Explanation
from mindseye.attribution.methods import Explainer, pixel_ranks
from mindseye.attribution.sanity import randomise_cascade
from mindseye.attribution.score import Score, class_probability
from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.optimize.random import RandomKeys

CheckResult = dict[str, Any]


def check(
    ask: Explainer,
    explained: Explanation,
    score: Score,
    images: Tensor,
    random: RandomKeys,
    layers: Sequence[Layer],
    seed: int,
    is_class: bool,
) -> list[CheckResult]:
    """The checks of one method, for each of some images.

    Args:
        ask: the method, with its numbers. explained: what it gave for these images.
        score: what is explained. is_class: whether the curves are of a class's probability, as in their source, rather
            than of the score itself.
        images: [images, channels, height, width] in [0, 1]. random: their random numbers.
        layers: what ``survey`` found. seed: of the order in which the network's weights are shuffled.

    Returns:
        For each image ``deletion`` and ``insertion``, each with ``area`` and ``values`` (see ``curves``), and
        ``forgetting`` with the ``modules`` and the rank correlations ``signed`` and ``absolute`` (see ``sanity``), or
        with the ``reason`` why the method gives no map of a network that has forgotten.
    """
    curve_checks = curves(score, images, pixel_ranks(explained), random, is_class)
    try:
        cascade = randomise_cascade(
            score, layers, lambda other: explained if other is score else ask(other, images, random), seed
        )
    except UserError as reason:
        return [image_checks | {"forgetting": {"reason": str(reason)}} for image_checks in curve_checks]
    return [
        image_checks | {"forgetting": {"modules": list(cascade.modules), "signed": signed, "absolute": absolute}}
        for image_checks, signed, absolute in zip(
            curve_checks, cascade.signed.tolist(), cascade.absolute.tolist(), strict=True
        )
    ]


def chance(score: Score, images: Tensor, random: RandomKeys, is_class: bool) -> list[CheckResult]:
    """``deletion`` and ``insertion`` of maps that know nothing: pixels go and come in a random order."""
    return curves(score, images, random.uniform(0, "chance", *images.shape[-2:]), random, is_class)


def curves(score: Score, images: Tensor, order: Tensor, random: RandomKeys, is_class: bool) -> list[CheckResult]:
    """Both curves for each image; order: [images, height, width], what goes and comes first is highest."""
    value: Callable[[Score, Tensor], Tensor] | None = class_probability if is_class else None
    deletions, insertions = (
        _curve_values(partial(curve, value=value)(score, images, order, random)) for curve in (deletion, insertion)
    )
    return [
        {"deletion": deleted, "insertion": inserted} for deleted, inserted in zip(deletions, insertions, strict=True)
    ]


def _curve_values(curve: Curve) -> list[CheckResult]:
    areas = zip(curve.area.tolist(), curve.values.tolist(), strict=True)
    return [{"area": area, "values": values} for area, values in areas]

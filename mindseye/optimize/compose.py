"""From a recipe and targets to the terms of a loss."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mindseye.facets.image import COLOUR, DETAIL, ENERGY, RGB, is_of_image
from mindseye.facets.joint import is_joint, joint_addresses
from mindseye.facets.target import Target
from mindseye.layers.layer import Layer
from mindseye.layers.stages import blocks_below, stages_below
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.adaptive import AdaptiveLoss, rho
from mindseye.optimize.objectives.facet import (
    ActivationNorm,
    Distance,
    DotProduct,
    TotalVariation,
    relative_distance,
)
from mindseye.optimize.objectives.match import Match
from mindseye.optimize.objectives.norms import AlphaArea, PowerNorm, VariationNorm
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import Schedule

# The image's own values are many and cheap to sort beside what a network's early layers cost.
IMAGE_POSITIONS = 4
# Grey photos have no colour and flat ones no detail: what is matched there is absolute from here on.
LEAST = {COLOUR: 1e-3} | dict.fromkeys([*DETAIL, *ENERGY], 1e-5)


def layers_to_match(recipe: Recipe, network: nn.Module, layers: Sequence[Layer], target: Layer) -> list[str]:
    """The addresses whose sorted activations the recipe matches, early to late; the image itself first.

    layers: every layer of the network that fires, from ``survey``. target: the layer that is painted.
    """
    if recipe.schedule("match").is_zero:
        return []
    below = blocks_below if recipe.match_blocks else stages_below
    inner = below(network, layers, target) if recipe.match_stages else []
    addresses = [address for address, share in _image_shares(recipe).items() if not share.is_zero]
    for layer in inner:
        addresses += [layer.address, *(joint_addresses(layer, recipe.neighbours) if recipe.match_joint else [])]
    return list(dict.fromkeys([*addresses, target.address]))


def wants_start(recipe: Recipe) -> bool:
    """Whether the loss of a facet depends on the activation of its start: an adaptive loss takes its scale from there."""
    return recipe.adaptive_learned and not recipe.schedule("adaptive").is_zero


def compose_terms(
    recipe: Recipe,
    targets: Mapping[str, Target],
    target: str,
    matched: Sequence[str],
    penalty: str | None,
    start: Tensor | None,
    raised: Target | None = None,
) -> list[Term]:
    """The loss of a facet: ``match + adaptive + penalty + norms of the image - dot`` (whatever the recipe weighs).

    targets: by address, for the pictures of this batch. target: the address whose top-k counts. matched: addresses from
    ``layers_to_match``. penalty: the address of the L1 penalty. start: the target layer's activation of the unoptimised
    start [pictures, channels, positions], None unless the recipe wants it (``wants_start``). raised: what the dot product reads, by
    default the target itself.
    """
    terms = [Term("dot", DotProduct(raised or targets[target]), negate(recipe.schedule("dot"))), *image_terms(recipe)]
    terms += match_terms(recipe, {address: targets[address] for address in matched})
    if penalty is not None:
        terms.append(Term("penalty", ActivationNorm(penalty), recipe.schedule("penalty")))
    if not recipe.schedule("adaptive").is_zero:
        terms.append(Term("adaptive", _adaptive(recipe, targets[target], start), recipe.schedule("adaptive")))
    return terms


def match_terms(recipe: Recipe, targets: Mapping[str, Target]) -> list[Term]:
    """The distances to the sorted activations of targets, by address; the image itself weighs what the recipe says."""
    shares, joint, whole = _image_shares(recipe), recipe.schedule("match_joint"), Schedule(1.0, 1.0)
    terms = []
    for address, target in targets.items():
        positions = recipe.positions * (IMAGE_POSITIONS if is_of_image(address) else 1)
        least = LEAST.get(address, torch.finfo(torch.float32).tiny)
        weight = _product(recipe.schedule("match"), joint if is_joint(address) else shares.get(address, whole))
        terms.append(Term(f"match {address}", Match(target, positions, least), weight))
    return terms


def _image_shares(recipe: Recipe) -> dict[str, Schedule]:
    shares = {RGB: recipe.schedule("match_rgb"), COLOUR: recipe.schedule("match_colour")}
    shares |= dict.fromkeys(DETAIL, recipe.schedule("match_detail"))
    return shares | dict.fromkeys(ENERGY, recipe.schedule("match_energy"))


def negate(schedule: Schedule) -> Schedule:
    """The weight of what is to grow."""
    return _product(schedule, Schedule(-1.0, -1.0))


def image_terms(recipe: Recipe) -> list[Term]:
    """The summands of a loss that look at the picture alone: total variation, L1, L_p and the area of alpha."""
    variation: Objective = TotalVariation() if recipe.tv_power == 1 else VariationNorm(recipe.tv_power)
    terms = [
        Term("total variation", variation, recipe.schedule("total_variation")),
        Term("L1", PowerNorm(1.0), recipe.schedule("l1")),
        Term("Lp", PowerNorm(recipe.lp_power), recipe.schedule("lp")),
    ]
    if recipe.alpha:
        terms.append(Term("alpha", AlphaArea(), recipe.schedule("alpha_area")))
    return terms


def _adaptive(recipe: Recipe, target: Target, start: Tensor | None) -> Distance:
    if start is None or not recipe.adaptive_learned:
        return Distance(target, lambda distance: rho(distance, 1.0, 1.0), [])
    robust = AdaptiveLoss(relative_distance(start, target))
    return Distance(target, robust, robust.parameters())


def _product(one: Schedule, other: Schedule) -> Schedule:
    """A weight whose ends are the products of theirs; between these linear, as any."""
    return Schedule(one.start * other.start, one.end * other.end)

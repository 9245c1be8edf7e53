"""From the words of ``paint`` to the order: the objectives in the network, the terms beside them, the pictures wanted."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.image import is_of_image
from mindseye.facets.target import Target
from mindseye.layers.layer import Layer, find_layer
from mindseye.layers.stages import last_before_pooling
from mindseye.optimize.canvases.compose import find_canvas, palette_of
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.address import parse_objective
from mindseye.optimize.objectives.batch import Alignment, Diversity, sum_objectives
from mindseye.optimize.objectives.lookup import look_up_between, resolve_objective
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.optimize.recipe.checks import check_one_size
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.report.drawing import printable
from mindseye.workflows.objectives.commission import Order, Wanted
from mindseye.workflows.objectives.exemplars import Exemplars
from mindseye.workflows.opening import Opened

ALIGNMENT, SHARED = 0.1, 0.5

Found = tuple[Objective, Layer]
"""An objective, and the first layer that it reads."""
Beside = Callable[[Sequence[int]], list[Term]]


def recipe_for(recipe: Recipe, from_photo: bool, interpolate: int) -> Recipe:
    """A recipe as a photo to start from and a row of pictures change it: the start, and a part that the row shares."""
    if from_photo:
        recipe = replace(recipe, start="photo")
    if interpolate and not recipe.shared and find_canvas(recipe.canvas).can_share:
        recipe = replace(recipe, shared=SHARED)
    return recipe


def find_objectives(
    asked: Sequence[str], ready: Opened, together: bool, interpolate: int, power: float, probability: bool
) -> tuple[list[Found], list[Layer]]:
    """The objectives in order, each with a layer that it reads, and all layers that are read.

    Raises:
        UserError: if one names what the network does not have, or a position of maps that change their size.
    """
    surveyed = Surveyed(ready.model, ready.network, ready.view)
    if interpolate:
        first, second = (parse_objective(words) for words in asked)
        row, layers = look_up_between(first, second, interpolate, surveyed, power, probability)
        found = [(objective, layers[0]) for objective in row]
    else:
        resolved = [resolve_objective(given, surveyed, power, probability) for given in asked]
        found = [(objective, read[0]) for objective, read in resolved]
        layers = list({layer.address: layer for _, read in resolved for layer in read}.values())
    check_positions([objective for objective, _ in found], ready)
    if not together or len(found) == 1:
        return found, layers
    return [(sum_objectives([objective for objective, _ in found], " + ".join(asked)), layers[0])], layers


def check_positions(objectives: Sequence[Objective], ready: Opened) -> None:
    """Refuse objectives that name positions where the recipe makes maps of several sizes.

    Raises:
        UserError: naming the objective and the recipe value.
    """
    if ready.model.preprocessing.fixed_size:
        return  # it sees views of one size in every octave
    for objective in objectives:
        if objective.names_positions:
            check_one_size(ready.recipe, f"objective {objective.name!r}")


def with_textures(layers: Sequence[Layer], ready: Opened) -> list[Layer]:
    """The layers whose maps tell textures apart: those that are read, else the last before pooling (of a class, say).

    Raises:
        UserError: if that one has a single position too.
    """
    maps = [layer for layer in layers if layer.positions > 1]
    if maps:
        return maps
    last = last_before_pooling(ready.model.network, ready.network)
    if last.positions == 1:
        raise UserError(
            f"diversity compares textures, and layer {last.address!r} has one position: leave --diversity out"
        )
    return [last]


def compared(
    layers: Sequence[Layer], textures: Sequence[Layer], variants: int, diversity: float, interpolate: int
) -> Beside:
    """What compares the pictures of a batch: variants kept apart at the layers with textures, a row kept alike at all."""

    def terms(pictures: Sequence[int]) -> list[Term]:
        made = []
        if diversity:
            groups = torch.tensor([index // variants for index in pictures])
            weight = Schedule(-diversity, -diversity)
            made += [Term(f"diversity {layer.address}", Diversity(layer.address, groups), weight) for layer in textures]
        if interpolate:
            addresses = [layer.address for layer in layers]
            made.append(Term("alignment", Alignment(addresses), Schedule(ALIGNMENT, ALIGNMENT)))
        return made

    return terms


def make_order(
    ready: Opened,
    found: Sequence[Found],
    layers: Sequence[Layer],
    variants: int,
    beside: Beside,
    image: Tensor | None,
    exemplars: Exemplars | None,
    seed: int,
    batch_size: int,
) -> Order:
    """The order for ``variants`` pictures of each objective.

    image: what the canvas starts from, [channels, side, side] in [0, 1]. exemplars: a facet for each picture.
    """
    targets: dict[str, Target] = exemplars.targets if exemplars else {}
    read = {layer.address: layer for layer in layers}
    read |= {
        address: find_layer(ready.network, address)
        for address in targets
        if address not in read and not is_of_image(address)
    }
    wanted: list[Wanted] = []
    for objective, _ in found:
        for variant in range(variants):
            about: dict[str, object] = {"variant": variant} if variants > 1 else {}
            if exemplars is not None:
                about["members"] = [{"path": path} for path in exemplars.members[len(wanted)]]
            wanted.append(Wanted(printable(objective.name), objective, image, about=about))
    plain = order_for(ready, wanted, list(read.values()), exemplars.pixels if exemplars else None, seed, batch_size)
    return replace(plain, beside=beside, targets=targets)


def order_for(
    ready: Opened,
    wanted: Sequence[Wanted],
    layers: Sequence[Layer],
    photos: Tensor | None,
    seed: int,
    batch_size: int,
) -> Order:
    """The order for some pictures on an opened network. photos: what the palette is taken from, uint8, or None."""
    return Order(
        model=ready.model,
        recipe=ready.recipe,
        wanted=wanted,
        layers=layers,
        palette=palette_of(ready.recipe, photos, ready.model.in_channels),
        seed=seed,
        device=ready.device,
        view=ready.view,
        prior=ready.prior,
        compiler=ready.compiler,
        batch_size=batch_size,
    )

"""The objectives that ``paint`` names, found in a network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.optimize.canvases.compose import find_canvas
from mindseye.optimize.objectives.address import ObjectiveAddress, parse_objective
from mindseye.optimize.objectives.batch import sum_objectives
from mindseye.optimize.objectives.lookup import look_up_between, resolve_objective
from mindseye.optimize.objectives.objective import Objective, name_of
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession

SHARED = 0.5


@dataclass(frozen=True)
class ObjectiveRequest:
    """Which objectives are painted, and how they belong together.

    words: values, or words as ``parse_objective`` reads them. together: one picture of their sum.
    interpolate: so many pictures on the way between two. variants: pictures of each. diversity: how strongly variants are
    kept apart. power: of a direction's cosine.
    probability: raise a class's log probability rather than its logit.
    """

    words: Sequence[str | Objective | type[Objective]]
    together: bool = False
    interpolate: int = 0
    variants: int = 1
    diversity: float = 0.0
    power: float = 2.0
    probability: bool = False


@dataclass(frozen=True)
class LocatedObjectives:
    """Objectives in a network. first_layers: the first layer that each reads. layers: all that are read."""

    objectives: list[Objective]
    first_layers: list[Layer]
    layers: list[Layer]


def recipe_for(recipe: Recipe, from_photo: bool, interpolate: int) -> Recipe:
    """A recipe as a photo to start from and a row of pictures change it: the start, and a part that the row shares."""
    if from_photo:
        recipe = replace(recipe, start="photo")
    if interpolate and not recipe.shared and find_canvas(recipe.canvas).can_share:
        recipe = replace(recipe, shared=SHARED)
    return recipe


def locate_objectives(request: ObjectiveRequest, session: NetworkSession) -> LocatedObjectives:
    """The objectives in the network, in their order.

    Raises:
        UserError: if one names what the network does not have.
    """
    surveyed = Surveyed(session.model, session.network, session.view)
    if request.interpolate:
        start, end = (_address(words) for words in request.words)
        objectives, layers = look_up_between(
            start, end, request.interpolate, surveyed, request.power, request.probability
        )
        located = LocatedObjectives(objectives, [layers[0]] * len(objectives), layers)
    else:
        pairs = [resolve_objective(words, surveyed, request.power, request.probability) for words in request.words]
        layers = list({layer.address: layer for _, own in pairs for layer in own}.values())
        located = LocatedObjectives([objective for objective, _ in pairs], [own[0] for _, own in pairs], layers)
    if not request.together or len(located.objectives) == 1:
        return located
    return LocatedObjectives(
        [sum_objectives(located.objectives, " + ".join(words_of(request.words)))], [layers[0]], layers
    )


def words_of(objectives: Sequence[str | Objective | type[Objective]]) -> list[str]:
    """How objectives are called: as they were written, or by their names."""
    return [objective if isinstance(objective, str) else name_of(objective) for objective in objectives]


def _address(words: object) -> ObjectiveAddress:
    if not isinstance(words, str):
        raise UserError(f"an interpolation leads from words to words, such as 'layer3.5:11', not to {words!r}")
    return parse_objective(words)

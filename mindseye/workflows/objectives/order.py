"""From the words of ``paint`` to the order: the objectives in the network, the terms beside them, the pictures wanted."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.made import is_made
from mindseye.facets.target import Target
from mindseye.layers.layer import Layer
from mindseye.layers.stages import last_before_pooling
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.batch import Alignment, Diversity
from mindseye.optimize.order import Compare, ObjectiveOrder, PictureRequest
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.optimize.session import NetworkSession
from mindseye.report.typeface import printable
from mindseye.workflows.objectives.exemplars import Exemplars
from mindseye.workflows.objectives.locate import LocatedObjectives, ObjectiveRequest

ALIGNMENT = 0.1


def texture_layers(layers: Sequence[Layer], session: NetworkSession) -> list[Layer]:
    """The layers whose maps tell textures apart: those that are read, else the last before pooling (of a class, say).

    Raises:
        UserError: if that one has a single position too.
    """
    maps = [layer for layer in layers if layer.positions > 1]
    if maps:
        return maps
    last = last_before_pooling(session.model.network, session.network)
    if last.positions == 1:
        raise UserError(
            f"diversity compares textures, and layer {last.address!r} has one position: leave --diversity out"
        )
    return [last]


def comparison(request: ObjectiveRequest, layers: Sequence[Layer], textures: Sequence[Layer]) -> Compare:
    """What compares the pictures of a batch: variants kept apart at the layers with textures, a row kept alike at all."""

    def terms(pictures: Sequence[int]) -> list[Term]:
        compared = []
        if request.diversity:
            groups = torch.tensor([index // request.variants for index in pictures])
            weight = Schedule(-request.diversity, -request.diversity)
            compared += [
                Term(f"diversity {layer.address}", Diversity(layer.address, groups), weight) for layer in textures
            ]
        if request.interpolate:
            addresses = [layer.address for layer in layers]
            compared.append(Term("alignment", Alignment(addresses), Schedule(ALIGNMENT, ALIGNMENT)))
        return compared

    return terms


def variants_order(
    request: ObjectiveRequest,
    located: LocatedObjectives,
    session: NetworkSession,
    image: Tensor | None = None,
    exemplars: Exemplars | None = None,
) -> ObjectiveOrder:
    """The order for the variants of each objective.

    image: what the canvas starts from, [channels, side, side] in [0, 1]. exemplars: a facet for each picture.
    """
    textures = texture_layers(located.layers, session) if request.diversity else []
    targets: dict[str, Target] = exemplars.targets if exemplars else {}
    read = {layer.address: layer for layer in [*located.layers, *textures]}
    read |= {address: session.layer(address) for address in targets if address not in read and not is_made(address)}
    requests: list[PictureRequest] = []
    for objective in located.objectives:
        for variant in range(request.variants):
            about: dict[str, object] = {"variant": variant} if request.variants > 1 else {}
            if exemplars is not None:
                about["members"] = exemplars.member_entries(len(requests))
            requests.append(PictureRequest(printable(objective.name), objective, image, about=about))
    photos = exemplars.pixels if exemplars else None
    plain = objective_order(session, requests, list(read.values()), photos)
    return replace(plain, compare=comparison(request, located.layers, textures), targets=targets)


def objective_order(
    session: NetworkSession, requests: Sequence[PictureRequest], layers: Sequence[Layer], photos: Tensor | None = None
) -> ObjectiveOrder:
    """The order for some pictures. layers: all that are read. photos: what the palette is taken from, uint8, or None."""
    return ObjectiveOrder(
        session=session,
        keys=[f"{index} {request.words}" for index, request in enumerate(requests)],
        palette=palette_of(session.recipe, photos, session.model.in_channels),
        requests=requests,
        read_layers=layers,
    )

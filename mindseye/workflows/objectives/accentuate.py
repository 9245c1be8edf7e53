"""A run of ``accentuate``: pictures that start from a photo and are held near it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mindseye.arguments import check_number
from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.layers.stages import stages
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.photo import Caricature, Reconstruction
from mindseye.optimize.order import ObjectiveOrder, PictureRequest
from mindseye.optimize.recipe.checks import check_for_objectives
from mindseye.optimize.session import NetworkSession
from mindseye.optimize.transforms.views import Views
from mindseye.photos.fingerprint import photo_digest
from mindseye.photos.photo import Photo, load_photo, photo_path
from mindseye.report.notebook import Run
from mindseye.report.typeface import printable
from mindseye.runs.folder import default_path
from mindseye.user_code import whole_path
from mindseye.workflows.objectives.flow import ObjectiveFlow
from mindseye.workflows.objectives.locate import (
    LocatedObjectives,
    ObjectiveRequest,
    locate_objectives,
    words_of,
)
from mindseye.workflows.objectives.order import objective_order
from mindseye.workflows.request import ModelSource, Request, RunOptions
from mindseye.workflows.resumable import identity_of, new_manifest, open_run, run_folder

RECIPE = "accentuate"
TINY = 1e-6


@dataclass(frozen=True)
class AccentuateRequest:
    """A photo and what is painted into it.

    caricature: the objectives are layers, of which more is painted. near: weight of the distance to the photo, at
    ``near_layer``, None for the first stage.
    """

    run: Request
    photo: Photo
    objectives: ObjectiveRequest
    caricature: bool
    near: float
    near_layer: str | None


def accentuate_request(
    photo: Photo,
    words: Sequence[str | Objective | type[Objective]],
    caricature: bool,
    near: float | None,
    near_layer: str | None,
    power: float | None,
    probability: bool,
    options: RunOptions,
) -> AccentuateRequest:
    """A checked request; near and power have other defaults for a caricature.

    Raises:
        UserError: for no objective, an impossible value, or a photo that is not there.
    """
    classes = [word for word in words if caricature and isinstance(word, str) and word.startswith("class:")]
    if classes:
        raise UserError(f"a caricature exaggerates layers: for {classes[0]!r} leave --caricature out")
    if not words:
        raise UserError("no objective: name at least one, such as 'layer3.5.conv1:11' or 'class:zebra'")
    usual_near, usual_power = (0.1, 0.0) if caricature else (1.0, 2.0)
    near = usual_near if near is None else near
    if not (isinstance(near, int | float) and 0 <= near < float("inf")):
        raise UserError(f"near is a weight of zero or more, not {near!r}")
    check_number("power", power, optional=True)
    run = Request.of("accentuate", options, default=RECIPE)
    photo_path(photo)
    check_for_objectives(run.recipe)
    asked = ObjectiveRequest(words, power=usual_power if power is None else power, probability=probability)
    return AccentuateRequest(run, photo, asked, caricature, near, near_layer)


def run_accentuation(request: AccentuateRequest, model: ModelSource) -> Run:
    """Open the run and paint what is left of it."""
    run, path = request.run, photo_path(request.photo)
    words = words_of(request.objectives.words)
    with run.session(model) as session:
        network, say = session.model, request.run.progress.say
        image = load_photo(request.photo, network.preprocessing, session.recipe.size, network.in_channels, say)
        first_stage = stages(session.model.network, session.network)[0]
        anchor = session.layer(request.near_layer) if request.near_layer else first_stage
        located = _located(request, session)
        options: dict[str, Any] = {
            "photo": photo_digest(image),
            "objectives": [whole_path(word) for word in words],
            "caricature": request.caricature,
            "near": request.near,
            "near_layer": anchor.address,
            "power": request.objectives.power,
            "probability": request.objectives.probability,
            "batch_size": run.batch_size,
        } | identity_of(session)
        name = words[0] if len(words) == 1 else f"{len(words)}-objectives"
        place = f"accentuate-{path.stem if path else 'array'}"
        fresh = new_manifest(run, session, options)
        folder = run_folder(run, default_path(place, session.model.name, name), fresh)
        with open_run(folder, fresh, run) as record:
            if record is not None:
                about: dict[str, object] = {"photo": None if path is None else str(path)}
                order = _order(request, session, located, image, anchor, about)
                ObjectiveFlow(order, record, run.batch_size).run()
    run.progress.say(f"done: {folder.path}")
    return Run(folder.path)


def _located(request: AccentuateRequest, session: NetworkSession) -> LocatedObjectives:
    if not request.caricature:
        return locate_objectives(request.objectives, session)
    layers = [session.layer(words) for words in words_of(request.objectives.words)]
    objectives: list[Objective] = [Caricature(layer.address, power=request.objectives.power) for layer in layers]
    return LocatedObjectives(objectives, layers, layers)


def _order(
    request: AccentuateRequest,
    session: NetworkSession,
    located: LocatedObjectives,
    image: Tensor,
    anchor: Layer,
    about: dict[str, object],
) -> ObjectiveOrder:
    layers = list({layer.address: layer for layer in [*located.layers, anchor]}.values())
    sizes = _sizes(session, image, layers)
    held = Reconstruction(anchor.address) * request.near
    requests = []
    for objective, layer in zip(located.objectives, located.first_layers, strict=True):
        raised = objective if request.caricature else objective * (1 / sizes[layer.address])
        words = f"caricature at {layer.address}" if request.caricature else printable(objective.name)
        requests.append(PictureRequest(words, raised - held, image, image, about, shown=objective))
    return objective_order(session, requests, layers, image[None].mul(255).byte())


def _sizes(session: NetworkSession, image: Tensor, layers: Sequence[Layer]) -> dict[str, float]:
    """How large a mean activation of each layer is at the photo (root mean square over channels).

    Units of it make the pull towards a unit and the pull towards the photo comparable at every layer.
    """
    plain = Views(session.view).plain(image[None].to(session.device))
    with torch.no_grad(), session.reader(layers) as read:
        seen = read(session.model.preprocessing.normalise(plain))
    return {
        address: max(float(activation.float().mean(-1).square().mean().sqrt()), TINY)
        for address, activation in seen.items()
    }

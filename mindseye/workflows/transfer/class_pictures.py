"""Pictures of classes, several of each, painted by one network of a transfer into a run folder."""

from mindseye.errors import UserError
from mindseye.labels import resolve_labels
from mindseye.layers.layer import Layer
from mindseye.layers.output import find_output
from mindseye.models.load import Model
from mindseye.optimize.objectives.address import CLASS
from mindseye.optimize.objectives.batch import sum_objectives
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.order import PictureRequest
from mindseye.runs.folder import RunFolder
from mindseye.workflows.objectives.flow import ObjectiveFlow
from mindseye.workflows.objectives.order import objective_order
from mindseye.workflows.request import Request
from mindseye.workflows.resumable import identity_of, new_manifest, open_run
from mindseye.workflows.transfer.networks import Labels, TransferNetwork


def paint_classes(folder: RunFolder, network: TransferNetwork, request: Request, paintings: int) -> None:
    """Paint every class several times, each from random numbers of its own, or go on where an earlier call stopped.

    The run is one of ``paint``, its pictures variants of each class in turn; ``class_index`` in a picture's entry is the
    number of its class. A class of several labels is painted by the sum of their logits.

    request: with the recipe of the condition. paintings: of each class.
    """
    with request.session(network.spec) as session:
        layer = find_output(session.model.network, session.view, session.model.in_channels)[0]
        objectives = [_objective(labels, layer, session.model) for labels in network.labels]
        identity = {"objectives": [objective.name for objective in objectives], "variants": paintings}
        fresh = new_manifest(request, session, identity | identity_of(session))
        with open_run(folder, fresh, request) as record:
            if record is not None:
                order = objective_order(session, _requests(objectives, paintings), [layer])
                ObjectiveFlow(order, record, request.batch_size).run()
    request.progress.say(f"done: {folder.path}")


def _requests(objectives: list[Objective], paintings: int) -> list[PictureRequest]:
    return [
        PictureRequest(
            objective.name,
            objective,
            about={"class_index": number} | ({"variant": variant} if paintings > 1 else {}),
        )
        for number, objective in enumerate(objectives)
        for variant in range(paintings)
    ]


def _objective(labels: Labels, layer: Layer, model: Model) -> Objective:
    logits = [Channel(layer.address, label) for label in labels]
    return sum_objectives(logits, " + ".join(f"{CLASS}:{_word(label, model)}" for label in labels))


def _word(label: int, model: Model) -> str:
    """A label in words that lead back to it: its name, its WordNet id where the name is another's too, or its index."""
    for names in (model.labels, model.wnids):
        if names is None:
            continue
        try:
            if resolve_labels([names[label]], model.labels, model.wnids) == (label,):
                return names[label]
        except UserError:
            continue
    return str(label)

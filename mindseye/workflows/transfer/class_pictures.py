"""Pictures of classes, several of each, painted by one network of a transfer into a run folder."""

from dataclasses import dataclass

import torch

from mindseye.errors import UserError
from mindseye.labels import resolve_labels
from mindseye.layers.layer import Layer
from mindseye.layers.output import find_output
from mindseye.models.load import Model
from mindseye.optimize.objectives.address import CLASS
from mindseye.optimize.objectives.batch import sum_objectives
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder
from mindseye.workflows.carrying import carry_out
from mindseye.workflows.objectives.commission import Order, Wanted
from mindseye.workflows.objectives.ordering import order_for
from mindseye.workflows.opening import Opened, opened
from mindseye.workflows.transfer.casting import Labels, Part


@dataclass(frozen=True)
class Setting:
    """What all painters of a transfer share. paintings: of each class. size: of the pictures, None for each network's own."""

    paintings: int
    size: int | None
    seed: int
    device: str
    batch_size: int
    force: bool
    quiet: bool
    command: str


def class_pictures(folder: RunFolder, part: Part, recipe: Recipe, setting: Setting) -> None:
    """Paint every class several times, each from random numbers of its own, or go on where an earlier call stopped.

    The run is one of ``paint``, its pictures variants of each class in turn; ``class`` in a picture's entry is the number of
    its class. A class of several labels is painted by the sum of their logits.
    """
    progress = Progress(setting.quiet)
    with opened(part.spec, None, None, setting.device, setting.size, recipe, progress) as ready:
        layer = find_output(ready.model.network, ready.view, ready.model.in_channels)[0]
        objectives = [_objective(labels, layer, ready.model) for labels in part.labels]
        options = {
            "objectives": [objective.name for objective in objectives],
            "variants": setting.paintings,
        }
        carry_out(
            "paint",
            folder,
            ready,
            options,
            lambda note: _order(ready, layer, objectives, setting),
            part.spec,
            None,
            None,
            setting.seed,
            setting.force,
            setting.command,
            progress,
        )


def _order(ready: Opened, layer: Layer, objectives: list[Objective], setting: Setting) -> Order:
    wanted = [
        Wanted(
            objective.name, objective, about={"class": number} | ({"variant": variant} if setting.paintings > 1 else {})
        )
        for number, objective in enumerate(objectives)
        for variant in range(setting.paintings)
    ]
    return order_for(ready, wanted, [layer], None, setting.seed, setting.batch_size)


def _objective(labels: Labels, layer: Layer, model: Model) -> Objective:
    logits = [Channel(layer.address, torch.tensor([label])) for label in labels]
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

"""The loss of a batch of pictures: terms of weighted objectives, over what the network and the picture itself give."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.made import made_layers
from mindseye.layers.reader import Reader
from mindseye.optimize.objectives.match import Match, Matches
from mindseye.optimize.objectives.objective import (
    ALPHA,
    CANVAS,
    PHOTO,
    Activations,
    Objective,
    layers_of,
    learned_by,
    network_layers,
)
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.preprocessing import Preprocessing


@dataclass(frozen=True)
class Term:
    """One summand of the loss: an objective and its weight (negative for what is to grow)."""

    name: str
    objective: Objective
    weight: Schedule


class Loss:
    """The terms that weigh anything, and how they read a picture.

    parameters: what the objectives learn along with the pictures.
    """

    def __init__(self, terms: Sequence[Term], read: Reader, preprocessing: Preprocessing, precision: str) -> None:
        """read: gives the layers of the network that the objectives read. precision: what the network computes in."""
        self.terms = [term for term in terms if not term.weight.is_zero]
        self.parameters = learned_by(term.objective for term in self.terms)
        self.network = read.network
        self._read, self._preprocessing, self._precision = read, preprocessing, precision
        self._wanted = {address for term in self.terms for address in layers_of(term.objective)}
        matches = [term.objective for term in self.terms if isinstance(term.objective, Match)]
        self._matches = Matches(matches) if matches else None

    def activations(self, images: Tensor, views: Tensor, photos: Tensor | None, alpha: Tensor | None) -> Activations:
        """What the objectives read.

        Args:
            images: the whole pictures, [pictures, in_channels, side, side] in [0, 1].
            views: what the network sees of them. photos: what it sees of the photos that they are held against.
            alpha: [pictures, 1, side, side], or None for pictures without an opacity.
        """
        with autocast(self._precision, views.device):
            activations = self._read(self._preprocessing.normalise(views))
            if photos is not None:
                with torch.no_grad():
                    beside = self._read(self._preprocessing.normalise(photos))
                activations |= {PHOTO + address: activation for address, activation in beside.items()}
        activations |= made_layers(views, activations, self._read.layers, self._wanted) | {CANVAS: images}
        return activations if alpha is None else activations | {ALPHA: alpha}

    def check(self, activations: Activations) -> None:
        """Refuse objectives of the user's own that give no number for each picture; once, at the start."""
        for term in self.terms:
            term.objective.check(activations)

    def values(self, activations: Activations, progress: float) -> Tensor:
        """The weighted terms, [terms, pictures]."""
        matched = iter(self._matches(activations) if self._matches else ())
        values = [
            next(matched) if isinstance(term.objective, Match) else term.objective(activations) for term in self.terms
        ]
        weights = torch.tensor([[term.weight.at(progress)] for term in self.terms])
        return torch.stack(values) * weights.to(values[0], non_blocking=True)

    def gradient_values(self, activations: Activations, progress: float) -> Tensor:
        """The same, for a step.

        Raises:
            UserError: if none of them depends on the pictures.
        """
        values = self.values(activations, progress)
        if not values.requires_grad:
            names = ", ".join(term.objective.name for term in self.terms)
            raise UserError(f"what is painted towards does not depend on the picture: {names}")
        return values

    def finds_nothing(self, start: Tensor) -> bool:
        """Whether a term that reads the network is exactly 0 for a picture, by the values of the start [terms, pictures]."""
        reads = [term.weight.start != 0 and bool(network_layers(term.objective)) for term in self.terms]
        return bool((start[torch.tensor(reads)] == 0).any())


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 where it is asked for, and by default on a CUDA device that computes in it."""
    knows = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    saves = precision == "bfloat16" or (precision == "auto" and knows)
    return torch.autocast(device.type, torch.bfloat16) if saves else nullcontext()

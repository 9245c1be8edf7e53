"""Pictures in one batch: each with an objective of its own, on the way between two, alike in a row, or unlike in a group."""

from collections.abc import Sequence
from functools import reduce
from operator import add

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.optimize.objectives.direction import even_shares
from mindseye.optimize.objectives.objective import Activations, Objective, for_images, layers_of, learned_by
from mindseye.optimize.objectives.surveyed import Surveyed

TINY = torch.finfo(torch.float32).tiny


class Each(Objective):
    """Picture i by objective i alone, so that one batch holds a picture for each of several objectives.

    An objective sees its own picture only: one that compares pictures belongs beside it (``Each(...) + ...``), not in it.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        """objectives: [images], at least one, each for a single image."""
        if not objectives:
            raise ValueError("at least one objective is wanted")
        self._objectives = tuple(objectives)
        self.names = tuple(objective.name for objective in objectives)
        self.name = f"each of {', '.join(self.names)}"
        self.layers = tuple(dict.fromkeys(address for objective in objectives for address in layers_of(objective)))

    def __call__(self, activations: Activations) -> Tensor:
        images = next(iter(activations.values())).shape[0]
        if images != len(self._objectives):
            raise ValueError(f"{len(self._objectives)} objectives do not fit a batch of {images}")
        return torch.cat([objective(_of_image(activations, index)) for index, objective in enumerate(self._objectives)])

    def bind(self, network: Surveyed) -> Objective:
        return Each([objective.bind(network) for objective in self._objectives])

    def check(self, activations: Activations) -> None:
        for index, objective in enumerate(self._objectives):
            objective.check(_of_image(activations, index))

    @property
    def parameters(self) -> list[Tensor]:
        return learned_by(self._objectives)

    @property
    def names_positions(self) -> bool:
        return any(objective.names_positions for objective in self._objectives)


def _of_image(activations: Activations, index: int) -> Activations:
    return {address: activation[index : index + 1] for address, activation in activations.items()}


def sum_objectives(objectives: Sequence[Objective], name: str) -> Objective:
    """The sum of objectives, at least one, under a name of its own."""
    if not objectives:
        raise ValueError("at least one objective is wanted")
    whole = reduce(add, objectives)
    whole.name = name
    return whole


def interpolate(first: Objective, second: Objective, count: int) -> list[Objective]:
    """Objectives that lead from one to another, ``(1 - s) first + s second``, s evenly from 0 to 1, both included.

    Olah, Mordvintsev and Schubert, "Feature Visualization" (Distill 2017). For two units of one layer see also
    ``between_units``: a direction's cosine asks for both at once, where the sum is content with the easier one.

    Raises:
        UserError: if there are fewer than two.
    """
    return [first * (1 - share) + second * share for share in even_shares(count).tolist()]


class Alignment(Objective):
    """How much a picture differs from those before and behind it in the batch; low where a row changes smoothly.

    Of picture i: ``sum_j w_ij mean (a_i - a_j)^2 / sum_j w_ij`` with ``w_ij = decay^|i - j|`` over all other pictures j,
    positions kept, divided by the row's mean ``a^2``, mean over the layers. 0 for a picture alone. The idea is that of
    ``alignment`` in Lucid, the program of "Feature Visualization" (Distill 2017); dividing by the weights makes it a mean,
    whatever the row's length. A picture with NaN is left out, as if it were not there.
    """

    def __init__(self, layers: Sequence[str], decay: float = 0.5) -> None:
        """decay: in (0, 1]; 1 weighs every pair alike."""
        if not layers or not 0 < decay <= 1:
            raise ValueError("at least one layer is wanted, and a decay in (0, 1]")
        self.name, self.layers, self._decay = f"alignment {', '.join(layers)}", tuple(layers), decay

    def __call__(self, activations: Activations) -> Tensor:
        return torch.stack([self._of_layer(activations[layer]) for layer in self.layers]).mean(0)

    def _of_layer(self, activation: Tensor) -> Tensor:
        flat, sound = _sound(activation)
        images = len(flat)
        total, weight = flat.new_zeros(images), flat.new_zeros(images)
        # Without a gradient: pictures would grow only to seem nearer to each other.
        size = (flat.detach().square().mean(1).sum() / sound.sum().clamp_min(1)).clamp_min(TINY)
        # Pair by pair of equal distance: all at once would hold images^2 activations.
        for apart in range(1, images):
            pair = self._decay**apart * (sound[apart:] & sound[:-apart]).float()
            difference = pair * (flat[apart:] - flat[:-apart]).square().mean(1)
            behind, before = (0, apart), (apart, 0)
            total = total + functional.pad(difference, behind) + functional.pad(difference, before)
            weight = weight + functional.pad(pair, behind) + functional.pad(pair, before)
        return total / weight.clamp_min(TINY) / size


class Diversity(Objective):
    """How unlike a picture's textures are to those of the other pictures in its group, in [-1, 0]; to be raised.

    Minus the mean cosine between its Gram matrix and each of theirs, ``G = sum_positions a a^T`` read as a vector. Olah,
    Mordvintsev and Schubert, "Feature Visualization" (Distill 2017), "Diversity". 0 for a group of one. A picture with
    NaN is left out, as if it were not there.
    """

    def __init__(self, layer: str, groups: Tensor) -> None:
        """groups: [images], whole numbers, the same for the variants of one objective; [1] where all are one group."""
        self.name, self.layers, self._groups = f"diversity {layer}", (layer,), groups

    def __call__(self, activations: Activations) -> Tensor:
        activation = activations[self.layers[0]]
        groups = for_images(self._groups, activation)
        flat, sound = _sound(activation)
        # Scaled before as well as after the product, whose entries are squares.
        scaled = functional.normalize(flat, dim=1).view(activation.shape)
        gram = functional.normalize((scaled @ scaled.transpose(1, 2)).flatten(1), dim=1)
        others = (groups[:, None] == groups) & sound[:, None] & sound
        others = others & ~torch.eye(len(groups), dtype=torch.bool, device=groups.device)
        return -(gram @ gram.T * others).sum(1) / others.sum(1).clamp_min(1)


def _sound(activation: Tensor) -> tuple[Tensor, Tensor]:
    """Activations [images, all], those of a picture with NaN as 0, and [images], which pictures have none.

    A lost picture stays in its batch, and would pass NaN on to the value and the gradient of each that is compared to it.
    """
    flat = activation.float().flatten(1)
    sound = flat.isfinite().all(1)
    return torch.where(sound[:, None], flat, 0.0), sound

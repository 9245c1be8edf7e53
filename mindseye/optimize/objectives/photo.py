"""Objectives that hold a picture against a photo, position by position.

Positions count, so picture and photo have to be seen alike. Either the photo's activations are given, and the picture is
seen whole at the same size, without random views; or they are not, and the activations hold the photo's too, seen under
the very views of the picture (``PHOTO`` before the address).
"""

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.errors import UserError
from mindseye.optimize.objectives.direction import LOWEST_COSINE
from mindseye.optimize.objectives.objective import PHOTO, Activations, Objective, for_images

TINY = torch.finfo(torch.float32).tiny


class _HeldAgainstPhoto(Objective):
    """An objective that reads a picture and a photo at one layer."""

    def __init__(self, name: str, layer: str, activation: Tensor | None) -> None:
        self.name, self.layers = f"{name} {layer}", (layer,)
        self._goal = None if activation is None else activation.detach().float()

    @property
    def names_positions(self) -> bool:
        return self._goal is not None

    def _picture_and_photo(self, activations: Activations) -> tuple[Tensor, Tensor]:
        """The layer's activations of both, [images, channels, positions] each."""
        layer = self.layers[0]
        activation = activations[layer].float()
        goal = activations[PHOTO + layer].float() if self._goal is None else self._goal
        if activation.shape[1:] != goal.shape[1:]:
            seen, kept = ("x".join(map(str, tensor.shape[1:])) for tensor in (activation, goal))
            raise UserError(
                f"layer {layer!r} gives {seen} (channels x positions) for the picture and {kept} for the photo: "
                "show the network both at the same size"
            )
        return activation, for_images(goal, activation)


class Reconstruction(_HeldAgainstPhoto):
    """How far a picture is from a photo at a layer, ``||a - t||^2 / ||t||^2``; to be lowered.

    Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them" (CVPR 2015), the loss
    as they normalise it. At an early layer, beside a unit to be raised, it keeps a picture near its photo: the
    regularizer of Hamblin et al., "Feature Accentuation" (2024).
    """

    def __init__(self, layer: str, activation: Tensor | None = None) -> None:
        """activation: the photos' at the layer, [images, channels, positions], or [1, ...] of one for all; None to read it."""
        super().__init__("reconstruction", layer, activation)

    def __call__(self, activations: Activations) -> Tensor:
        activation, goal = self._picture_and_photo(activations)
        distance = (activation - goal).square().flatten(1).sum(1)
        return distance / goal.square().flatten(1).sum(1).clamp_min(TINY)


class Caricature(_HeldAgainstPhoto):
    """How far a picture goes where a photo goes, position by position: 1 at the photo itself, more where it exaggerates.

    ``sum_p (a_p . t_p) max(cos(a_p, t_p), 0.1)^power / sum_p ||t_p||^2``, a_p and t_p the channels of picture and photo at
    a position. After Carter et al., "Activation Atlas" (Distill 2019), dot product times a power of the cosine; divided
    by the photo's own value, so that a strength means the same at every layer.
    """

    def __init__(self, layer: str, activation: Tensor | None = None, power: float = 2.0) -> None:
        """activation: the photos' at the layer, [images, channels, positions], or [1, ...] of one for all; None to read it."""
        super().__init__("caricature", layer, activation)
        self._power = power

    def __call__(self, activations: Activations) -> Tensor:
        activation, goal = self._picture_and_photo(activations)
        cosine = functional.cosine_similarity(activation, goal, dim=1)
        along = (activation * goal).sum(1) * cosine.clamp_min(LOWEST_COSINE) ** self._power
        return along.sum(1) / goal.square().sum((1, 2)).clamp_min(TINY)

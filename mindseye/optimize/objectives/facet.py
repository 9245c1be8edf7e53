"""What the loss of a facet is made of: how near a picture comes to the facet's target, and what keeps it plain."""

from collections.abc import Callable

import torch
from torch import Tensor

from mindseye.facets.target import Target
from mindseye.optimize.objectives.objective import CANVAS, Activations, Objective
from mindseye.optimize.regularizers.functional import total_variation


class DotProduct(Objective):
    """How strongly the top-k features are there: ``sum_k a_k t_k / sum_k t_k^2``, means over positions.

    Stergiou (ICIP 2021), Eq. 2, divided by the target's own value: 1 when picture and target agree.
    """

    def __init__(self, target: Target) -> None:
        self.name, self.layers, self.target = f"dot {target.layer}", (target.layer,), target
        self._goal = _top_means(target)
        self._scale = self._goal.square().sum(-1).clamp_min(torch.finfo(torch.float32).tiny)

    def __call__(self, activations: Activations) -> Tensor:
        mean = activations[self.target.layer].float().mean(-1).gather(1, self.target.channels)
        return (mean * self._goal).sum(-1) / self._scale


class Distance(Objective):
    """How far the top-k features are from the target: ``sum_k |a_k - t_k| / sum_k |t_k|``, means over positions.

    The distance of Stergiou (ICIP 2021), Eq. 3, divided by the target's own size. ``robust`` maps it on, [images] to
    [images]: the adaptive loss with its learned shape and scale, or a fixed one.
    """

    def __init__(self, target: Target, robust: Callable[[Tensor], Tensor], learned: list[Tensor]) -> None:
        self.name, self.layers, self.target = f"distance {target.layer}", (target.layer,), target
        self._robust, self._learned = robust, learned
        self._goal = _top_means(target)

    @property
    def parameters(self) -> list[Tensor]:
        return self._learned

    def __call__(self, activations: Activations) -> Tensor:
        return self._robust(_relative_distance(activations[self.target.layer], self.target.channels, self._goal))


def relative_distance(activation: Tensor, target: Target) -> Tensor:
    """``sum_k |a_k - t_k| / sum_k |t_k|`` over the top-k, [images], for an activation [images, channels, positions]."""
    return _relative_distance(activation, target.channels, _top_means(target))


def _relative_distance(activation: Tensor, channels: Tensor, goal: Tensor) -> Tensor:
    mean = activation.float().mean(-1).gather(1, channels)
    return (mean - goal).abs().sum(-1) / goal.abs().sum(-1).clamp_min(torch.finfo(torch.float32).tiny)


def _top_means(target: Target) -> Tensor:
    """The target's means of its top-k channels, [images, k]."""
    return target.mean.gather(1, target.channels)


class ActivationNorm(Objective):
    """The L1 norm of a layer, ``sum_channels mean_positions |a|`` (Stergiou, ICIP 2021, Eq. 4)."""

    def __init__(self, layer: str) -> None:
        self.name, self.layers = f"L1 {layer}", (layer,)

    def __call__(self, activations: Activations) -> Tensor:
        return activations[self.layers[0]].float().abs().mean(-1).sum(-1)


class TotalVariation(Objective):
    """Total variation of the whole picture (mean absolute difference to the right and lower neighbours)."""

    def __init__(self) -> None:
        self.name, self.layers = "total variation", (CANVAS,)

    def __call__(self, activations: Activations) -> Tensor:
        return total_variation(activations[CANVAS])

"""What the loss of a facet is made of: how near a picture comes to the facet's target, and what keeps it plain."""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from mindseye.facets.sort import sort_values
from mindseye.facets.target import Target, resample_ranks
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


class Match(Objective):
    """The distance between a layer's sorted activations and the target's, ``mean (sort(a) - t)^2 / mean t^2``.

    Per channel a squared 1-D Wasserstein distance, after the sort matching of VITAL (ICCV 2025). Where picture and
    target differ in their number of positions, the target's ranks are those of the photos seen as small as the picture is
    (octaves), or resampled.

    positions: where a map has more positions than this, a fixed random sample of them is sorted. Sorting is what a step
    costs beside the network; the sample lies elsewhere in the picture at every step, as the views move. 0: sort all.
    least: what the mean t^2 counts as at least, for layers that photos may leave empty (the colours of grey ones).
    """

    def __init__(self, target: Target, positions: int = 0, least: float = torch.finfo(torch.float32).tiny) -> None:
        self.name, self.layers, self.target = f"match {target.layer}", (target.layer,), target
        self._positions = positions
        self._least = least
        self._goals: dict[int, tuple[Tensor, Tensor]] = {}
        self._samples: dict[int, Tensor] = {}

    def __call__(self, activations: Activations) -> Tensor:
        activation = activations[self.target.layer]
        goal, size = self._goal(activation.shape[-1])
        if 0 < self._positions < activation.shape[-1]:
            activation = activation.index_select(-1, self._places(activation.shape[-1], activation.device))
        ranks = sort_values(activation.float())
        return (ranks - goal).square().mean((-1, -2)) / size

    def _places(self, positions: int, device: torch.device) -> Tensor:
        """Which of so many positions are sorted, on the device: bringing them there at every step would make it wait."""
        if positions not in self._samples:
            self._samples[positions] = _sample(positions, self._positions).to(device, non_blocking=True)
        return self._samples[positions]

    def _goal(self, positions: int) -> tuple[Tensor, Tensor]:
        """What is matched of so many positions, [images, channels, as many as are sorted], and its mean square."""
        if positions not in self._goals:
            ranks = self.target.nearest_ranks(positions)
            goal = resample_ranks(ranks, min(positions, self._positions or positions))
            self._goals[positions] = goal, ranks.square().mean((-1, -2)).clamp_min(self._least)
        return self._goals[positions]


class TotalVariation(Objective):
    """Total variation of the whole picture (mean absolute difference to the right and lower neighbours)."""

    def __init__(self) -> None:
        self.name, self.layers = "total variation", (CANVAS,)

    def __call__(self, activations: Activations) -> Tensor:
        return total_variation(activations[CANVAS])


@cache
def _sample(positions: int, count: int) -> Tensor:
    """A fixed choice of positions, without order of rows or columns that could fall in step with the network's strides."""
    return torch.randperm(positions, generator=torch.Generator().manual_seed(0))[:count].sort().values

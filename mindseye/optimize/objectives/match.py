"""How far the sorted activations of layers are from a facet's: of one layer, and of all that a step matches at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.facets.joint import along_directions, directions_of
from mindseye.facets.sort import rank_distance
from mindseye.facets.target import Target, resample_ranks
from mindseye.optimize.objectives.objective import Activations, Objective


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
        # Sampled first, then seen along directions: the positions that are left out need not be.
        layer = directions_of(target.layer)
        self.name, self.target, self._is_along = f"match {target.layer}", target, layer is not None
        self.layers = (layer or target.layer,)
        self.positions = positions
        self._least = least
        self._places: dict[int, Tensor] = {}

    def __call__(self, activations: Activations) -> Tensor:
        return Matches([self])(activations)[0]

    def sample(self, activation: Tensor) -> Tensor:
        """Of its layer's activation [images, channels, positions] what counts: all positions, or some."""
        positions = activation.shape[-1]
        if 0 < self.positions < positions:
            # On the device, as bringing the sample there at every step would make it wait.
            if positions not in self._places:
                chosen = _sample(positions, self.positions)
                self._places[positions] = chosen.to(activation.device, non_blocking=True)
            activation = activation.index_select(-1, self._places[positions])
        return activation.float()

    def values(self, sample: Tensor) -> Tensor:
        """What is sorted of a sample, [images, channels or directions, positions]."""
        return along_directions(sample) if self._is_along else sample

    def goal(self, positions: int) -> tuple[Tensor, Tensor]:
        """What the sorted sample of a map of so many positions should be, and its mean square over all positions, [images]."""
        ranks = self.target.nearest_ranks(positions)
        size = ranks.square().mean((-1, -2)).clamp_min(self._least)
        return resample_ranks(ranks, min(positions, self.positions or positions)), size


class Matches:
    """Several matches over the same pictures, made at once.

    A step matches some seventy layers, most of them small, and every call costs a device more than the numbers in it: what
    has as many values to sort is sorted in one call, whatever layers it is of.
    """

    def __init__(self, matches: Sequence[Match]) -> None:
        self._matches = list(matches)
        self._positions: list[int] = []
        self._groups: list[_Group] = []
        self._order = torch.empty(0, dtype=torch.long)

    def __call__(self, activations: Activations) -> Tensor:
        """What each match gives by itself, [matches, images]."""
        positions = [activations[match.layers[0]].shape[-1] for match in self._matches]
        samples: dict[tuple[str, int], Tensor] = {}
        values = []
        for match in self._matches:
            layer, most = match.layers[0], match.positions
            if (layer, most) not in samples:
                samples[layer, most] = match.sample(activations[layer])
            values.append(match.values(samples[layer, most]))
        if positions != self._positions:  # another octave
            self._group(positions, values)
            self._positions = positions
        distances = torch.cat([group.distances(values) for group in self._groups])
        return distances.index_select(0, self._order)

    def _group(self, positions: list[int], values: list[Tensor]) -> None:
        goals = [match.goal(number) for match, number in zip(self._matches, positions, strict=True)]
        places: dict[int, list[int]] = {}
        for place, own in enumerate(values):
            places.setdefault(own.shape[-1], []).append(place)
        self._groups = [_Group.of(group, [goals[place] for place in group]) for group in places.values()]
        order = [place for group in places.values() for place in group]
        self._order = torch.tensor(order).argsort().to(values[0].device, non_blocking=True)


@dataclass(frozen=True)
class _Group:
    """Matches that sort as many values a channel.

    places: which ones. goals: of the channels of all of them, [images, channels, values]. shares: what each channel
    counts in its own match, [channels, matches], 0 in others. sizes: [matches, images].
    """

    places: list[int]
    goals: Tensor
    shares: Tensor
    sizes: Tensor

    @classmethod
    def of(cls, places: list[int], goals: list[tuple[Tensor, Tensor]]) -> "_Group":
        whole = torch.cat([goal for goal, _ in goals], 1)
        widths = torch.tensor([goal.shape[1] for goal, _ in goals])
        shares = functional.one_hot(torch.arange(len(goals)).repeat_interleave(widths), len(goals)) / widths
        return cls(places, whole, shares.to(whole, non_blocking=True), torch.stack([size for _, size in goals]))

    def distances(self, values: list[Tensor]) -> Tensor:
        """Of the values of all matches, [matches of the group, images]."""
        own = [values[place] for place in self.places]
        channels = rank_distance(own[0] if len(own) == 1 else torch.cat(own, 1), self.goals)
        return (channels @ self.shares).T / self.sizes


@cache
def _sample(positions: int, count: int) -> Tensor:
    """A fixed choice of positions, without order of rows or columns that could fall in step with the network's strides."""
    return torch.randperm(positions, generator=torch.Generator().manual_seed(0))[:count].sort().values

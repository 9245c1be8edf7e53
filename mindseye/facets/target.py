"""Targets: what a picture's activations should look like. Facets produce them, objectives read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from mindseye.arguments import as_list
from mindseye.errors import UserError
from mindseye.facets.sort import sort_values


@runtime_checkable
class TargetSource(Protocol):
    """What makes a target of photos: a session, which lives in a room above."""

    def target(self, photos: Any, layer: str, **options: Any) -> "Target":
        """The target of some photos at a layer."""


@dataclass(frozen=True)
class Target:
    """What one layer should show, for a batch of facets.

    layer: the address. ranks: [facets, channels, positions], each channel's activations sorted in ascending order.
    channels: [facets, k], the top-k channels by mean activation, strongest first. smaller: ranks of the photos seen smaller, as
    a recipe with octaves sees its pictures: what a layer answers changes with the size of what it sees.
    """

    layer: str
    ranks: Tensor
    channels: Tensor
    smaller: tuple[Tensor, ...] = ()

    @property
    def mean(self) -> Tensor:
        """The paper's target: the mean over positions, [facets, channels]."""
        return self.ranks.mean(-1)

    def nearest_ranks(self, positions: int) -> Tensor:
        """The ranks of the photos seen at the size at which the layer has so many positions; otherwise those seen whole."""
        return next((ranks for ranks in (self.ranks, *self.smaller) if ranks.shape[-1] == positions), self.ranks)

    @staticmethod
    def of(session: "TargetSource", photos: Any, layer: str, **options: Any) -> "Target":
        """The target of some photos at a layer, all of them as one facet whose members count alike.

        session: a ``mindseye.Session``. photos: as its ``activations`` takes them. layer: an address. options: as its ``target``
        takes them.

        Raises:
            UserError: for no session, no photos, or an unknown layer.
        """
        if not isinstance(session, TargetSource):
            raise UserError(f"session is a mindseye.Session, not {session!r}")
        return session.target(photos, layer, **options)

    def select(self, facets: Sequence[int]) -> "Target":
        """The target of some of the facets."""
        index = torch.as_tensor(list(facets), dtype=torch.long, device=self.ranks.device)
        return Target(
            self.layer, self.ranks[index], self.channels[index], tuple(ranks[index] for ranks in self.smaller)
        )

    @staticmethod
    def joined(targets: Sequence["Target"]) -> "Target":
        """The targets of several batches of facets at one layer, one behind the other."""
        smaller = zip(*(target.smaller for target in targets), strict=True)
        return Target(
            targets[0].layer,
            torch.cat([target.ranks for target in targets]),
            torch.cat([target.channels for target in targets]),
            tuple(map(torch.cat, smaller)),
        )

    def to(self, device: torch.device) -> "Target":
        """The same on a device."""
        smaller = tuple(ranks.to(device) for ranks in self.smaller)
        return Target(self.layer, self.ranks.to(device), self.channels.to(device), smaller)


def weighted_ranks(activations: Tensor, weights: Tensor) -> Tensor:
    """Eq. 1 (Stergiou, ICIP 2021) rank by rank: ``t = sum_n w_n sort(a(x_n))``.

    activations: [members, channels, positions]. weights: [members], summing to one. Returns [channels, positions]. Its
    mean over positions is the paper's target, as sorting moves no mass; along the ranks it is the weighted 1-D
    Wasserstein barycentre of the members.
    """
    ranks = sort_values(activations.float())
    return torch.einsum("n,ncp->cp", weights.to(ranks), ranks)


def resample_ranks(ranks: Tensor, positions: int) -> Tensor:
    """Sorted values [..., P] read at another number of positions, as quantiles at (i + 1/2) / positions, linearly between."""
    have = ranks.shape[-1]
    if have == positions:
        return ranks
    place = ((torch.arange(positions, dtype=torch.float64) + 0.5) * have / positions - 0.5).clamp(0, have - 1)
    floor = place.floor()
    part, low = (place - floor).to(ranks, non_blocking=True), floor.long().to(ranks.device, non_blocking=True)
    high = (low + 1).clamp_max(have - 1)
    return ranks[..., low] * (1 - part) + ranks[..., high] * part


def top_channels(mean: Tensor, k: int) -> Tensor:
    """The k channels with the largest mean activation, [facets, k], strongest first; ties go to the lower channel."""
    return mean.sort(dim=-1, descending=True, stable=True).indices[..., :k]


def build_target(
    layer: str, ranks: Tensor, k: int, channels: Sequence[int] | None = None, smaller: Sequence[Tensor] = ()
) -> Target:
    """A target from ranks [facets, channels, positions] with its top-k channels, or with channels given by hand.

    smaller: as the target's own.

    Raises:
        UserError: if a channel given by hand is not there.
    """
    width = ranks.shape[1]
    if channels is None:
        return Target(layer, ranks, top_channels(ranks.mean(-1), min(k, width)), tuple(smaller))
    check_channels(channels, layer, width)
    chosen = torch.tensor(list(dict.fromkeys(channels)), dtype=torch.long)
    return Target(layer, ranks, chosen.expand(ranks.shape[0], -1).clone(), tuple(smaller))


def check_channels(channels: Sequence[int], layer: str, width: int) -> None:
    """Refuse channels given by hand that a layer of this width does not have.

    Raises:
        UserError: naming the first one, with the valid range.
    """
    for channel in as_list("channels", channels, int):
        if not (isinstance(channel, int) and 0 <= channel < width):
            raise UserError(f"channel {channel!r} is not in layer {layer!r}: its channels are 0-{width - 1}")


def channel_shares(target: Target) -> Tensor:
    """How much of the top-k's total (absolute) mean activation each of its channels has, [facets, k], rows sum to one."""
    strength = target.mean.gather(1, target.channels).abs()
    return strength / strength.sum(-1, keepdim=True).clamp_min(torch.finfo(strength.dtype).tiny)

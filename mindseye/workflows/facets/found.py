"""What has been found in the photos of a run, and what its pictures are painted from and towards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.facets.activations import weighted_images
from mindseye.facets.clustering import Facet
from mindseye.facets.image import is_of_image
from mindseye.facets.target import Target, build_target
from mindseye.layers.reader import Reader
from mindseye.layers.stages import last_before_pooling
from mindseye.layers.survey import INPUT, Layer, find_layer
from mindseye.measure.sight import SAMPLE, blindness_note
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.compose import Composition, layers_to_match
from mindseye.workflows.facets.job import Job


@dataclass(frozen=True)
class Found:
    """What the pictures of a run are painted from.

    members: per facet, uint8 [members, channels, side, side]. ranks: {address: [facets, channels, positions]} of every layer
    that is matched. slope: mean ``spectrum_slope`` of photos spread over the whole set.
    """

    facets: list[Facet]
    members: list[Tensor]
    ranks: dict[str, Tensor]
    slope: float


def matched_layers(job: Job, layer: Layer) -> list[str]:
    """The addresses whose sorted activations are matched for the pictures of a layer, early to late."""
    return layers_to_match(job.recipe, job.model.network, job.network, layer)


def target_at(job: Job, address: str, ranks: Mapping[str, Tensor]) -> Target:
    """The target of all facets at an address; at a painted layer of the channels given by hand, where there are any."""
    by_hand = job.channels if address in {layer.address for layer in job.targets} else None
    return build_target(address, ranks[address], job.recipe.top_k, by_hand)


def blindness(job: Job, members: Sequence[Tensor]) -> list[str]:
    """A line where the network does not see what is in the photos; looked for only at the last layer before pooling."""
    last = last_before_pooling(job.model.network, job.network)
    if job.model.weights == "none" or job.cluster.address != last.address:
        return []
    photos = torch.cat(list(members))
    spread = photos[:: max(1, len(photos) // SAMPLE)]
    with Reader(job.model.network, [job.cluster]) as read:
        note = blindness_note(read, job.model.preprocessing, job.cluster.address, spread, job.device)
    return [note] if note else []


def compose(job: Job, layer: Layer, found: Found) -> Composition:
    """What the facets of a layer are painted from, and towards."""
    recipe, matched = job.recipe, matched_layers(job, layer)
    holds_down = not recipe.schedule("penalty").is_zero
    return Composition(
        recipe=recipe,
        preprocessing=job.model.preprocessing,
        keys=[f"{job.prefix}{layer.address}/{place}" for place in range(len(found.facets))],
        targets={address: target_at(job, address, found.ranks) for address in {*matched, layer.address}},
        target=layer.address,
        matched=matched,
        penalty=(job.penalty or layer.address.removesuffix(INPUT) + INPUT) if holds_down else None,
        weighted=weighted_images(found.members, [torch.tensor(facet.weights) for facet in found.facets]),
        palette=palette_of(recipe, torch.cat(found.members), job.model.in_channels),
        side=job.size,
        view=job.view,
        seed=job.seed,
        device=job.device,
        prior=job.prior,
    )


def layers_read(job: Job, composition: Composition) -> list[Layer]:
    """The layers of the network that a painting reads."""
    penalty = [composition.penalty] if composition.penalty else []
    addresses = dict.fromkeys([*composition.matched, composition.target, *penalty])
    return [find_layer(job.network, address) for address in addresses if not is_of_image(address)]

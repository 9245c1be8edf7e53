"""The orders for pictures of single channels: each one plain, and one for each of its own facets."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch

from mindseye.facets.target import Target
from mindseye.layers.layer import Layer
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.order import FacetOrder, ObjectiveOrder, PictureRequest
from mindseye.optimize.session import NetworkSession
from mindseye.workflows.facets.find import FacetTargets, facet_order
from mindseye.workflows.facets.job import FacetJob


def channels_order(
    session: NetworkSession, layer: Layer, channels: Sequence[int], keys: Sequence[str]
) -> ObjectiveOrder:
    """The plain picture of each channel of a layer, as ``mindseye paint LAYER:CHANNEL`` paints it.

    keys: what each picture's random numbers are called.
    """
    plain = without_photos(session)
    return ObjectiveOrder(
        session=plain,
        keys=keys,
        palette=palette_of(plain.recipe, None, plain.model.in_channels),
        requests=[
            PictureRequest(f"{layer.address}:{channel}", Channel(layer.address, channel)) for channel in channels
        ],
        read_layers=[layer],
    )


def channel_facets_order(
    job: FacetJob, layer: Layer, targets: FacetTargets, channels: Sequence[int], deviations: Sequence[float]
) -> FacetOrder:
    """A picture for each facet of some channels: the facet's target, and of the dot product the facet's channel alone.

    The dot product ``a t / t^2`` would lower a channel whose target is below zero, as that of a layer without an activation
    function may be, and outweigh all else where it is near zero. Here it is ``a / max(|t|, s)``, s being the channel's
    standard deviation over the photos: the same wherever the target is well above zero.

    channels, deviations: of each facet.
    """
    own = torch.tensor(list(channels))[:, None]
    sizes = targets.ranks[layer.address].mean(-1).abs().maximum(torch.tensor(list(deviations))[:, None])
    plain = facet_order(job, layer, targets)
    return replace(
        plain,
        targets={**plain.targets, layer.address: replace(plain.targets[layer.address], channels=own)},
        raised=Target(layer.address, sizes[..., None], own),
    )


def without_photos(session: NetworkSession) -> NetworkSession:
    """The session for pictures that start from no photos."""
    session = copy.copy(session)
    if session.recipe.start == "weighted":
        session.recipe = replace(session.recipe, start="noise")
    return session

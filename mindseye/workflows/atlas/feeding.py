"""What feeds a channel: the channels of the layer before that carry its value, by attribution, and checked by ablation."""

import numpy as np
import torch
from torch import Tensor

from mindseye.attribution.channels import ChannelPath
from mindseye.layers.layer import Layer
from mindseye.optimize.session import NetworkSession
from mindseye.runs.schema import Feeder, Feeding

PHOTOS = 10
FEEDERS = 6


def find_feeding(
    session: NetworkSession, before: Layer, layer: Layer, channel: int, means: Tensor, images: Tensor
) -> Feeding | None:
    """The channels of the layer before that carry most of a channel's value in some photos; None where they can't be exchanged.

    Shares and drops are of the channel's mean value over these photos: 1 where nothing is left. Beside the feeders as many other
    channels are held at their means, drawn at random.

    Args:
        means: of the earlier layer's channels over all photos, [channels].
        images: the photos, preprocessed, [images, planes, height, width].
    """
    if not ChannelPath.can_follow(before):
        return None
    path = ChannelPath(session.model.network, before, layer, channel, means)
    carried = path.attribute(images).double().mean(0)
    order = torch.argsort(carried, descending=True, stable=True).tolist()
    feeders = order[:FEEDERS]
    rest = np.array(order[FEEDERS:], dtype=np.int64)
    random = np.random.default_rng([session.seed, channel])
    others = sorted(random.permutation(rest)[:FEEDERS].tolist())
    whole, *held = path.ablate(images, [None, *feeders, *others]).double().mean(1).tolist()
    size = abs(whole)
    if size == 0:
        return None
    drops = [(whole - value) / size for value in held]
    return Feeding(
        layer=before.address,
        photos=len(images),
        feeders=[
            Feeder(place, float(carried[place]) / size, drop)
            for place, drop in zip(feeders, drops[: len(feeders)], strict=True)
        ],
        chance=float(np.mean(drops[len(feeders) :])) if others else None,
    )

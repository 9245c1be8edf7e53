"""Does the network see what is in photos at all? Wrong preprocessing leaves it blind, and nothing fails."""

import torch
from torch import Tensor

from mindseye.layers.reader import Reader
from mindseye.preprocessing import Preprocessing

SAMPLE = 16
BLIND = 0.85
"""With the right preprocessing four trained networks had correlations up to 0.5 at their last layer, with a wrong one that
left them blind 0.92 to 1."""


def shuffle_pixels(images: Tensor) -> Tensor:
    """Images [B, C, H, W] with their pixels in one random order: the same colours, and nothing to see in them."""
    order = torch.randperm(images[0, 0].numel(), generator=torch.Generator().manual_seed(0)).to(images.device)
    return images.flatten(2).index_select(-1, order).view_as(images)


def order_correlation(photos: Tensor, shuffled: Tensor) -> float:
    """How alike a layer takes photos and the same photos with their pixels shuffled, in [-1, 1].

    The correlation (Pearson) over channels between the mean activations of both, each [n, channels]. Near 1: which
    features are there does not depend on what the photos show. NaN where either has the same mean in every channel.
    """
    both = torch.stack([photos.double().mean(0), shuffled.double().mean(0)])
    centred = both - both.mean(1, keepdim=True)
    return float((centred[0] * centred[1]).sum() / (centred[0].norm() * centred[1].norm()))


@torch.no_grad()
def blindness_note(
    read: Reader, preprocessing: Preprocessing, layer: str, photos: Tensor, seen: Tensor, device: torch.device
) -> str | None:
    """One line where a layer near the end of a network takes photos and their shuffled pixels for the same, else None.

    read: gives the layer, an address. photos: uint8 [n, channels, side, side]; the first ``SAMPLE`` are looked at. seen: what
    the layer makes of them, its mean activations [n, channels]. An early layer answers to colours, which shuffling keeps, and
    may be taken for blind.
    """
    images = shuffle_pixels(photos[:SAMPLE].to(device).float() / 255)
    shuffled = read(preprocessing.normalise(images))[layer].float().mean(-1).cpu()
    correlation = order_correlation(seen[:SAMPLE], shuffled)
    if not correlation > BLIND:
        return None
    side = photos.shape[-1]
    few = f"{side} px are too few for it (its own: {preprocessing.size}), " if side < preprocessing.size else ""
    return (
        f"layer {layer} does not tell photos from the same photos with shuffled pixels (correlation {correlation:.2f}): "
        f"{few}the network is untrained, or its preprocessing (mean, standard deviation, range, order of colours) is not what its "
        "weights were trained with, or it goes by colour alone"
    )

"""Activations of a photo set: one pass for the mean over positions of all, one for the sorted ones of the members."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.made import made_layers
from mindseye.facets.target import weighted_ranks
from mindseye.layers.reader import Reader
from mindseye.preprocessing import Preprocessing

Views = Callable[[int, Tensor], Sequence[Tensor]]


@torch.no_grad()
def mean_activations(
    read: Reader,
    preprocessing: Preprocessing,
    batches: Iterable[tuple[list[int], Tensor]],
    device: torch.device,
    on_batch: Callable[[int], None] = lambda count: None,
    look: Callable[[Sequence[int], Mapping[str, Tensor]], None] = lambda indices, activations: None,
) -> dict[str, Tensor]:
    """The mean over positions of every layer that is read, {address: [images, channels]}, on the CPU.

    batches: (indices, uint8 images [batch, channels, side, side]) in any order. look: shown the whole activations of each
    batch, {address: [batch, channels, positions]}, which are not kept.

    Raises:
        UserError: if an activation is NaN or infinite, naming layer and image.
    """
    rows: dict[str, dict[int, Tensor]] = {layer.address: {} for layer in read.layers}
    for indices, images in batches:
        activations = read(normalise_photos(images, preprocessing, device))
        for address, activation in activations.items():
            means = activation.float().mean(-1).cpu()
            for index, mean in zip(indices, means, strict=True):
                rows[address][index] = mean
        look(indices, activations)
        on_batch(len(indices))
    stacked = {
        address: torch.stack([by_index[index] for index in sorted(by_index)]) for address, by_index in rows.items()
    }
    for address, means in stacked.items():
        check_finite(means, address)
    return stacked


def normalise_photos(images: Tensor, preprocessing: Preprocessing, device: torch.device) -> Tensor:
    """Photos, uint8 [batch, channels, side, side], as the network wants them, on its device."""
    return preprocessing.normalise(images.to(device, non_blocking=True).float() / 255)


@torch.no_grad()
def facet_ranks(
    read: Reader,
    preprocessing: Preprocessing,
    members: Sequence[Tensor],
    weights: Sequence[Tensor],
    device: torch.device,
    views: Views | None = None,
    wanted: Collection[str] = (),
) -> dict[str, Tensor]:
    """The weighted ranks of each facet's members, at every layer that is read and for the image itself.

    members: per facet the photos, uint8 [members, channels, side, side]. weights: per facet [members]. views: maps a
    facet's number and its photos to several random views of them, over which the ranks are averaged; the photos
    themselves where it is None. wanted: addresses of what is made of the image and of layers, see ``made_layers``.
    Returns {address: [facets, channels, positions]} on the CPU.
    """
    ranks_by_address: dict[str, list[Tensor]] = {}
    for facet, (photos, shares) in enumerate(zip(members, weights, strict=True)):
        images = photos.to(device).float() / 255
        views_of_facet = views(facet, images) if views is not None else [images]
        sums: dict[str, Tensor] = {}
        for view in views_of_facet:
            activations = read(preprocessing.normalise(view))
            activations |= made_layers(view, activations, read.layers, wanted)
            for address, activation in activations.items():
                ranks = weighted_ranks(activation, shares.to(device)).cpu() / len(views_of_facet)
                sums[address] = sums[address] + ranks if address in sums else ranks
        for address, total in sums.items():
            ranks_by_address.setdefault(address, []).append(total)
    return {address: torch.stack(ranks) for address, ranks in ranks_by_address.items()}


def weighted_images(members: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """The weighted mean of each facet's members (Eq. 1), [facets, channels, side, side] in [0, 1]."""
    return torch.stack(
        [
            torch.einsum("n,nchw->chw", shares.float(), photos.float() / 255)
            for photos, shares in zip(members, weights, strict=True)
        ]
    )


def check_finite(means: Tensor, layer: str) -> None:
    """Refuse activations that are not numbers.

    Raises:
        UserError: naming the layer and how many images are concerned.
    """
    broken = ~means.isfinite().all(1)
    if broken.any():
        raise UserError(
            f"layer {layer!r} gives NaN or infinite activations for {int(broken.sum())} of {len(means)} images;"
            " check the checkpoint and its preprocessing"
        )

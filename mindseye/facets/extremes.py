"""What single channels do in each photo of a folder: their least, mean and greatest values over positions, and where."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.facets.activations import check_finite, normalise_photos
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.preprocessing import Preprocessing


class StrongestPositions:
    """Where each channel of some layers has its greatest value over all photos."""

    def __init__(self) -> None:
        self._best: dict[str, tuple[Tensor, Tensor]] = {}

    def look(self, indices: Sequence[int], activations: Mapping[str, Tensor]) -> None:
        """Take a batch into account. activations: {address: [batch, channels, positions]}."""
        photos = torch.tensor(indices)
        for address, activation in activations.items():
            values, positions = (part.cpu() for part in activation.float().max(-1))
            greatest, rows = values.max(0)
            places = torch.stack([photos[rows], positions.gather(0, rows[None])[0]], 1)
            if address in self._best:
                before, places_before = self._best[address]
                is_new = greatest > before
                greatest = torch.where(is_new, greatest, before)
                places = torch.where(is_new[:, None], places, places_before)
            self._best[address] = (greatest, places)

    def places(self, address: str) -> Tensor:
        """The photo and the position of each channel of a layer, [channels, 2]."""
        return self._best[address][1]


@dataclass(frozen=True, eq=False)
class Extremes:
    """What one channel does in each photo, [photos] each, on the CPU.

    lowest, highest: its least and greatest value over positions. lowest_at, highest_at: the index of the position where;
    of several with just that value (the zeros behind a ReLU) the one nearest to the middle of the layer's grid.
    mean: over positions. mean_at: the index of the position whose value is nearest to it.
    """

    lowest: Tensor
    lowest_at: Tensor
    highest: Tensor
    highest_at: Tensor
    mean: Tensor
    mean_at: Tensor


def channel_extremes(
    read: Reader,
    preprocessing: Preprocessing,
    batches: Iterable[tuple[list[int], Tensor]],
    channels: Sequence[int],
    device: torch.device,
    on_batch: Callable[[int], None] = lambda count: None,
) -> list[Extremes]:
    """What each of some channels does in every photo, in the order of ``channels``; read: gives one layer.

    See ``layer_extremes``.
    """
    (layer,) = read.layers
    return layer_extremes(read, preprocessing, batches, {layer.address: channels}, device, on_batch)[layer.address]


@torch.no_grad()
def layer_extremes(
    read: Reader,
    preprocessing: Preprocessing,
    batches: Iterable[tuple[list[int], Tensor]],
    channels: Mapping[str, Sequence[int]],
    device: torch.device,
    on_batch: Callable[[int], None] = lambda count: None,
    strongest: StrongestPositions | None = None,
) -> dict[str, list[Extremes]]:
    """What some channels of each layer do in every photo, in one pass over the photos, {address: one for each channel}.

    channels: of each layer that is read. batches: (indices, uint8 images [batch, channels, side, side]) in any order.
    strongest: is shown all channels.

    Raises:
        UserError: if an activation is NaN or infinite, naming layer and number of photos.
    """
    from_middle = {layer.address: _from_middle(layer).to(device) for layer in read.layers}
    places: list[int] = []
    batch_parts: dict[str, list[tuple[Tensor, ...]]] = {address: [] for address in channels}
    for indices, images in batches:
        activations = read(normalise_photos(images, preprocessing, device))
        if strongest is not None:
            strongest.look(indices, activations)
        for address, own in channels.items():
            values = activations[address][:, list(own)].float()
            parts: list[Tensor] = []
            for score in (values.amin(-1), values.amax(-1), values.mean(-1)):
                off = (values - score[..., None]).abs()
                parts += [score, _nearest(off == off.amin(-1, keepdim=True), from_middle[address])]
            batch_parts[address].append(tuple(part.cpu() for part in parts))
        places += indices
        on_batch(len(indices))
    order = torch.tensor(places).argsort()
    extremes = {}
    for address, own in channels.items():
        whole = [torch.cat(part)[order] for part in zip(*batch_parts[address], strict=True)]
        check_finite(whole[4], address)
        extremes[address] = [Extremes(*(part[:, place] for part in whole)) for place in range(len(own))]
    return extremes


def _from_middle(layer: Layer) -> Tensor:
    """Squared distance of each position from the middle of the grid, [positions]."""
    rows, columns = layer.rows_and_columns or (1, layer.positions)
    row, column = torch.arange(rows) - (rows - 1) / 2, torch.arange(columns) - (columns - 1) / 2
    return (row[:, None] ** 2 + column**2).flatten()


def _nearest(candidates: Tensor, from_middle: Tensor) -> Tensor:
    """Of the positions that are chosen, [..., positions], the one nearest to the middle."""
    return torch.where(candidates, from_middle, torch.inf).argmin(-1)

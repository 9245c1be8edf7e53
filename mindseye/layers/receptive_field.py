"""Which part of the input image a position of a layer can see: its receptive field, found without knowing the modules.

NaN spreads through everything that reads it: a position sees a part of the image if, and only if, NaN there makes the position
NaN. Bands of NaN that grow from each border of the image until the position notices give the box that it sees, whatever the
modules between are.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.models.freeze import freeze
from mindseye.models.probe import example_input

BATCH = 8
STEPS = 8
BORDERS = ("top", "left", "bottom", "right")


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """The box of the image that each position of a layer can see.

    rows, columns: the layer's grid; 1 and the number of positions where they form none.
    boxes: [rows, columns, 4], top, left, bottom and right in px of the image, bottom and right themselves left out; whole
    numbers, within the image.
    """

    rows: int
    columns: int
    boxes: Tensor

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Top, left, bottom and right in px of what the position in this row and column sees."""
        top, left, bottom, right = self.boxes[row, column].tolist()
        return top, left, bottom, right


def receptive_field(network: nn.Module, layer: Layer, size: int, in_channels: int = 3) -> ReceptiveField:
    """The receptive field of every position of a layer, for square images of this size.

    A box holds every pixel that can change any channel of the position; where its filters leave pixels out (dilated
    convolutions) or look elsewhere (shifted windows), it is the smallest that holds all. What mixes all positions, such as
    attention, squeeze-and-excitation or a norm over the image, sees the whole image. So does, for want of knowledge, a
    position that stays a number though the whole image is NaN, and every one of a network that refuses NaN.

    About 70 images pass through the network, which stops behind the layer; up to 4 · ``size`` where the boxes of neighbours
    do not keep one distance (windows of attention).
    """
    rows, columns = layer.rows_and_columns or (1, layer.positions)
    row, column = torch.arange(rows)[:, None].expand(rows, columns), torch.arange(columns).expand(rows, columns)
    places = {"top": row, "left": column, "bottom": rows - 1 - row, "right": columns - 1 - column}
    with freeze(network), torch.no_grad(), _exact_convolutions(), Reader(network, [layer]) as read:
        image = example_input(in_channels, size, size, 1, network)[0]
        bands = {border: _Bands(read, layer, image, border) for border in BORDERS}
        blind = ~bands["top"].noticed([size])[0]
        unseen = {border: bands[border].unseen_from(places[border].flatten()) for border in BORDERS}
    top, left, bottom, right = (unseen[border].masked_fill(blind, 0) for border in BORDERS)
    boxes = torch.stack([top, left, size - bottom, size - right], -1)
    return ReceptiveField(rows, columns, boxes.reshape(rows, columns, 4))


class _Bands:
    """Bands of NaN along one border of the image, and what the positions have said of them.

    unseen, seen: per position, the deepest band that it has not noticed and the shallowest that it has, in px.
    """

    def __init__(self, read: Reader, layer: Layer, image: Tensor, border: str) -> None:
        self.read, self.layer, self.image, self.border = read, layer, image, border
        self.side = image.shape[-1]
        self.unseen = torch.zeros(layer.positions, dtype=torch.long)
        self.seen = torch.full((layer.positions,), self.side)

    def unseen_from(self, place: Tensor) -> Tensor:
        """How many rows (or columns) of pixels from the border each position does not see, [positions].

        ``place`` counts the rows (or columns) of positions from the border, [positions]. The two farthest rows are
        searched. If the others follow at the distance that these keep, which every answer confirms, that is all; otherwise
        each is searched.
        """
        # Few pixels are out of sight of deep layers; the even steps test all positions before any is taken for granted.
        self._ask(sorted({1, *(self.side * step // STEPS for step in range(1, STEPS))} - {0}))
        behind = place.max() - place
        self._search(behind <= 1)
        last, before = (self.unseen[behind == min(row, int(behind.max()))].max() for row in (0, 1))
        predicted = (last - (last - before) * behind).clamp(min=0)
        if bool(((self.unseen <= predicted) & (predicted < self.seen)).all()):
            return predicted
        self._search(torch.ones_like(place, dtype=torch.bool))
        # Contradictory answers: something on the way swallows NaN.
        return self.unseen.masked_fill(self.unseen >= self.seen, 0)

    def noticed(self, depths: Sequence[int]) -> Tensor:
        """Which positions are NaN once a band of each depth lies along the border, [depths, positions]."""
        images = self.image.repeat(len(depths), 1, 1, 1)
        for masked, depth in zip(images, depths, strict=True):
            band = masked if self.border in ("top", "bottom") else masked.transpose(1, 2)
            band[:, slice(0, depth) if self.border in ("top", "left") else slice(-depth, None)] = torch.nan
        try:
            given = self.read(images)[self.layer.address]
        except Exception:  # a network may check for NaN and raise what it likes
            return torch.ones(len(depths), self.layer.positions, dtype=torch.bool)
        return given.isnan().any(1).cpu()

    def _search(self, selection: Tensor) -> None:
        while True:
            is_open = selection & (self.seen - self.unseen > 1)
            if not is_open.any():
                return
            self._ask(sorted(set(((self.seen + self.unseen) // 2)[is_open].tolist())))

    def _ask(self, depths: Sequence[int]) -> None:
        for start in range(0, len(depths), BATCH):
            some = depths[start : start + BATCH]
            for depth, noticed in zip(some, self.noticed(some), strict=True):
                self.seen = torch.where(noticed, self.seen.clamp(max=depth), self.seen)
                self.unseen = torch.where(noticed, self.unseen, self.unseen.clamp(min=depth))


@contextmanager
def _exact_convolutions() -> Iterator[None]:
    """Convolutions that sum what a position sees and nothing else: Winograd's and Fourier's spread NaN over whole tiles."""
    with torch.backends.cudnn.flags(enabled=False), torch.backends.nnpack.flags(enabled=False):
        yield

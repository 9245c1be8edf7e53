"""A photo rebuilt from patches of others: at every position of a layer, the most similar patch, by the layer's activations.

Long, Zhang and Darrell, "Do Convnets Learn Correspondence?" (NeurIPS 2014).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.facets.activations import check_finite, normalise_photos
from mindseye.layers.reader import Reader
from mindseye.layers.receptive_field import ReceptiveField
from mindseye.preprocessing import Preprocessing

STRIDES = 3
"""The widest patch, in strides of the layer: narrower ones show their edges, wider ones blur each other."""
CELLS = 2**20
"""Most pairs of positions that are compared at once; so few stay in a processor's cache."""
OUTSIDE = 1e-4
"""What the continued edge of a photo weighs beside its own pixels."""
GREY = 0.5


@dataclass(frozen=True, eq=False)
class Nearest:
    """The most similar position of all photos to each position of one, [positions] each.

    cosine: of the two positions' channels, in [-1, 1]. photo, position: where; photo is -1 where there was none.
    """

    cosine: Tensor
    photo: Tensor
    position: Tensor

    @property
    def photos(self) -> list[int]:
        """The photos that there is a patch of, each once."""
        return sorted(set(self.photo.tolist()))

    def moved(self, order: Tensor) -> "Nearest":
        """The same patches at other places: ``order[p]`` says whose patch comes to position p, [positions]."""
        return Nearest(self.cosine[order], self.photo[order], self.position[order])

    def to(self, device: torch.device) -> "Nearest":
        """The same on a device."""
        return Nearest(self.cosine.to(device), self.photo.to(device), self.position.to(device))


@dataclass(frozen=True)
class Windows:
    """The rectangle of pixels that each position of a grid stands for, in px of the image.

    tops: per row of the grid, lefts: per column, where its windows begin; they may reach beyond the image.
    """

    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    height: int
    width: int

    def corner(self, position: int) -> tuple[int, int]:
        """Top and left of a position's window."""
        row, column = divmod(position, len(self.lefts))
        return self.tops[row], self.lefts[column]


@torch.no_grad()
def nearest_positions(
    read: Reader,
    preprocessing: Preprocessing,
    queries: Tensor,
    batches: Iterable[tuple[list[int], Tensor]],
    device: torch.device,
    on_batch: Callable[[int], None] = lambda count: None,
) -> dict[str, list[Nearest]]:
    """For every position of some photos, at each layer that is read, the most similar one of all other photos.

    The similarity is the cosine of the positions' channels; of equal ones the first counts. A photo is not compared with
    itself: those with the very same pixels are left out. One pass over the photos, however many queries there are; kept
    are only the best so far.

    Args:
        queries: uint8 [queries, in_channels, side, side]. batches: (indices, uint8 [batch, channels, side, side]).

    Returns:
        {address: one for each query}.

    Raises:
        UserError: if an activation is NaN or infinite, naming the layer.
    """
    goals = [_directions(read, preprocessing, photo[None], device) for photo in queries]
    best = {address: [_none(goal[address][0]) for goal in goals] for address in goals[0]}
    for indices, images in batches:
        seen = _directions(read, preprocessing, images, device)
        for number, goal in enumerate(goals):
            is_same = (images == queries[number]).flatten(1).all(1)
            for place, photo in enumerate(indices):
                if is_same[place]:
                    continue
                for address, per_query in best.items():
                    _keep_better(per_query[number], seen[address][place], goal[address][0], photo)
        on_batch(len(indices))
    cpu = torch.device("cpu")
    return {address: [nearest.to(cpu) for nearest in per_query] for address, per_query in best.items()}


def windows(field: ReceptiveField, side: int) -> Windows:
    """What the positions of a layer stand for in square images of a side in px, all of one size.

    The receptive field where it is no wider than three strides of the layer; else three strides around its middle, the part
    that counts most (Luo et al., "Understanding the Effective Receptive Field", NeurIPS 2016). At least one stride, so that
    the windows leave no gaps.
    """
    middle = field.boxes[field.rows // 2, :, 1::2], field.boxes[:, field.columns // 2, 0::2]
    (lefts, width), (tops, height) = (_along(boxes.double(), side) for boxes in middle)
    return Windows(tops, lefts, height, width)


def paste(nearest: Nearest, where: Windows, load: Callable[[int], Tensor]) -> Tensor:
    """The picture that patches make, each at its own place, [channels, side, side].

    Overlapping patches are averaged under a Hann window, by which a patch counts most in its middle. What of a patch lies
    outside its photo continues the photo's edge, and shows only where nothing else does; pixels that no window covers are
    grey.

    Args:
        nearest: of every position. load: gives a photo by its number, [channels, side, side] in [0, 1].
    """
    side_weights = [torch.hann_window(extent + 2, periodic=False)[1:-1] for extent in (where.height, where.width)]
    weights = side_weights[0][:, None] * side_weights[1]
    total = share = torch.empty(0)
    for photo in nearest.photos:
        source = load(photo)
        side = source.shape[-1]
        margin = _margin(where, side)
        edges = (margin,) * 4
        if not total.numel():
            total, share = torch.zeros(source.shape[0], *[side + 2 * margin] * 2), torch.zeros([side + 2 * margin] * 2)
        inside = functional.pad(torch.ones(side, side), edges, value=OUTSIDE)
        source = functional.pad(source[None], edges, mode="replicate")[0]
        for position in (nearest.photo == photo).nonzero()[:, 0].tolist():
            here, there = (
                (slice(top + margin, top + margin + where.height), slice(left + margin, left + margin + where.width))
                for top, left in (where.corner(position), where.corner(int(nearest.position[position])))
            )
            weight = weights * inside[there]
            total[(slice(None), *here)] += weight * source[(slice(None), *there)]
            share[here] += weight
    middle = slice(margin, margin + side)
    total, share = total[:, middle, middle], share[middle, middle]
    return torch.where(share > 0, total / share, GREY)


def _directions(read: Reader, preprocessing: Preprocessing, images: Tensor, device: torch.device) -> dict[str, Tensor]:
    """The channels of every position as vectors of unit length, {address: [images, channels, positions]}."""
    activations = read(normalise_photos(images, preprocessing, device))
    for address, activation in activations.items():
        check_finite(activation.float().mean(-1), address)
    return {address: functional.normalize(activation.float(), dim=1) for address, activation in activations.items()}


def _none(goal: Tensor) -> Nearest:
    """No photo yet, for the positions of one [channels, positions]."""
    cosine = torch.full_like(goal[0], -math.inf)
    return Nearest(cosine, torch.full_like(cosine, -1, dtype=torch.long), torch.full_like(cosine, -1, dtype=torch.long))


def _keep_better(best: Nearest, seen: Tensor, goal: Tensor, photo: int) -> None:
    """Note where one more photo is better than the best so far; seen, goal: [channels, positions], of unit length."""
    some = max(1, CELLS // seen.shape[1])
    for first in range(0, goal.shape[1], some):
        part = slice(first, first + some)
        cosines = goal[:, part].T @ seen
        highest = cosines.amax(1)
        # Later photos improve fewer positions; the place is searched only where one improved, as that takes far longer.
        better = (highest > best.cosine[part]).nonzero()[:, 0]
        best.cosine[first + better] = highest[better]
        best.photo[first + better] = photo
        best.position[first + better] = cosines[better].argmax(1)


def _along(boxes: Tensor, side: int) -> tuple[tuple[int, ...], int]:
    """Where windows begin along one axis, and how wide they are; boxes: first and last px of each position, [count, 2]."""
    count = len(boxes)
    stride, middle, extent = side / count, side / count / 2, math.inf
    # An edge of a box that lies on the image's may be cut off there, and says nothing.
    edges = [(boxes[:, 0], boxes[:, 0] > 0), (boxes[:, 1], boxes[:, 1] < side)]
    if all(is_free.any() for _, is_free in edges):
        spans = [values[is_free].diff().mean() for values, is_free in edges if is_free.sum() > 1]
        stride = float(sum(spans) / len(spans)) if spans else stride
        places = torch.arange(count).double() * stride
        begin, end = (float((values - places)[is_free].mean()) for values, is_free in edges)
        middle, extent = (begin + end) / 2, end - begin
    width = min(side, max(math.ceil(stride), round(min(extent, STRIDES * stride))))
    return tuple(round(middle + stride * place - width / 2) for place in range(count)), width


def _margin(where: Windows, side: int) -> int:
    """How far windows reach beyond an image of a side, in px."""
    ends = [where.tops[-1] + where.height, where.lefts[-1] + where.width]
    return max(0, -where.tops[0], -where.lefts[0], *(end - side for end in ends))

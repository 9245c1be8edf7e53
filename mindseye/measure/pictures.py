"""What a layer's pictures are worth to the network that they were painted from, beside their members and their starts."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from mindseye.facets.image import image_layers
from mindseye.facets.target import Target
from mindseye.inputs.preprocessing import Preprocessing
from mindseye.inputs.reader import Reader
from mindseye.measure.fidelity import fidelity, recovery
from mindseye.measure.naturalness import naturalness, robustness_gap, sorted_distance, spectrum_slope
from mindseye.measure.neighbourhood import percentile_rank
from mindseye.optimize.facet_objectives import DotProduct
from mindseye.optimize.objective import CANVAS, PHOTO, Objective
from mindseye.optimize.regularizers import total_variation

Numbers = dict[str, float]
Roles = dict[str, Numbers]

# Changes that no recipe paints under: a turn, a darker and a brighter picture, a tilted one.
TURN, DARKER, BRIGHTER, TILT = 10.0, 1.5, 0.7, 0.06
CHANGES = 5
# Of a facet's members the nearest few stand for all where a measure takes many forward passes or sorts whole maps.
GAP_IMAGES = 3


@torch.no_grad()
def facet_measures(
    read: Reader,
    preprocessing: Preprocessing,
    target: Target,
    facet: int,
    roles: dict[str, Tensor],
    photo_dots: Tensor,
    folder_slope: float,
) -> dict[str, Roles]:
    """{"fidelity" | "naturalness": {"picture" | "members" | "start": {measure: number}}} of one facet.

    read: gives the target's layer. target: of all facets, on the CPU; facet: whose turn it is. roles: the images
    [n, channels, side, side] in [0, 1] of each role, as the network sees them; numbers are means over them.
    photo_dots: the dot product (``DotProduct``) of every photo's activation with this facet's target, [photos].
    folder_slope: mean ``spectrum_slope`` of the folder's photos.

    fidelity: cosine and distance over the top-k, and over all channels (``_all``); percentile of the dot product among
    the photos'; recovered, the share whose nearest target is the facet's own; wasserstein to the target's ranks;
    robustness_gap, the share of the dot product lost under changes that no recipe paints under.
    """
    near = {role: _fidelity(read, preprocessing, target, facet, images, photo_dots) for role, images in roles.items()}
    members = roles["members"].cpu()
    natural = {role: naturalness(images.cpu(), members, folder_slope) for role, images in roles.items()}
    families = {"fidelity": near, "naturalness": natural}
    return {family: {role: _means(values) for role, values in found.items()} for family, found in families.items()}


@torch.no_grad()
def layer_distances(
    read: Reader, preprocessing: Preprocessing, ranks: Mapping[str, Tensor], facet: int, roles: dict[str, Tensor]
) -> Roles:
    """``sorted_distance`` to the facet's ranks at every layer, {role: {address: number}}; of the members, the nearest few.

    ranks: {address: [facets, channels, positions]}, those of the image itself among them where they were matched. read:
    gives the others.
    """
    found: Roles = {}
    for role, images in roles.items():
        few = images[:GAP_IMAGES]
        activations = read(preprocessing.normalise(few)) | image_layers(few, detail=True)
        found[role] = {
            address: float(sorted_distance(activations[address].float().cpu(), goal[facet : facet + 1]).mean())
            for address, goal in ranks.items()
        }
    return found


@torch.no_grad()
def objective_measures(
    read: Reader,
    preprocessing: Preprocessing,
    objective: Objective,
    roles: dict[str, Tensor],
    photo: Tensor | None = None,
) -> dict[str, Roles]:
    """{"objective" | "statistics": {"picture" | "start": {measure: number}}} of a picture that has no members.

    read: gives the objective's layers. objective: of one image. roles: the image [1, channels, side, side] in [0, 1] of
    each role, as the network sees it. photo: what the objective holds the picture against, seen in the same way.

    objective: its value for the whole picture, and the robustness_gap under changes that no recipe paints under.
    statistics: the picture's own total_variation and spectrum_slope, about -2 for photos.
    """

    def value(images: Tensor, beside: Tensor | None) -> Tensor:
        activations = read(preprocessing.normalise(images)) | image_layers(images) | {CANVAS: images}
        if beside is not None:
            seen = read(preprocessing.normalise(beside))
            activations |= {PHOTO + address: activation for address, activation in seen.items()}
        return objective(activations).float().cpu()

    changed_photo = [None] * CHANGES if photo is None else _unseen(photo)
    found: dict[str, Roles] = {"objective": {}, "statistics": {}}
    for role, image in roles.items():
        plain = value(image, photo)
        views = zip(_unseen(image), changed_photo, strict=True)
        changed = torch.stack([value(view, beside) for view, beside in views])
        found["objective"][role] = _means({"value": plain, "robustness_gap": robustness_gap(plain, changed)})
        seen = image.cpu()
        found["statistics"][role] = _means(
            {"total_variation": total_variation(seen), "spectrum_slope": spectrum_slope(seen)}
        )
    return found


def dots(target: Target, facet: int, means: Tensor) -> Tensor:
    """The dot product of photos' mean activations [photos, channels] with one facet's target, as ``DotProduct`` has it."""
    count = len(means)
    return DotProduct(target.select([facet] * count))({target.layer: means.unsqueeze(-1)})


def _fidelity(
    read: Reader, preprocessing: Preprocessing, target: Target, facet: int, images: Tensor, photo_dots: Tensor
) -> dict[str, Tensor]:
    activation = _activation(read, preprocessing, target.layer, images)
    own = target.select([facet] * len(images))
    means = activation.mean(-1)
    dot = dots(target, facet, means)
    changed = torch.stack(
        [
            dots(target, facet, _activation(read, preprocessing, target.layer, view).mean(-1))
            for view in _unseen(images[:GAP_IMAGES])
        ]
    )
    index = torch.full((len(images),), facet)
    return fidelity(means, own.mean, own.channels) | {
        "percentile": percentile_rank(dot, photo_dots),
        "recovered": recovery(means, target.mean, index).float(),
        "wasserstein": sorted_distance(activation, own.ranks),
        "robustness_gap": robustness_gap(dot[:GAP_IMAGES], changed),
    }


def _activation(read: Reader, preprocessing: Preprocessing, layer: str, images: Tensor) -> Tensor:
    """On the CPU, as the numbers are taken in double precision, which not every device has."""
    return read(preprocessing.normalise(images))[layer].float().cpu()


def _unseen(images: Tensor) -> list[Tensor]:
    side = images.shape[-1] - 1
    corners = [[0, 0], [side, 0], [side, side], [0, side]]
    inset = round(side * TILT)
    tilted = [[inset, 0], [side - inset, 0], [side, side], [0, side]]
    turns = [
        functional.rotate(images, angle, functional.InterpolationMode.BILINEAR, fill=[0.5] * images.shape[1])
        for angle in (-TURN, TURN)
    ]
    return [
        *turns,
        images.clamp(0, 1) ** DARKER,
        images.clamp(0, 1) ** BRIGHTER,
        functional.perspective(
            images, corners, tilted, functional.InterpolationMode.BILINEAR, fill=[0.5] * images.shape[1]
        ),
    ]


def _means(values: dict[str, Tensor]) -> Numbers:
    return {name: float(value.double().mean()) for name, value in values.items()}

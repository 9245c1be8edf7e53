"""What a layer's pictures are worth to the network that they were painted from, beside their members and their starts."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mindseye.facets.image import image_layers
from mindseye.facets.target import Target
from mindseye.layers.reader import Activations, Reader
from mindseye.measure.fidelity import fidelity, recovery
from mindseye.measure.naturalness import naturalness, robustness_gap, sorted_distance, spectrum_slope
from mindseye.measure.neighbourhood import percentile_rank
from mindseye.optimize.objectives.facet import DotProduct
from mindseye.optimize.objectives.objective import CANVAS, PHOTO, Objective
from mindseye.optimize.regularizers.functional import total_variation
from mindseye.preprocessing import Preprocessing

Numbers = dict[str, float]
Roles = dict[str, Numbers]

# Changes that no recipe paints under: a turn, a darker and a brighter picture, a tilted one.
TURN, DARKER, BRIGHTER, TILT = 10.0, 1.5, 0.7, 0.06
CHANGES = 5
# Of a facet's members the nearest few stand for all where a measure takes many forward passes or sorts whole maps.
GAP_IMAGES = 3
AT_ONCE = 13
"""Images that are read in one pass, about as many as a facet's targets take."""


@torch.no_grad()
def facet_measures(
    read: Reader,
    preprocessing: Preprocessing,
    target: Target,
    facet: int,
    ranks: Mapping[str, Tensor],
    roles: Mapping[str, Tensor],
    photo_dots: Tensor,
    folder_slope: float,
) -> dict[str, Roles]:
    """{"fidelity" | "naturalness" | "wasserstein": {"picture" | "members" | "start": {measure: number}}} of one facet.

    read: gives the target's layer and those of ``ranks`` that are not of the image itself. target: of all facets, on the
    CPU; facet: whose turn it is. ranks: {address: [facets, channels, positions]} of every layer that was matched. roles: the
    images [n, channels, side, side] in [0, 1] of each role, as the network sees them; numbers are means over them.
    photo_dots: the dot product (``DotProduct``) of every photo's activation with this facet's target, [photos].
    folder_slope: mean ``spectrum_slope`` of the folder's photos.

    fidelity: cosine and distance over the top-k, and over all channels (``_all``); percentile of the dot product among
    the photos'; recovered, the share whose nearest target is the facet's own; wasserstein to the target's ranks;
    robustness_gap, the share of the dot product lost under changes that no recipe paints under.
    wasserstein: ``sorted_distance`` to the facet's ranks at every layer; of the members, the nearest few.
    """
    # All roles together, and all their changes: many small passes would take twice as long.
    few = {role: images[:GAP_IMAGES] for role, images in roles.items()}
    activations = _read(read, preprocessing, roles)
    changed_activations = _read(
        read, preprocessing, {role: torch.cat(_changed_images(images)) for role, images in few.items()}
    )
    members = roles["members"].cpu()
    measures: dict[str, Roles] = {"fidelity": {}, "naturalness": {}, "wasserstein": {}}
    for role, images in roles.items():
        activation = _on_cpu(activations[role][target.layer])
        gap = robustness_gap(
            dots(target, facet, activation.mean(-1))[:GAP_IMAGES],
            dots(target, facet, _on_cpu(changed_activations[role][target.layer]).mean(-1)).view(CHANGES, -1),
        )
        measures["fidelity"][role] = _means(_fidelity(target, facet, activation, photo_dots) | {"robustness_gap": gap})
        measures["naturalness"][role] = _means(naturalness(images.cpu(), members, folder_slope))
        layers = activations[role] | image_layers(few[role], ranks)
        measures["wasserstein"][role] = {
            address: float(sorted_distance(_on_cpu(layers[address][:GAP_IMAGES]), goal[facet : facet + 1]).mean())
            for address, goal in ranks.items()
        }
    return measures


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

    changed_photo = [None] * CHANGES if photo is None else _changed_images(photo)
    measures: dict[str, Roles] = {"objective": {}, "statistics": {}}
    for role, image in roles.items():
        plain = value(image, photo)
        views = zip(_changed_images(image), changed_photo, strict=True)
        changed = torch.stack([value(view, beside) for view, beside in views])
        measures["objective"][role] = _means({"value": plain, "robustness_gap": robustness_gap(plain, changed)})
        seen = image.cpu()
        measures["statistics"][role] = _means(
            {"total_variation": total_variation(seen), "spectrum_slope": spectrum_slope(seen)}
        )
    return measures


def dots(target: Target, facet: int, means: Tensor) -> Tensor:
    """The dot product of photos' mean activations [photos, channels] with one facet's target, as ``DotProduct`` has it."""
    # Of the top-k's means alone: the target's ranks, once for each photo, would fill the memory where photos are many.
    channels = target.channels[facet]
    goal = target.ranks[facet].mean(-1)[channels]
    numbers = torch.arange(len(channels), device=channels.device)
    own = Target(target.layer, goal.expand(len(means), -1).unsqueeze(-1), numbers.expand(len(means), -1))
    return DotProduct(own)({target.layer: means[:, channels].unsqueeze(-1)})


def _fidelity(target: Target, facet: int, activation: Tensor, photo_dots: Tensor) -> dict[str, Tensor]:
    own = target.select([facet] * len(activation))
    means = activation.mean(-1)
    index = torch.full((len(means),), facet)
    return fidelity(means, own.mean, own.channels) | {
        "percentile": percentile_rank(dots(target, facet, means), photo_dots),
        "recovered": recovery(means, target.mean, index).float(),
        "wasserstein": sorted_distance(activation, own.ranks),
    }


def _read(read: Reader, preprocessing: Preprocessing, roles: Mapping[str, Tensor]) -> dict[str, Activations]:
    """The activations of each role's images, {role: {address: [images, channels, positions]}}, in few passes."""
    counts = [len(images) for images in roles.values()]
    passes = [
        read(preprocessing.normalise(images))
        for images in torch.cat(list(roles.values())).chunk(-(-sum(counts) // AT_ONCE))
    ]
    joined = {address: torch.cat([activations[address] for activations in passes]) for address in passes[0]}
    parts = {address: torch.split(activation, counts) for address, activation in joined.items()}
    return {role: {address: parts[address][place] for address in parts} for place, role in enumerate(roles)}


def _on_cpu(activation: Tensor) -> Tensor:
    """Where the numbers are taken in double precision, which not every device has."""
    return activation.float().cpu()


def _changed_images(images: Tensor) -> list[Tensor]:
    from torchvision.transforms.v2 import functional  # takes a second, and few runs need it

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

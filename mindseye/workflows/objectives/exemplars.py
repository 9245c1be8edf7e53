"""The facets of a unit: what the photos that excite it most have in common, group by group.

After Nguyen, Yosinski and Clune, "Multifaceted Feature Visualization" (2016), with sorted activations as targets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.facets.activations import facet_ranks, mean_activations
from mindseye.facets.excited import excited_facets
from mindseye.facets.image import is_of_image
from mindseye.facets.target import Target, build_target
from mindseye.layers.reader import Reader
from mindseye.layers.survey import Layer, find_layer
from mindseye.models.load import Model
from mindseye.optimize.compose import layers_to_match, target_views
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.progress import Progress

BATCH = 32


@dataclass(frozen=True)
class Exemplars:
    """The facets of some objectives, those of one after those of the other.

    targets: {address: of all facets}. members: per facet the paths, nearest to the centre first. pixels: all members,
    uint8 [photos, channels, side, side]. notes: what was lowered on the way.
    """

    targets: dict[str, Target]
    members: list[list[str]]
    pixels: Tensor
    notes: list[str]


def find_exemplars(
    photos: PhotoSet,
    objectives: Sequence[tuple[Objective, Layer]],
    layers: Sequence[Layer],
    facets: int,
    model: Model,
    network: Sequence[Layer],
    recipe: Recipe,
    view: int,
    seed: int,
    device: torch.device,
    progress: Progress,
) -> Exemplars:
    """Cluster the photos that each objective likes best at a layer that it reads, and build a target per facet.

    objectives: each with the layer that its photos are clustered at. layers: all that the objectives read.

    Raises:
        UserError: if no photo decodes, or an activation is NaN.
    """
    known = {layer.address: layer for layer in layers}
    wanted = {layer.address: layers_to_match(recipe, model.network, network, layer) for _, layer in objectives}
    reads = dict.fromkeys(address for found in wanted.values() for address in found if not is_of_image(address))
    values = torch.zeros(len(objectives), len(photos))

    def look(indices: Sequence[int], activations: Mapping[str, Tensor]) -> None:
        for row, (objective, _) in zip(values, objectives, strict=True):
            row[list(indices)] = objective(activations).float().cpu()

    with progress.stage("extract", len(photos), "photos") as advance, Reader(model.network, layers) as read:
        batches = photos.batches(model.preprocessing, view, model.in_channels, BATCH)
        means = mean_activations(read, model.preprocessing, batches, device, advance, look)
    members: list[list[int]] = []
    weights, notes = [], []
    for (objective, layer), liking in zip(objectives, values, strict=True):
        liked = liking[: len(photos)]  # fewer than were listed, where some did not decode
        settings = (facets, recipe.members, seed, recipe.gamma, recipe.weighting)
        excited = excited_facets(liked, means[layer.address], *settings)
        notes += [f"{objective.name}: {note}" for note in excited.notes]
        # As many facets as were asked for, so that every objective has its variants: the first ones again.
        for number in range(facets):
            facet = excited.facets[number % len(excited.facets)]
            members.append(facet.members)
            weights.append(torch.tensor(facet.weights))
    pixels = [photos.load(group) for group in members]
    with Reader(model.network, [known.get(address) or find_layer(network, address) for address in reads]) as read:
        looks = target_views(recipe, view, seed)
        ranks = facet_ranks(read, model.preprocessing, pixels, weights, device, looks, recipe.match_detail > 0)
    shared = [address for address in ranks if all(address in found for found in wanted.values())]
    return Exemplars(
        {address: build_target(address, ranks[address], recipe.top_k) for address in shared},
        [[photos.paths[index] for index in group] for group in members],
        torch.cat(pixels),
        notes,
    )

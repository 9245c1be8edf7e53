"""The facets of a unit: what the photos that excite it most have in common, group by group.

After Nguyen, Yosinski and Clune, "Multifaceted Feature Visualization" (2016), with sorted activations as targets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.facets.activations import mean_activations
from mindseye.facets.made import is_made
from mindseye.facets.target import Target, build_target
from mindseye.facets.unit_facets import find_unit_facets
from mindseye.optimize.session import NetworkSession
from mindseye.optimize.targets import matched_sides, ranks_by_side
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.progress import Progress
from mindseye.runs.schema import MemberEntry
from mindseye.workflows.facets.find import matched_layers
from mindseye.workflows.objectives.locate import LocatedObjectives

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

    def member_entries(self, picture: int) -> list[MemberEntry]:
        """What run.json says of the members of a picture's facet."""
        return [MemberEntry(path) for path in self.members[picture]]


def find_exemplars(
    photos: PhotoSet,
    located: LocatedObjectives,
    facets: int,
    session: NetworkSession,
    progress: Progress,
) -> Exemplars:
    """Cluster the photos that each objective likes best at the first layer that it reads, and build a target per facet.

    Raises:
        UserError: if no photo decodes, or an activation is NaN.
    """
    model, recipe = session.model, session.recipe
    known = {layer.address: layer for layer in located.layers}
    matched = {layer.address: matched_layers(session, layer) for layer in located.first_layers}
    reads = dict.fromkeys(address for addresses in matched.values() for address in addresses if not is_made(address))
    values = torch.zeros(len(located.objectives), len(photos))

    def look(indices: Sequence[int], activations: Mapping[str, Tensor]) -> None:
        for row, objective in zip(values, located.objectives, strict=True):
            row[list(indices)] = objective(activations).float().cpu()

    with progress.stage("extract", len(photos), "photos") as advance, session.reader(located.layers) as read:
        batches = photos.batches(model.preprocessing, session.view, model.in_channels, BATCH)
        means = mean_activations(read, model.preprocessing, batches, session.device, advance, look)
    members: list[list[int]] = []
    weights, notes = [], []
    for objective, layer, liking in zip(located.objectives, located.first_layers, values, strict=True):
        liked = liking[: len(photos)]  # fewer than were listed, where some did not decode
        settings = (facets, recipe.members, session.seed, recipe.gamma, recipe.weighting)
        excited = find_unit_facets(liked, means[layer.address], *settings)
        notes += [f"{objective.name}: {note}" for note in excited.notes]
        # As many facets as were asked for, so that every objective has its variants: the first ones again.
        for number in range(facets):
            facet = excited.facets[number % len(excited.facets)]
            members.append(facet.members)
            weights.append(torch.tensor(facet.weights))
    pixels = [photos.load(group) for group in members]
    with session.target_reader([known.get(address) or session.layer(address) for address in reads]) as read:
        wanted = {address for addresses in matched.values() for address in addresses}
        *smaller, ranks = ranks_by_side(session, read, pixels, weights, matched_sides(session), wanted)
    shared = [address for address in ranks if all(address in addresses for addresses in matched.values())]
    return Exemplars(
        {
            address: build_target(
                address, ranks[address], recipe.top_k, None, [of_side[address] for of_side in smaller]
            )
            for address in shared
        },
        [[photos.paths[index] for index in group] for group in members],
        torch.cat(pixels),
        notes,
    )

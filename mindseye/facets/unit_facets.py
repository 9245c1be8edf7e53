"""The facets of one unit: the photos that excite it most, grouped by what else they have in common.

After Nguyen, Yosinski and Clune, "Multifaceted Feature Visualization" (2016).
"""

from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor

from mindseye.facets.chance import CLOUDS, cloud
from mindseye.facets.clustering import Facet, cluster, find_facets
from mindseye.facets.embedding import embed

TOP_SHARE = 0.05
FEWEST = 30


@dataclass(frozen=True)
class UnitFacets:
    """What the photos that excite a unit fall into.

    photos: their numbers in the photo set, best first. facets: their members are numbers in the photo set, too.
    assignment: per photo its facet. silhouette: the mean over photos, in [-1, 1], None for one facet or one per photo.
    chance: the best silhouette of single clouds of the same shape, None where the number of facets was given.
    notes: what was lowered or chosen, a line each.
    """

    photos: list[int]
    facets: list[Facet]
    assignment: list[int]
    silhouette: float | None
    chance: float | None
    notes: tuple[str, ...]


def top_photos(values: Tensor) -> list[int]:
    """The photos that a unit likes best: its top 5 %, at least 30, best first. values: the unit's, [photos]."""
    count = min(len(values), max(FEWEST, round(TOP_SHARE * len(values))))
    return [int(index) for index in values.topk(count).indices]


def find_unit_facets(
    values: Tensor, features: Tensor, facets: int | Literal["auto"], members: int, seed: int, gamma: float, scale: str
) -> UnitFacets:
    """Cluster the photos that a unit likes best by some features.

    "auto" takes the number with the best silhouette, as ``find_facets`` does, but a single facet where that is no better
    than the best of five single clouds: k-Means cuts any cloud, and a channel with one meaning must not seem to have several.

    values: [photos], what the unit does in each. features: [photos, D]. members, gamma, scale: as ``find_facets`` takes them.
    """
    photos = top_photos(values)
    photo_features = features[photos]
    points = embed(photo_features, seed).points
    groups, clustering = find_facets(points, facets, members, seed, gamma, scale)
    silhouette, chance, notes = clustering.silhouette, None, clustering.notes
    if facets == "auto" and silhouette is not None:
        planes = [embed(cloud(photo_features, [seed, number]), seed).points for number in range(CLOUDS)]
        chance = max(cluster(plane, "auto", seed).silhouette or 0.0 for plane in planes)
        if silhouette <= chance:
            groups, clustering = find_facets(points, 1, members, seed, gamma, scale)
            notes = (
                f"one facet: {silhouette:.2f}, the best silhouette, is no better than a single cloud's ({chance:.2f})",
            )
    own_facets = [replace(facet, members=[photos[index] for index in facet.members]) for facet in groups]
    return UnitFacets(photos, own_facets, clustering.assignment.tolist(), silhouette, chance, notes)

"""The facets of one unit: the photos that excite it most, grouped by what else they have in common.

After Nguyen, Yosinski and Clune, "Multifaceted Feature Visualization" (2016).
"""

from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor

from mindseye.facets.clustering import Facet, find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.stability import shuffled

TOP_SHARE = 0.05
FEWEST = 30
SHUFFLES = 5


@dataclass(frozen=True)
class Excited:
    """What the photos that excite a unit fall into.

    photos: their numbers in the image set, best first. facets: their members are numbers in the image set, too.
    assignment: per photo its facet. silhouette: the mean over photos, in [-1, 1], None for one facet or one per photo.
    chance: the best silhouette of the same photos with every feature shuffled, None where the number of facets was given.
    notes: what was lowered or chosen, a line each.
    """

    photos: list[int]
    facets: list[Facet]
    assignment: list[int]
    silhouette: float | None
    chance: float | None
    notes: tuple[str, ...]


def exciting(values: Tensor) -> list[int]:
    """The photos that a unit likes best: its top 5 %, at least 30, best first. values: the unit's, [photos]."""
    count = min(len(values), max(FEWEST, round(TOP_SHARE * len(values))))
    return [int(index) for index in values.topk(count).indices]


def excited_facets(
    values: Tensor, features: Tensor, facets: int | Literal["auto"], members: int, seed: int, gamma: float, scale: str
) -> Excited:
    """Cluster the photos that a unit likes best by some features.

    "auto" takes the number with the best silhouette, as ``find_facets`` does, but a single facet where that is no better
    than the best of five times the same photos with every feature shuffled: k-Means cuts any cloud, and a channel with one
    meaning must not seem to have several.

    values: [photos], what the unit does in each. features: [photos, D]. members, gamma, scale: as ``find_facets`` takes them.
    """
    photos = exciting(values)
    chosen = features[photos]
    points = embed(chosen, seed).points
    found, clustering = find_facets(points, facets, members, seed, gamma, scale)
    silhouette, chance, notes = clustering.silhouette, None, clustering.notes
    if facets == "auto" and silhouette is not None:
        mixed = [embed(shuffled(chosen, [seed, number]), seed).points for number in range(SHUFFLES)]
        chance = max(find_facets(plane, "auto", members, seed, gamma, scale)[1].silhouette or 0.0 for plane in mixed)
        if silhouette <= chance:
            found, clustering = find_facets(points, 1, members, seed, gamma, scale)
            notes = (f"one facet: {silhouette:.2f}, the best silhouette, is no better than shuffled ({chance:.2f})",)
    own = [replace(facet, members=[photos[index] for index in facet.members]) for facet in found]
    return Excited(photos, own, clustering.assignment.tolist(), silhouette, chance, notes)

"""The facets of a channel: the photos that excite it most, grouped; at most four."""

from torch import Tensor

from mindseye.facets.unit_facets import UnitFacets, find_unit_facets
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.workflows.atlas.choice import MOST_FACETS, FacetChoice


def find_channel_facets(means: Tensor, channel: int, facets: FacetChoice, recipe: Recipe, seed: int) -> UnitFacets:
    """What the photos that excite a channel most fall into, by all that its layer answers to them.

    means: of the layer, [photos, channels]. facets: how many; ``auto`` takes the number with the best silhouette, at most four,
    and one where that is no better than a single cloud's.
    """
    settings = (recipe.members, seed, recipe.gamma, recipe.weighting)
    grouped = find_unit_facets(means[:, channel], means, facets, *settings)
    if len(grouped.facets) <= MOST_FACETS:
        return grouped
    fewer = find_unit_facets(means[:, channel], means, MOST_FACETS, *settings)
    return UnitFacets(
        fewer.photos, fewer.facets, fewer.assignment, fewer.silhouette, grouped.chance, grouped.notes + fewer.notes
    )

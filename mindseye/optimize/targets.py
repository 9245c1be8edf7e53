"""From photos to what pictures of them are held against: sorted activations, under the views that the recipe paints under."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from torch import Tensor

from mindseye.facets.activations import facet_ranks
from mindseye.layers.reader import Reader
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession
from mindseye.optimize.transforms.views import Views

Ranks = dict[str, Tensor]
"""{address: [facets, channels, positions]}, each channel's values in ascending order."""


def target_views(recipe: Recipe, size: int, seed: int, name: str = "") -> Callable[[int, Tensor], list[Tensor]]:
    """Random views of a facet's members, drawn as the picture's but without noise; the whole photos where none are wanted.

    Maps a facet's number and its photos [members, channels, side, side] to ``target_views`` batches of views. size: of the
    views in px. name: what the facet's random numbers start with.
    """
    if not recipe.target_views:
        return lambda facet, photos: [Views(size).plain(photos)]
    views = replace(Views.of(replace(recipe, octaves=1), size), noise=0.0, colour_jitter=0.0)

    def look(facet: int, photos: Tensor) -> list[Tensor]:
        random = RandomKeys(seed, tuple(f"{name}member/{facet}/{number}" for number in range(len(photos))))
        return [views(photos, number, random) for number in range(recipe.target_views)]

    return look


def matched_sides(session: NetworkSession) -> list[int]:
    """The sides in px at which a session's recipe matches its pictures with photos, smallest first, the view's own last."""
    return [session.view] if session.recipe.schedule("match").is_zero else session.view_sides


def ranks_by_side(
    session: NetworkSession,
    read: Reader,
    members: Sequence[Tensor],
    weights: Sequence[Tensor],
    sides: Sequence[int],
    wanted: Collection[str],
    name: str = "",
    on_side: Callable[[], None] = lambda: None,
) -> list[Ranks]:
    """The weighted ranks of each facet's members, seen at each side.

    members: per facet the photos, uint8 [members, channels, side, side]. weights: per facet [members]. sides: in px, for
    pictures those of ``matched_sides``. wanted: all addresses that are matched. name: as ``target_views`` takes it. on_side:
    called after each.
    """
    recipe, ranks = session.recipe, []
    for side in sides:
        views = target_views(recipe, side, session.seed, name)
        preprocessing = session.model.preprocessing
        ranks.append(facet_ranks(read, preprocessing, members, weights, session.device, views, wanted))
        on_side()
    return ranks

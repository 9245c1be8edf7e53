"""Does a picture lie among the photos it was painted from? In the last features of a judge; no labels needed.

Features are pooled and of unit length, so nearness is the cosine. A picture's own members are among the photos and may
be its neighbours: to lie beside them is its task, and `copy` says when it has come too close to one. A photo that is
itself asked about (`selves`) is never its own neighbour. A measure that does not exist (the neighbours of the only
photo of a folder) is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mindseye.errors import UserError
from mindseye.measure.arguments import check_same_width, check_tensor, index_tensor

NEAREST = 10
CLOSE_RANK = 5
# Cosines held at once: 2^24 floats are 64 MiB, so 50000 photos are compared with each other 335 rows at a time.
_COSINES_AT_ONCE = 2**24


@dataclass(frozen=True)
class PhotoFeatures:
    """The photos that pictures are looked for among, as one judge sees them.

    `features` [N, D] of unit length; `folders` [N] a number for each photo's folder; `facets` [N] its facet, or -1
    where it was not clustered (photos of other folders); `closeness` [N] its cosine to its 5th nearest other photo.
    """

    features: Tensor
    folders: Tensor
    facets: Tensor
    closeness: Tensor


def index_photos(
    features: Tensor, folders: Tensor | None = None, facets: Tensor | None = None, closeness: Tensor | None = None
) -> PhotoFeatures:
    """The photos that pictures are looked for among.

    Args:
        features: a judge's last features of each photo, pooled over positions, as they come, [N, D]; N is at least 2.
        folders: a number for each photo's folder, [N]; all of one folder by default.
        facets: a number for each photo's facet, [N], -1 where it has none; all of one facet by default.
        closeness: of the result of an earlier call. It does not depend on the facets, and comparing every photo with
            every other takes long: give it again where the same photos serve several layers.

    Raises:
        UserError: if there are fewer than 2 photos, or not one label per photo, naming what is wrong.
    """
    check_tensor(features, "features", "[N, D]")
    folders = features.new_zeros(len(features)) if folders is None else folders
    facets = features.new_zeros(len(features)) if facets is None else facets
    if len(features) < 2:
        raise UserError(f"{len(features)} photo(s) make no neighbourhood: give at least 2")
    if not len(features) == len(folders) == len(facets):
        raise UserError(f"{len(features)} photos, {len(folders)} folders and {len(facets)} facets: give one per photo")
    unit = normalize(features.float(), dim=-1)
    return PhotoFeatures(unit, folders.long(), facets.long(), close_cosines(unit) if closeness is None else closeness)


def nearest(
    queries: Tensor, features: Tensor, k: int, selves: Tensor | None = None, among: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Cosines [B, k], falling, and indices [B, k] of the k photos nearest to each query, both of unit length.

    `selves` [B]: where the queries are photos themselves, the index of each in `features` [N, D], left out. `among`
    [N], boolean: the photos that count.
    """
    others = (len(features) if among is None else int(among.sum())) - (selves is not None)
    if not 0 < k <= others:
        raise UserError(f"{k} nearest photos among {others}: ask for 1 to {others}")
    rows = max(1, _COSINES_AT_ONCE // len(features))
    cosines, indices = [], []
    for start in range(0, len(queries), rows):
        block = queries[start : start + rows] @ features.T
        if among is not None:
            block.masked_fill_(~among, -torch.inf)
        if selves is not None:
            block.scatter_(1, selves[start : start + rows, None], -torch.inf)
        top = block.topk(k)
        cosines.append(top.values)
        indices.append(top.indices)
    return torch.cat(cosines), torch.cat(indices)


def close_cosines(queries: Tensor, features: Tensor | None = None, selves: Tensor | None = None) -> Tensor:
    """Cosine [B] of each query to its 5th nearest photo (the last one where there are fewer than 5).

    How far the k-th neighbour is tells how far out a sample lies (Ramaswamy et al., "Efficient algorithms for mining
    outliers from large data sets", SIGMOD 2000). Without `features` the queries are the photos themselves.
    """
    if features is None:
        features, selves = queries, torch.arange(len(queries), device=queries.device)
    others = len(features) - (selves is not None)
    return nearest(queries, features, min(CLOSE_RANK, others), selves)[0][:, -1]


def percentile_rank(values: Tensor, reference: Tensor) -> Tensor:
    """Share [B], in [0, 1], of the reference ([N] or [B, N]) that lies below each value [B]; equal ones count half.

    The "mean" kind of `scipy.stats.percentileofscore`, over 100. NaN stays NaN.
    """
    below = (reference < values[:, None]).double().mean(-1)
    equal = (reference == values[:, None]).double().mean(-1)
    return torch.where(values.isnan(), torch.nan, below + equal / 2)


def home_share(queries: Tensor, features: Tensor, labels: Tensor, home: int, selves: Tensor | None = None) -> Tensor:
    """Share [B] of each query's k nearest photos [N, D] whose label [N] is `home`; k = min(10, photos at home - 1).

    Photos with a negative label are passed over. `selves` [B] as in `nearest`.

    The precision at k of retrieval (Manning et al., "Introduction to Information Retrieval", 2008, section 8.4). With
    that k a photo of the home itself can reach 1. NaN where fewer than two photos are at home.
    """
    k = min(NEAREST, int((labels == home).sum()) - 1)
    if k < 1:
        return queries.new_full((len(queries),), torch.nan)
    indices = nearest(queries, features, k, selves, among=labels >= 0)[1]
    return (labels[indices] == home).to(queries.dtype).mean(-1)


def copy_cosines(queries: Tensor, members: Tensor, same: Tensor | None = None) -> Tensor:
    """Largest cosine [B] of each query to one member [n, D], both of unit length; 1 is a copy.

    `same` [B, n], boolean: pairs left out, since they are one photo. NaN where nothing is left to compare with.
    """
    cosines = queries @ members.T
    if same is not None:
        cosines = cosines.masked_fill(same, -torch.inf)
    largest = cosines.amax(1) if len(members) else queries.new_full((len(queries),), -torch.inf)
    return torch.where(largest == -torch.inf, torch.nan, largest)


def neighbourhood(
    queries: Tensor,
    photos: PhotoFeatures | Tensor,
    folder: int = 0,
    facet: int = 0,
    members: Tensor | Sequence[int] | None = None,
    selves: Tensor | Sequence[int] | None = None,
) -> dict[str, Tensor]:
    """Where pictures of one facet lie among photos, in the features of a network that only looks; each value [B].

    - `home_folder`: share of the nearest photos that are of `folder`, among all photos.
    - `home_facet`: share of the nearest photos that are of `facet`, among the photos that have a facet.
    - `percentile`: rank in [0, 1] of the cosine to the 5th nearest photo among the photos' own such cosines. 0.5 is as
      close to photos as photos are; near 1 is closer than they are to each other, near 0 is away from them all.
    - `copy`: largest cosine to one of the members.

    Args:
        queries: the judge's last features of the pictures, pooled over positions, as they come, [B, D].
        photos: those of the photos, [N, D], all of one folder and facet; or `index_photos(features, folders, facets)`.
        folder: what the pictures were painted from, as `index_photos` was told.
        facet: likewise.
        members: the indices of the facet's members among the photos, [n]; by default all photos of the facet.
        selves: where the queries are photos themselves, the index of each, [B]: no photo is its own neighbour.

    Raises:
        UserError: if a parameter is of the wrong type or shape, naming it.
    """
    check_tensor(queries, "queries", "[B, D]")
    if not isinstance(photos, PhotoFeatures):
        check_tensor(photos, "photos", "[N, D]")
        photos = index_photos(photos)
    check_same_width(queries, "queries", photos.features, "photos")
    count, device = photos.features.shape[0], queries.device
    members = torch.nonzero(photos.facets == facet)[:, 0] if members is None else members
    members = index_tensor(members, "members", count, device)
    if selves is not None:
        selves = index_tensor(selves, "selves", count, device)
    queries = normalize(queries.float(), dim=-1)
    same = None if selves is None else selves[:, None] == members[None, :]
    return {
        "home_folder": home_share(queries, photos.features, photos.folders, folder, selves),
        "home_facet": home_share(queries, photos.features, photos.facets, facet, selves),
        "percentile": percentile_rank(close_cosines(queries, photos.features, selves), photos.closeness),
        "copy": copy_cosines(queries, photos.features[members], same),
    }


def facet_neighbourhood(
    picture: Tensor, start: Tensor, photos: PhotoFeatures, folder: int, facet: int, members: Tensor
) -> dict[str, dict[str, float]]:
    """`neighbourhood` of one picture [D], of its unoptimised start [D] and of its members (indices [n]), as numbers.

    {"picture" | "members" | "start": {measure: number}}. The members' are means, but their `copy` is the largest cosine
    between two of them: a picture above it is nearer to one photo than the facet's photos are to each other.
    """
    painted = neighbourhood(torch.stack([picture, start]), photos, folder, facet, members)
    real = neighbourhood(photos.features[members], photos, folder, facet, members, selves=members)
    own = {name: float(values.max() if name == "copy" else values.mean()) for name, values in real.items()}
    pictures, starts = ({name: float(values[i]) for name, values in painted.items()} for i in (0, 1))
    return {"picture": pictures, "members": own, "start": starts}


def mean_pairwise_cosine(features: Tensor) -> float:
    """Mean cosine over all pairs of a set [B, D], in [-1, 1]: how alike the pictures are; NaN for fewer than two.

    The intra-list similarity of Ziegler et al., "Improving recommendation lists through topic diversification", WWW
    2005, as a mean instead of a sum.
    """
    unit = normalize(features.double(), dim=-1)
    count = len(unit)
    if count < 2:
        return float("nan")
    # |sum of the unit vectors|^2 holds every ordered pair once, and each vector with itself.
    return float((unit.sum(0).square().sum() - unit.square().sum()) / (count * (count - 1)))

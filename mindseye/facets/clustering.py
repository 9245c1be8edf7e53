"""From a plane to facets: k-Means, members and their weights (Stergiou, "The Mind's Eye", ICIP 2021, section 2)."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mindseye.errors import UserError
from mindseye.facets.threads import one_thread
from mindseye.wording import counted

Floats = NDArray[np.floating[Any]]

# What distances are measured in: their median, the embedding's own unit, or nothing, so that every member counts the same.
SCALES = ("median", "paper", "uniform")
# What "auto" tries, and how many images a facet then holds on average at least.
AUTO_FACETS = (2, 12)
AUTO_IMAGES = 5
# The silhouette takes all pairs of images; beyond this many it is estimated on a sample, each facet in proportion.
SILHOUETTE_IMAGES = 5000


@dataclass(frozen=True)
class Clustering:
    """Facets of a plane, largest first.

    assignment: [images], the facet of each. centres: [facets, 2], the mean of each facet's points. silhouettes: per
    facet, the mean silhouette (Rousseeuw 1987) of its photos in [-1, 1], None where there is one facet only or one
    per image. silhouette: their mean over images. notes: what was lowered or chosen, a line each.
    """

    assignment: NDArray[np.int64]
    centres: NDArray[np.float64]
    silhouettes: tuple[float | None, ...]
    silhouette: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Facet:
    """A group of images that a layer treats as alike.

    members: image numbers, nearest to the centre first. distances: theirs to the centre, in the embedding's unit.
    weights: Eq. 1, summing to 1. size: images in the facet. effective_members: between 1 and the number of members.
    """

    index: int
    members: list[int]
    distances: list[float]
    weights: list[float]
    size: int
    silhouette: float | None
    effective_members: float


def find_facets(
    points: Floats,
    facets: int | Literal["auto"],
    n_members: int = 10,
    seed: int = 0,
    gamma: float = 1e-5,
    scale: str = "median",
) -> tuple[list[Facet], Clustering]:
    """Cluster points [images, 2] and weigh each facet's members; the notes of all steps are the clustering's.

    Raises UserError as `cluster`, `members` and `weights` do.
    """
    clustering = cluster(points, facets, seed)
    sizes = np.bincount(clustering.assignment)
    groups = []
    for index, (images, distances) in enumerate(members(points, clustering, n_members)):
        shares = weights(distances, gamma, scale)
        groups.append(
            Facet(
                index=index,
                members=images.tolist(),
                distances=distances.tolist(),
                weights=shares.tolist(),
                size=int(sizes[index]),
                silhouette=clustering.silhouettes[index],
                effective_members=effective_members(shares),
            )
        )
    notes = [*clustering.notes, *_few_members(groups, n_members)]
    if notes and facets != "auto" and len(groups) < facets:
        notes = ["; ".join(notes)]  # one finding: there are too few photos
    return groups, replace(clustering, notes=tuple(notes))


def _few_members(groups: list[Facet], wanted: int) -> list[str]:
    """A line where facets are too small for the members that are wanted, however many these are."""
    few = [facet for facet in groups if len(facet.members) < wanted]
    if len(few) > 1:
        return [
            f"{len(few)} of {len(groups)} facets have fewer than the {wanted} members asked for: all of their photos"
        ]
    return [
        f"facet {facet.index} has {len(facet.members)} of the {wanted} members asked for: all of its photos"
        for facet in few
    ]


def cluster(points: Floats, facets: int | Literal["auto"], seed: int) -> Clustering:
    """k-Means on points [images, 2], the best of 10 starts; facets in decreasing size, ties by their lowest image.

    "auto" takes the number of facets from 2 to 12 with the best silhouette (five images a facet at least, on
    average). Fewer distinct points than facets lower the number. The number of threads changes nothing.

    Raises UserError for no points, points that are not finite and fewer than 1 facet.
    """
    plane = _check_points(points)
    if facets != "auto" and facets < 1:
        raise UserError(f"at least 1 facet is needed, not {facets}")
    distinct = len(np.unique(plane, axis=0))
    with one_thread():
        if facets == "auto":
            return _best(plane, distinct, seed)
        notes: tuple[str, ...] = ()
        if facets > distinct:
            images, points_apart = counted(len(plane), "photos"), counted(distinct, "distinct points")
            lie = "lies" if len(plane) == 1 else "lie"
            notes = (f"{facets} facets lowered to {distinct}: {images} {lie} on {points_apart}",)
        return _clustering(plane, min(facets, distinct), seed, notes)


def members(points: Floats, clustering: Clustering, n: int = 10) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Per facet its n images nearest to its centre, nearest first, ties by number, and their Euclidean distances.

    Only images of the facet itself are taken; a smaller facet gives all it has. Raises UserError for n below 1.
    """
    if n < 1:
        raise UserError(f"at least 1 member per facet is needed, not {n}")
    plane = np.asarray(points, dtype=np.float64)
    nearest_images = []
    for index, centre in enumerate(clustering.centres):
        images = np.flatnonzero(clustering.assignment == index)
        distances = np.linalg.norm(plane[images] - centre, axis=1)
        nearest = np.argsort(distances, kind="stable")[:n]
        nearest_images.append((images[nearest], distances[nearest]))
    return nearest_images


def weights(distances: Floats, gamma: float = 1e-5, scale: str = "median") -> NDArray[np.float64]:
    """Eq. 1: `softmax(1 / (distances + gamma))` over a facet's members; sums to 1.

    t-SNE's unit grows with the number of images. "paper" takes distances as they are; "median" divides them by their
    median first, so that weights depend neither on that unit nor on the facet's size (all are equal where the median
    is 0); "uniform" gives every member the same. Raises UserError for a gamma that is not positive or an unknown scale.
    """
    if not gamma > 0:
        raise UserError(f"gamma must be positive, not {gamma:g} (1e-5 is the paper's)")
    if scale not in SCALES:
        raise UserError(f"unknown scale of distances {scale!r}; choose from {', '.join(SCALES)}")
    lengths = np.asarray(distances, dtype=np.float64)
    if scale == "uniform":
        return np.full(len(lengths), 1.0 / len(lengths))
    if scale == "median":
        median = np.median(lengths)
        if median == 0.0:
            return np.full(len(lengths), 1.0 / len(lengths))
        with np.errstate(over="ignore"):  # Infinitely far from a median next to 0 is right: 1 / inf is 0.
            lengths = lengths / median
    nearness = 1.0 / (lengths + gamma)
    shares = np.exp(nearness - nearness.max())
    return np.asarray(shares / shares.sum())


def effective_members(shares: Floats) -> float:
    """How many equally weighted members the weights amount to: `1 / sum of squares` (Kish 1965)."""
    return float(1.0 / np.square(shares).sum())


def _check_points(points: Floats) -> NDArray[np.float64]:
    plane = np.asarray(points, dtype=np.float64)
    if plane.ndim != 2:
        raise ValueError(f"points must be [images, 2], not of shape {plane.shape}")
    if len(plane) == 0:
        raise UserError("no images to group")
    broken = int((~np.isfinite(plane)).any(axis=1).sum())
    if broken:
        raise UserError(f"{broken} of {len(plane)} points of the embedding are not finite; try another seed or method")
    return plane


def _best(plane: NDArray[np.float64], distinct: int, seed: int) -> Clustering:
    """The clustering with the best silhouette among the numbers of facets that the images allow."""
    lowest, highest = AUTO_FACETS
    highest = min(highest, distinct, max(lowest, len(plane) // AUTO_IMAGES))
    if highest < lowest or len(plane) <= lowest:
        note = f"one facet: {counted(len(plane), 'photos')} on {counted(distinct, 'distinct points')}"
        return _clustering(plane, 1, seed, (note,))
    tried = [_clustering(plane, facets, seed, ()) for facets in range(lowest, highest + 1)]
    scores = [-1.0 if clustering.silhouette is None else clustering.silhouette for clustering in tried]
    best = int(np.argmax(scores))
    note = f"{lowest + best} facets have the best silhouette ({scores[best]:.2f}) of {lowest} to {highest}"
    return replace(tried[best], notes=(note,))


def _clustering(plane: NDArray[np.float64], facets: int, seed: int, notes: tuple[str, ...]) -> Clustering:
    from sklearn.cluster import KMeans

    labels = KMeans(facets, n_init=10, random_state=seed).fit_predict(plane)
    assignment = _by_size(labels)
    groups = [plane[assignment == index] for index in range(assignment.max() + 1)]
    # From its first point rather than the origin: the centre of coinciding points is then exactly that point.
    centres = np.stack([group[0] + (group - group[0]).mean(axis=0) for group in groups])
    silhouettes, silhouette = _silhouettes(plane, assignment, seed)
    return Clustering(assignment, centres, silhouettes, silhouette, notes)


def _by_size(labels: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The same groups, numbered in decreasing size, ties by the lowest image."""
    _, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[inverse]


def _silhouettes(
    plane: NDArray[np.float64], assignment: NDArray[np.int64], seed: int
) -> tuple[tuple[float | None, ...], float | None]:
    """The mean silhouette per facet, and over all images."""
    sizes = np.bincount(assignment)
    if not 1 < len(sizes) < len(plane):
        return (None,) * len(sizes), None
    sample = _sample(assignment, seed)
    from sklearn.metrics import silhouette_samples

    values = silhouette_samples(plane[sample], assignment[sample])
    means = np.bincount(assignment[sample], weights=values) / np.bincount(assignment[sample])
    return tuple(means.tolist()), float(means @ sizes / sizes.sum())


def _sample(assignment: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Image numbers for the silhouette: all, or about SILHOUETTE_IMAGES with each facet in proportion."""
    share = SILHOUETTE_IMAGES / len(assignment)
    if share >= 1.0:
        return np.arange(len(assignment))
    draw = np.random.default_rng(seed)
    groups = [np.flatnonzero(assignment == index) for index in range(assignment.max() + 1)]
    return np.concatenate([draw.choice(group, int(np.ceil(len(group) * share)), replace=False) for group in groups])

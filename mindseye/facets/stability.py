"""How well facets withstand leaving images out: the adjusted Rand index between clusterings of random subsets."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.clustering import cluster
from mindseye.facets.embedding import Method, embed

Floats = NDArray[np.floating[Any]]

SHARE = 0.8
# Beyond this many images a random subset stands for all: ten embeddings of 1000 images take about half a minute.
MOST_IMAGES = 1000


def stability(
    features: Floats | Tensor, facets: int, seed: int, repeats: int = 5, method: Method = "auto"
) -> float | None:
    """Mean adjusted Rand index over pairs of clusterings, each of another random 80 % of the images.

    features: [images, channels]; of more than 1000 images a random 1000 is used. Every subset is embedded and
    clustered anew, and a pair is compared on the images that both hold (Ben-Hur, Elisseeff & Guyon, PSB 2002, with
    the index of Hubert & Arabie 1985). 1 where all agree, about 0 where they agree by chance; None where two subsets
    have nothing to compare: fewer than 2 facets, or fewer than 5 images per facet.

    Raises UserError for fewer than 2 repeats, and as `embed` does.
    """
    if repeats < 2:
        raise UserError(f"stability compares at least 2 repeats, not {repeats}")
    values = _array(features)
    if facets < 2 or len(values) < 5 * facets:
        return None
    draw = np.random.default_rng(seed)
    values = values[_subset(draw, len(values), min(len(values), MOST_IMAGES))]
    runs = []
    for _ in range(repeats):
        images = _subset(draw, len(values), round(SHARE * len(values)))
        runs.append((images, cluster(embed(values[images], seed, method).points, facets, seed).assignment))
    return float(np.mean([agreement(*first, *second) for first, second in combinations(runs, 2)]))


def agreement(
    first_images: NDArray[np.int64],
    first: NDArray[np.int64],
    second_images: NDArray[np.int64],
    second: NDArray[np.int64],
) -> float:
    """Adjusted Rand index of two assignments on the images that both hold; image numbers must be unique."""
    _, here, there = np.intersect1d(first_images, second_images, assume_unique=True, return_indices=True)
    from sklearn.metrics import adjusted_rand_score  # takes half a second

    return float(adjusted_rand_score(first[here], second[there]))


def shuffle_channels(features: Floats | Tensor, seed: int | Sequence[int]) -> Floats:
    """The null of `stability`: each channel shuffled over the images on its own, so that no groups are left."""
    return np.random.default_rng(seed).permuted(_array(features), axis=0)


def _array(features: Floats | Tensor) -> Floats:
    return features.detach().cpu().float().numpy() if isinstance(features, Tensor) else np.asarray(features)


def _subset(draw: np.random.Generator, images: int, size: int) -> NDArray[np.int64]:
    """`size` of the image numbers at random, ascending."""
    return np.sort(draw.permutation(images)[:size])

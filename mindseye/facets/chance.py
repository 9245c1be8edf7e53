"""Facets by chance: what clustering makes of photos that have no groups."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mindseye.facets.clustering import cluster

Floats = NDArray[np.floating[Any]]

CLOUDS = 5
MOST_POINTS = 2000
"""Of a cloud: with more, the silhouette hardly changes and takes long."""


def cloud(features: Tensor, seed: Sequence[int]) -> NDArray[np.float64]:
    """As many points as there are photos, drawn from the one Gaussian that has their mean and covariance.

    The null of SigClust (Liu, Hayes, Nobel and Marron, JASA 103, 2008). Shuffled features would not do: those that are on or
    off, as behind a ReLU, fall into groups whichever way they are mixed.
    """
    values = features.double().numpy()
    centre = values.mean(axis=0)
    draws = np.random.default_rng(seed).normal(size=(len(values), len(values)))
    points: NDArray[np.float64] = centre + draws @ (values - centre) / np.sqrt(max(len(values) - 1, 1))
    return points


def chance_silhouette(points: Floats, facets: int, seed: int) -> float | None:
    """Mean silhouette of five single clouds with the mean and covariance of a map, [photos, 2], cut into as many facets.

    k-Means cuts any cloud, so that what it finds has a silhouette of about a third where there are no groups at all. None for
    fewer than 2 facets, or where there are no more photos than facets.
    """
    if not 1 < facets < min(len(points), MOST_POINTS):
        return None
    values = np.asarray(points, dtype=np.float64)
    centre, spread = values.mean(axis=0), np.atleast_2d(np.cov(values.T))
    silhouettes = []
    for number in range(CLOUDS):
        draw = np.random.default_rng([seed, number])
        drawn = draw.multivariate_normal(centre, spread, min(len(values), MOST_POINTS), method="svd")
        silhouettes.append(cluster(drawn, facets, seed).silhouette)
    known = [silhouette for silhouette in silhouettes if silhouette is not None]
    return float(np.mean(known)) if known else None

"""How choosy a channel is: over facets, over classes, and how much of what it does the facets explain at all.

Everything is taken on a channel's mean over positions, one number per photo, ``values`` [photos, channels]; numbers are
[channels], NaN where a channel has none. None of them changes when a channel is multiplied by a positive number, or when
facets are numbered otherwise.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.integer[Any]]

FEWEST_OF_A_CLASS = 3
"""Photos that a class needs to count: the mean of one photo is that photo's own chance."""
ROUNDING = 1e-6
"""A channel that varies by less than this share of its largest value is constant: single precision rounds as much."""


def facet_means(values: Floats, groups: Numbers) -> Floats:
    """Mean over the photos of each group, [groups, channels]. groups: [photos], from 0 without gaps."""
    sizes = np.bincount(groups)
    shares = (groups[None, :] == np.arange(len(sizes))[:, None]) / sizes[:, None]
    means: Floats = shares @ values
    return means


def varies(values: Floats) -> NDArray[np.bool_]:
    """Which channels do not do the same in every photo; a dead one does."""
    wide: NDArray[np.bool_] = np.ptp(values, axis=0) > ROUNDING * np.abs(values).max(axis=0)
    return wide


def selectivity(values: Floats, facets: Numbers) -> Floats:
    """One minus the evenness of a channel over facets: 0 where it answers to all alike, 1 where to one alone.

    ``1 - H / log F``, ``H = - sum_f p_f log p_f``, p_f the facet's share of the channel's mean activation: Shannon's entropy
    over its maximum is Pielou's evenness (Journal of Theoretical Biology 13, 1966), used for genes over tissues by Schug et
    al. (Genome Biology 6:R33, 2005). A share cannot be negative: of a layer without an activation function, what lies below
    zero counts as zero, photo by photo.

    NaN for a single facet, for a constant channel and for one that is nowhere above zero.
    """
    means = facet_means(np.maximum(values, 0), facets)
    if len(means) < 2:
        return np.full(values.shape[1], np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = means / means.sum(axis=0)
        entropy = -np.where(shares > 0, shares * np.log(shares), 0).sum(axis=0)
    known = varies(values) & (means.sum(axis=0) > 0)
    return np.where(known, np.clip(1 - entropy / np.log(len(means)), 0, 1), np.nan)


def class_selectivity(values: Floats, labels: Numbers) -> Floats:
    """The class-selectivity index, ``(m_max - m_rest) / (m_max + m_rest)``: 0 for all classes alike, 1 for one alone.

    m_max is the mean activation for the class with the largest, m_rest the mean over the other classes' means (Morcos et al.,
    "On the importance of single directions for generalization", ICLR 2018, section 2.3, there behind a ReLU). What lies below
    zero counts as zero, as in ``selectivity``. Chance is above 0, most of all with few photos per class: compare the null.

    labels: [photos], a number for each photo's class. Classes of fewer than three photos, and labels below 0, are left out.
    NaN for fewer than two classes, for a constant channel and for one that is nowhere above zero.
    """
    numbers, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    counted = (numbers >= 0) & (sizes >= FEWEST_OF_A_CLASS)
    kept = counted[inverse]
    if counted.sum() < 2:
        return np.full(values.shape[1], np.nan)
    groups = np.unique(labels[kept], return_inverse=True)[1]
    means = facet_means(np.maximum(values[kept], 0), groups)
    largest = means.max(axis=0)
    rest = (means.sum(axis=0) - largest) / (len(means) - 1)
    with np.errstate(invalid="ignore"):
        index = (largest - rest) / (largest + rest)
    return np.where(varies(values) & (largest > 0), index, np.nan)


def explained_variance(values: Floats, facets: Numbers) -> Floats:
    """Share of a channel's variance over photos that lies between facets, in [0, 1]: 1 where a photo's facet tells all.

    The correlation ratio, eta squared of the analysis of variance (Fisher, "Statistical Methods for Research Workers", 1925,
    section 45). Of a channel that is shuffled over the photos it is (F - 1) / (N - 1) on average, exactly.

    NaN for a constant channel.
    """
    sizes = np.bincount(facets)
    centre = values.mean(axis=0)
    between = (sizes[:, None] * (facet_means(values, facets) - centre) ** 2).sum(axis=0)
    whole = ((values - centre) ** 2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(varies(values), np.clip(between / whole, 0, 1), np.nan)

"""Entanglement: one channel, several meanings.

A channel means something if it answers to some facets and not to others; it is entangled if those it answers to have nothing
to do with each other. With ``a`` the channel's mean over positions, one number per photo, and F facets:

1. *explained*, how much of ``a`` the facets explain at all (eta squared, ``mindseye.measure.selectivity``).
2. *preference* ``q``: by how much the mean of a facet exceeds the mean over facets, nothing where it does not; sums to one.
3. *distance* ``d`` of two facets in the features of a deeper layer: 0 where two photos of different facets are as near as two
   of the same (one meaning, shown in two facets), 1 where the facets are two points.
4. ``entanglement = explained * sum_fg q_f q_g d_fg``, in [0, 1).

The sum is Rao's quadratic entropy (Theoretical Population Biology 21, 1982): how unlike two photos are that are drawn by what
the channel prefers. Its image-level counterpart is one minus the monosemanticity score of Pach et al. ("Sparse Autoencoders
Learn Monosemantic Features in Vision-Language Models", NeurIPS 2025), the activation-weighted mean likeness of photos. Both
call a channel that answers to everything alike as mixed as can be. It is not: nothing is told apart by it, so nothing is
entangled in it. The factor ``explained`` says so, as the factors of the polysemanticity index of Gupta and Kumar
("Disentangling Polysemantic Neurons with a Null-Calibrated Polysemanticity Index", 2025) do for top activations.

It is 0 for a channel that prefers one facet, or several of one meaning, or none; 1/2 for one that is told wholly by the facets
and prefers two of them evenly that are wholly apart; 2/3 for three such, and so on. Of a channel that is shuffled over the
photos the second factor is large and the first small, (F - 1) / (N - 1) on average, so that the null is small but not 0.
So a channel above its null tells facets apart; whether those that it prefers are more or less alike than chance would have them
is for ``meanings`` and ``spread`` to say, beside their own nulls.

Whoever prefers one of two facets does not prefer the other: with fewer than three facets no channel can be entangled, and
there is no number. What it can't see: two meanings within one facet, those that this set of photos does not show, and what
a channel below its mean tells (of a layer without an activation function, its other side).
"""

import numpy as np

from mindseye.measure.selectivity import Floats, Numbers, explained_variance, facet_means, varies

FEWEST_FACETS = 3
ROUNDING_OF_PAIRS = 1e-12


def preference(values: Floats, facets: Numbers) -> Floats:
    """By how much each facet's mean exceeds the mean over facets, over the sum of such excesses, [facets, channels].

    values: [photos, channels]. facets: [photos], from 0 without gaps. Each facet counts once, whatever its size. Neither a
    channel's unit nor its zero matters, so signed activations need no care. Columns sum to one, or are 0 where a channel is
    constant or all facets have the same mean.
    """
    means = facet_means(values, facets)
    excess = np.where(varies(values), np.maximum(means - means.mean(axis=0), 0), 0)
    total = excess.sum(axis=0)
    return excess / np.where(total > 0, total, 1)


def facet_distances(features: Floats, facets: Numbers) -> Floats:
    """How far apart facets lie in some features, [facets, facets] in [0, 1], with 0 on the diagonal.

    ``d_fg = 1 - (w_f + w_g) / (2 b_fg)``, where b is the mean cosine distance between photos of the two facets and w that
    between two different photos of one: the form of the energy coefficient of inhomogeneity (Szekely and Rizzo, Journal of
    Statistical Planning and Inference 143, 2013). As a cosine distance is half a squared one between vectors of unit length,
    d is the share of that squared distance that lies between the centres. It does not depend on how far apart photos are
    altogether. Below zero, by chance, counts as zero.

    features: [photos, D]. A facet of one photo has no distance within, and is given the mean of the others'.
    """
    sizes = np.bincount(facets)
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    units = features / np.where(lengths > 0, lengths, 1)
    sums = facet_means(units, facets) * sizes[:, None]
    products = sums @ sums.T
    own = np.bincount(facets, weights=(units**2).sum(axis=1))
    pairs = sizes * (sizes - 1)
    within = np.where(pairs > 0, 1 - (products.diagonal() - own) / np.maximum(pairs, 1), np.nan)
    within = np.where(np.isnan(within), np.nanmean(within) if (pairs > 0).any() else 0.0, within)
    between = 1 - products / (sizes[:, None] * sizes)
    apart = between > np.finfo(np.float32).eps
    ratio = (within[:, None] + within) / (2 * np.where(apart, between, 1))
    distances = np.where(apart, np.clip(1 - ratio, 0, 1), 0)
    np.fill_diagonal(distances, 0)
    return distances


def quadratic_entropy(preferences: Floats, distances: Floats) -> Floats:
    """Rao's quadratic entropy ``sum_fg q_f q_g d_fg``, [channels] in [0, 1 - 1/F]; ``1 / (1 - it)`` counts meanings."""
    entropy: Floats = np.einsum("fc,gc,fg->c", preferences, preferences, distances, optimize=True)
    return entropy


def meanings(values: Floats, facets: Numbers, distances: Floats) -> Floats:
    """How many wholly separate and evenly preferred facets come to the same, [channels], from 1 to F.

    ``1 / (1 - sum_fg q_f q_g d_fg)``, the effective number of species of order 2 with likeness 1 - d (Leinster and Cobbold,
    Ecology 93, 2012). Of a channel that hardly tells facets apart it says little: look at
    ``explained_variance``. NaN as ``entanglement``.
    """
    return entanglement_measures(values, facets, distances)["meanings"]


def spread(values: Floats, facets: Numbers, distances: Floats) -> Floats:
    """Mean distance between two different facets that a channel prefers, weighted by both, [channels] in [0, 1].

    0 for a channel that prefers one facet. NaN for a constant channel, and for fewer than two facets.
    """
    return entanglement_measures(values, facets, distances)["spread"]


def entanglement(values: Floats, facets: Numbers, distances: Floats) -> Floats:
    """The entanglement of channels, [channels] in [0, 1); see the head of this module.

    values: [photos, channels], finite. facets: [photos], from 0 without gaps. distances: ``facet_distances``.
    NaN for a constant channel (a dead one), and for fewer than three facets.
    """
    return entanglement_measures(values, facets, distances)["entanglement"]


def entanglement_measures(values: Floats, facets: Numbers, distances: Floats) -> dict[str, Floats]:
    """``entanglement``, ``explained``, ``spread`` and ``meanings``, [channels] each, from one look at the preferences.

    The functions of these names (``explained_variance``) say what each is; arguments as for ``entanglement``.
    """
    preferences, explained, alive = preference(values, facets), explained_variance(values, facets), varies(values)
    entropy = quadratic_entropy(preferences, distances)
    pairs = 1 - (preferences**2).sum(axis=0)
    different = pairs > ROUNDING_OF_PAIRS
    distance = np.where(different, entropy / np.where(different, pairs, 1), 0.0)
    known = alive & (int(facets.max()) + 1 >= FEWEST_FACETS)
    return {
        "entanglement": np.where(known, explained * entropy, np.nan),
        "explained": explained,
        "spread": np.where(alive & (len(distances) > 1), distance, np.nan),
        "meanings": np.where(known, 1 / (1 - entropy), np.nan),
    }


def agreement(first: Floats, second: Floats) -> Floats:
    """What two preferences [facets, channels] have in common, ``sum_f min(q_f, q'_f)``, in [0, 1]; 1 where they are the same."""
    common: Floats = np.minimum(first, second).sum(axis=0)
    return common

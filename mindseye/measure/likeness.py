"""How alike channels are, and layers: by what they answer to the same photos.

Everything is taken on answers [photos, channels], the mean over positions of each channel in each photo. A channel that does the
same in every photo is like no other: its correlations are 0.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mindseye.measure.selectivity import Floats, varies


def correlations(first: Floats, second: Floats) -> Floats:
    """Pearson's correlation of every channel of one set of answers with every one of another, [first, second] in [-1, 1].

    first, second: [photos, channels], of the same photos.
    """
    product: Floats = _standardise(first).T @ _standardise(second)
    return product.clip(-1, 1)


def choose_different(answers: Floats, count: int) -> list[int]:
    """The channels that differ most from each other in what they answer to, in order of choice.

    Farthest-point selection (Gonzalez, "Clustering to Minimize the Maximum Intercluster Distance", 1985) on the distance
    ``1 - r`` of answers: first the channel that varies most, then always the one whose nearest chosen channel is farthest. Ties go
    to the lower number; channels that do the same in every photo come last, by number.

    answers: [photos, channels]. count: how many; all where there are fewer.
    """
    alive = varies(answers)
    columns = _standardise(answers)
    nearest = np.full(answers.shape[1], np.inf)
    open_places = alive.copy()
    chosen: list[int] = []
    while len(chosen) < min(count, int(alive.sum())):
        score = answers.std(axis=0) if not chosen else nearest
        place = int(np.argmax(np.where(open_places, score, -np.inf)))
        chosen.append(place)
        open_places[place] = False
        nearest = np.minimum(nearest, 1 - columns.T @ columns[:, place])
    dead = np.flatnonzero(~alive).tolist()
    return chosen + dead[: max(0, count - len(chosen))]


def nearest_channels(correlation: NDArray[np.floating], count: int, leave_out: Sequence[int] = ()) -> list[int]:
    """The channels with the largest correlations, most alike first, ties by number. correlation: [channels]."""
    order = np.argsort(-correlation, kind="stable").tolist()
    left_out = set(leave_out)
    return [place for place in order if place not in left_out][:count]


def match_channels(correlation: Floats) -> list[tuple[int, int]]:
    """Each channel of one network with its partner in another, so that the sum of their correlations is largest.

    The one-to-one matching of Li et al., "Convergent Learning" (ICLR 2016), section 3.2, by the Hungarian method. correlation:
    [first, second]; of the larger side some stay without a partner.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(correlation, maximize=True)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def linear_cka(first: Floats, second: Floats) -> float:
    """Linear centred kernel alignment, ``|Y'X|^2 / (|X'X| |Y'Y|)`` in Frobenius norms of centred answers, in [0, 1].

    Kornblith et al., "Similarity of Neural Network Representations Revisited" (ICML 2019), Eq. 4 with linear kernels: 1 for
    answers that are the same up to a rotation and one factor. NaN where a layer does the same in every photo.
    """
    x, y = (answers - answers.mean(axis=0) for answers in (first, second))
    size = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(y.T @ x) ** 2 / size) if size > 0 else float("nan")


def strongest_shares(answers: Floats, k: int) -> Floats:
    """For each channel the share of photos in which it is among the k channels with the largest means, [channels]."""
    top = np.argsort(-answers, axis=1, kind="stable")[:, :k]
    shares: Floats = np.bincount(top.ravel(), minlength=answers.shape[1]) / len(answers)
    return shares


def _standardise(answers: Floats) -> Floats:
    """Channels of mean 0 and norm 1, [photos, channels]; of 0 where a channel is constant."""
    centred = answers - answers.mean(axis=0)
    norms = np.linalg.norm(centred, axis=0)
    return np.where(varies(answers), centred / np.where(norms > 0, norms, 1), 0.0)

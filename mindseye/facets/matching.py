"""Groups of photos that two networks found in the same set, matched one to one by the photos that they share."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np

Group = AbstractSet[str]
"""Paths of photos."""


def match_groups(first: Sequence[Group], second: Sequence[Group], photos: int) -> dict[int, int]:
    """The partner in ``first`` of each group of ``second`` that has one: {index in second: index in first}.

    Two groups of a and b photos share a·b/photos by chance. The pairs are those, one to one, that share the most beyond
    it all together; groups that share no more than that are no partners, unless both hold all photos.

    photos: how many there are in all.
    """
    from scipy.optimize import linear_sum_assignment  # here, since its import takes longer than most commands' answers

    gain = np.array([[_gain(one, other, photos) for other in second] for one in first], dtype=np.int64)
    rows, columns = linear_sum_assignment(gain.reshape(len(first), len(second)), maximize=True)
    return {int(column): int(row) for row, column in zip(rows, columns, strict=True) if gain[row, column] > 0}


def _gain(one: Group, other: Group, photos: int) -> int:
    """What two groups share beyond chance, times ``photos``, which keeps it whole; 0 where it is no more."""
    if len(one) == len(other) == photos and one == other:
        return 1  # more than chance gives is impossible: without this, one group of everything would have no partner
    return max(0, photos * len(one & other) - len(one) * len(other))

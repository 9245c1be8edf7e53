"""The measures of many facets in one number each, with how sure it is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mindseye.measure.intervals import Interval, bootstrap_interval, wilson_interval

ROLES = ("picture", "members", "start")
YES_OR_NO = ("top1", "top5", "recovered")

Block = Mapping[str, Any]


def summarise(facets: Sequence[Block], seed: int) -> dict[str, Any]:
    """Means over facets, from the ``measures`` entry of each, in the same shape: {family: {role: {measure: interval}}},
    with the judge's name between family and role where a family has judges.

    An interval is {"mean", "low", "high"} at 95 %: Wilson's for what is yes or no for every facet, else a percentile
    bootstrap over facets. A facet that lacks a measure is left out of its mean.
    """
    summary: dict[str, Any] = {}
    for family in _keys(facets):
        blocks = [facet[family] for facet in facets if isinstance(facet.get(family), Mapping)]
        if any(role in block for block in blocks for role in ROLES):
            summary[family] = _roles(blocks, seed)
        else:
            summary[family] = {
                judge: _roles([block[judge] for block in blocks if judge in block], seed) for judge in _keys(blocks)
            }
    return summary


def _roles(blocks: Sequence[Block], seed: int) -> dict[str, dict[str, dict[str, float]]]:
    summary = {}
    for role in ROLES:
        rows = [block[role] for block in blocks if isinstance(block.get(role), Mapping)]
        summary[role] = {name: _interval(name, [row.get(name) for row in rows], seed)._asdict() for name in _keys(rows)}
    return summary


def _interval(name: str, values: Sequence[float | None], seed: int) -> Interval:
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    if name in YES_OR_NO and set(known) <= {0.0, 1.0}:
        return wilson_interval(float(known.sum()), len(known))
    return bootstrap_interval(numbers, seed)


def _keys(blocks: Iterable[Block]) -> list[str]:
    """Every key of any block, in order of appearance."""
    return list(dict.fromkeys(key for block in blocks for key in block))

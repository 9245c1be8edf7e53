"""Fewer of many, where not all have room."""

from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")


def thinned(every: Sequence[One], most: int) -> list[One]:
    """At most ``most`` of them, two at least, evenly spread in their order, the first and the last among them."""
    if len(every) <= most:
        return list(every)
    return [every[round(place * (len(every) - 1) / (most - 1))] for place in range(most)]

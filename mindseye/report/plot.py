"""Plots that a caller asks for, as matplotlib figures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mindseye.wording import counted


def plot_map(points: NDArray[np.floating[Any]], facet: NDArray[np.int64], title: str) -> Any:
    """A map of photos: a point per photo, in the colour of its facet, with each facet's number at its middle.

    Args:
        points: [photos, 2]. facet: [photos], the facet of each.

    Returns:
        A ``matplotlib.figure.Figure``; nothing is shown or kept.
    """
    from matplotlib.figure import Figure  # takes half a second

    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.add_subplot()
    for number in np.unique(facet):
        own = points[facet == number]
        axes.scatter(own[:, 0], own[:, 1], s=14, label=f"facet {number}: {counted(len(own), 'photos')}")
        axes.annotate(str(number), own.mean(0), fontsize=14, fontweight="bold", ha="center", va="center")
    axes.set(title=title, xticks=[], yticks=[])
    axes.legend(loc="best", fontsize=8)
    return figure

"""The silhouette that photos without groups have."""

import numpy as np
import pytest

from mindseye.facets.chance import chance_silhouette
from mindseye.facets.clustering import cluster


@pytest.mark.parametrize("facets", [2, 4, 8])
def test_one_cloud_is_at_chance_and_groups_are_above(facets: int) -> None:
    """k-Means cuts a cloud as well as it cuts any other of its shape; groups as far apart as they are wide are far above."""
    draw = np.random.default_rng(0)
    cloud = draw.normal(size=(400, 2)) * [3, 1]
    chance = chance_silhouette(cloud, facets, seed=0)
    found = cluster(cloud, facets, 0).silhouette
    assert chance is not None
    assert found == pytest.approx(chance, abs=0.05)
    turned = 2 * np.pi * np.arange(400) / facets
    groups = draw.normal(size=(400, 2)) * 0.3 + 5 * np.stack([np.cos(turned), np.sin(turned)], 1)
    apart = cluster(groups, facets, 0).silhouette
    by_chance = chance_silhouette(groups, facets, seed=0)
    assert apart is not None
    assert by_chance is not None
    assert apart > by_chance + 0.15


def test_nothing_to_cut_has_no_chance() -> None:
    """One facet, and as many facets as photos, have no silhouette; photos on a line have one."""
    points = np.random.default_rng(1).normal(size=(6, 2))
    assert chance_silhouette(points, 1, 0) is None
    assert chance_silhouette(points, 6, 0) is None
    line = np.stack([np.arange(40.0), np.zeros(40)], 1)
    chance = chance_silhouette(line, 3, 0)
    assert chance is not None
    assert 0.4 < chance < 0.7
    assert chance_silhouette(line, 3, 0) == chance

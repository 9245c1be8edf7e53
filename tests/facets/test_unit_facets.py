"""The facets of one unit: which photos it likes, into how many groups they fall, and that a single cloud is not cut."""

import numpy as np
import torch

from mindseye.facets.chance import cloud
from mindseye.facets.unit_facets import find_unit_facets, top_photos

SETTINGS = (10, 0, 1e-5, "uniform")


def test_exciting_is_a_twentieth_or_thirty():
    """The best first; all where there are few."""
    values = torch.arange(1000).float()
    assert top_photos(values) == list(range(999, 949, -1))
    assert len(top_photos(values[:100])) == 30
    assert top_photos(torch.tensor([0.1, 0.3, 0.2])) == [1, 2, 0]


def made(centres, photos=40, seed=0):
    """Photos of which the first 30 excite the unit, in groups around so many centres, and features of each."""
    draw = np.random.default_rng(seed)
    values = torch.linspace(1, 0, photos)
    features = 6 * draw.normal(size=(centres, 12))[np.arange(photos) % centres] + draw.normal(size=(photos, 12))
    return values, torch.from_numpy(features).float()


def test_groups_that_are_there_are_found():
    """Three groups among the thirty best, by number in the image set; the silhouette is above chance."""
    found = find_unit_facets(*made(3), "auto", *SETTINGS)
    assert found.photos == list(range(30))
    assert len(found.facets) == 3
    assert all(len({member % 3 for member in facet.members}) == 1 for facet in found.facets)
    assert sorted(facet.size for facet in found.facets) == [10, 10, 10]
    assert found.silhouette > found.chance
    assert [found.assignment[facet.members[0]] for facet in found.facets] == [0, 1, 2]


def test_one_cloud_stays_one():
    """k-Means would cut it, and its silhouette is no better than that of other clouds."""
    found = find_unit_facets(*made(1), "auto", *SETTINGS)
    assert len(found.facets) == 1
    assert found.facets[0].size == 30
    assert found.silhouette <= found.chance
    assert "no better than a single cloud" in found.notes[0]


def test_a_number_that_is_given_is_kept():
    found = find_unit_facets(*made(1), 2, *SETTINGS)
    assert len(found.facets) == 2
    assert found.chance is None


def test_photos_that_are_all_the_same_to_the_features():
    values, features = made(1)
    found = find_unit_facets(values, features * 0, "auto", *SETTINGS)
    assert len(found.facets) == 1
    assert found.silhouette is None


def test_groups_of_features_that_are_on_or_off():
    """One concept per photo, as behind a ReLU; shuffled features would fall into groups, too."""
    values, _ = made(1)
    features = torch.eye(5)[torch.arange(40) % 5] + 0.05 * torch.randn(
        40, 5, generator=torch.Generator().manual_seed(0)
    )
    found = find_unit_facets(values, features, "auto", *SETTINGS)
    assert all(len({member % 5 for member in facet.members}) == 1 for facet in found.facets)
    assert len(found.facets) == 5


def test_a_cloud_has_mean_and_covariance_of_the_photos():
    """To within what so many draws tell."""
    features = made(2, photos=2000)[1]
    points = cloud(features, [0])
    np.testing.assert_allclose(points.mean(axis=0), features.mean(0), atol=0.5)
    np.testing.assert_allclose(
        np.cov(points.T), np.cov(features.numpy().T), atol=0.1 * np.cov(features.numpy().T).max()
    )

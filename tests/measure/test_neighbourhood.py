"""The neighbourhood of pictures among photos, against loops over every pair."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import percentileofscore
from torch import Tensor

from mindseye.errors import UserError
from mindseye.measure import neighbourhood as module
from mindseye.measure.neighbourhood import (
    PhotoFeatures,
    close_cosines,
    copy_cosines,
    facet_neighbourhood,
    home_share,
    index_photos,
    mean_pairwise_cosine,
    nearest,
    neighbourhood,
    percentile_rank,
)

FOLDERS = torch.tensor([0] * 16 + [1] * 9)
FACETS = torch.tensor([0, 1] * 8 + [-1] * 9)


def features(count: int, seed: int = 0) -> Tensor:
    """Random features [count, 6], not of unit length."""
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(seed)) * 3 + 0.5


@pytest.fixture
def photos() -> PhotoFeatures:
    """25 photos: a folder of 16 in two facets and another of 9 that was not clustered."""
    return index_photos(features(25), FOLDERS, FACETS)


def slow_neighbours(query: Tensor, others: Tensor, leave_out: int | None = None) -> list[tuple[float, int]]:
    """(cosine, index) of every photo but one, nearest first, from norms and dot products written out."""
    found = []
    for index, other in enumerate(others.tolist()):
        if index != leave_out:
            dot = sum(a * b for a, b in zip(query.tolist(), other, strict=True))
            found.append((dot / math.hypot(*query.tolist()) / math.hypot(*other), index))
    return sorted(found, reverse=True)


def test_photos_are_unit_length_and_know_their_closeness(photos: PhotoFeatures) -> None:
    """Closeness is the cosine to the 5th nearest other photo, never to the photo itself."""
    assert torch.allclose(photos.features.norm(dim=1), torch.ones(25))
    slow = [slow_neighbours(query, features(25), index)[4][0] for index, query in enumerate(features(25))]
    assert torch.allclose(photos.closeness, torch.tensor(slow), atol=1e-6)


def test_few_photos_lower_the_rank() -> None:
    """Of three photos the farthest of the two others stands for the 5th; one photo has no neighbourhood."""
    three = features(3)
    found = index_photos(three, torch.zeros(3), torch.zeros(3)).closeness
    assert found[0].item() == pytest.approx(slow_neighbours(three[0], three, 0)[-1][0], abs=1e-6)
    with pytest.raises(UserError, match="at least 2"):
        index_photos(three[:1], torch.zeros(1), torch.zeros(1))
    with pytest.raises(UserError, match="one per photo"):
        index_photos(three, torch.zeros(2), torch.zeros(3))


def test_nearest_in_blocks(photos: PhotoFeatures, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing a few rows at a time finds what comparing all at once finds, with or without leaving out."""
    selves, among = torch.arange(25), FOLDERS == 0
    whole = nearest(photos.features, photos.features, 7, selves, among)
    monkeypatch.setattr(module, "_COSINES_AT_ONCE", 25 * 4)
    blocks = nearest(photos.features, photos.features, 7, selves, among)
    assert torch.equal(whole[1], blocks[1])
    assert torch.allclose(whole[0], blocks[0])
    assert not (whole[1] == selves[:, None]).any()
    assert whole[1].max() < 16


def test_nearest_refuses_more_than_there_are(photos: PhotoFeatures) -> None:
    """A photo among 25 has 24 others, and a query has 25."""
    assert nearest(photos.features[:1], photos.features, 25)[1].shape == (1, 25)
    with pytest.raises(UserError, match="25 nearest photos among 24"):
        nearest(photos.features[:1], photos.features, 25, torch.tensor([0]))


def test_percentile_rank_against_scipy() -> None:
    """Equal values count half, as in scipy's mean rank; the reference may differ per value; NaN stays."""
    values, reference = torch.tensor([0.1, 0.5, 0.9, torch.nan]), torch.tensor([0.5, 0.2, 0.5, 0.7])
    slow = [percentileofscore(reference.numpy(), value, kind="mean") / 100 for value in values[:3].numpy()]
    for ranks in (percentile_rank(values, reference), percentile_rank(values, reference.expand(4, 4))):
        assert torch.allclose(ranks[:3], torch.tensor(slow, dtype=torch.float64))
        assert ranks[3].isnan()


def test_pictures_against_slow_loops(photos: PhotoFeatures) -> None:
    """All four measures of pictures, which may be neighbours of any photo, from sorted lists of cosines."""
    pictures, members = features(4, seed=1), torch.tensor([0, 2, 4])
    found = neighbourhood(pictures, photos, folder=1, facet=0, members=members)
    for index, picture in enumerate(pictures):
        everyone = slow_neighbours(picture, features(25))
        clustered = [(cosine, photo) for cosine, photo in everyone if FACETS[photo] >= 0]
        # 9 photos are in folder 1 and 8 in facet 0, so 8 and 7 neighbours count.
        assert found["home_folder"][index].item() == pytest.approx(np.mean([n >= 16 for _, n in everyone[:8]]))
        assert found["home_facet"][index].item() == pytest.approx(np.mean([FACETS[n] == 0 for _, n in clustered[:7]]))
        below = np.mean([close < everyone[4][0] for close in photos.closeness.tolist()])
        assert found["percentile"][index].item() == pytest.approx(below)
        assert found["copy"][index].item() == pytest.approx(max(c for c, n in everyone if n in (0, 2, 4)), abs=1e-6)


def test_members_are_not_their_own_neighbours(photos: PhotoFeatures) -> None:
    """A member's own numbers leave the member out, and its copy looks at the other members only."""
    members = torch.tensor([0, 2, 4])
    found = neighbourhood(features(25)[members], photos, folder=0, facet=0, members=members, selves=members)
    for place, member in enumerate(members.tolist()):
        others = slow_neighbours(features(25)[member], features(25), member)
        clustered = [n for _, n in others if FACETS[n] >= 0]
        assert found["home_folder"][place].item() == pytest.approx(np.mean([n < 16 for _, n in others[:10]]))
        assert found["home_facet"][place].item() == pytest.approx(np.mean([FACETS[n] == 0 for n in clustered[:7]]))
        assert found["copy"][place].item() == pytest.approx(max(c for c, n in others if n in (0, 2, 4)), abs=1e-6)
    own = percentile_rank(photos.closeness[members], photos.closeness)
    assert torch.allclose(found["percentile"], own, atol=1 / 25)


def test_photos_are_at_the_median_of_themselves(photos: PhotoFeatures) -> None:
    """Over all photos the percentile is 0.5 on average: a picture at 0.5 lies as a photo lies."""
    assert percentile_rank(photos.closeness, photos.closeness).mean().item() == pytest.approx(0.5)


def test_home_share_can_be_whole_and_can_be_missing() -> None:
    """Four photos far from the rest reach a share of 1 with k = 3; the only photo of a home has none."""
    apart = torch.cat([torch.eye(6)[:1].repeat(4, 1) + 0.01 * features(4), torch.eye(6)[1:2].repeat(5, 1)])
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1, 2])
    unit = torch.nn.functional.normalize(apart, dim=1)
    selves = torch.arange(4)
    assert home_share(unit[selves], unit, labels, 0, selves).tolist() == [1.0] * 4
    assert home_share(unit[selves], unit, labels, 2).isnan().all()


def test_a_copy_is_at_one() -> None:
    """A query equal to a member has cosine 1 unless that pair is left out; without members there is nothing to copy."""
    unit = torch.nn.functional.normalize(features(3), dim=1)
    assert torch.allclose(copy_cosines(unit, unit), torch.ones(3))
    apart = copy_cosines(unit, unit, torch.eye(3, dtype=torch.bool))
    assert apart[0].item() == pytest.approx(max((unit[0] @ unit[1]).item(), (unit[0] @ unit[2]).item()))
    assert copy_cosines(unit, unit[:0]).isnan().all()


def test_facet_block(photos: PhotoFeatures) -> None:
    """The picture and the start beside the members: means over them, and the largest cosine between two for copy."""
    members = torch.tensor([0, 2, 4])
    picture, start = features(2, seed=2)
    found = facet_neighbourhood(picture, start, photos, 0, 0, members)
    both = neighbourhood(torch.stack([picture, start]), photos, 0, 0, members)
    own = neighbourhood(photos.features[members], photos, 0, 0, members, selves=members)
    for name in ("home_folder", "home_facet", "percentile", "copy"):
        assert found["picture"][name] == both[name][0].item()
        assert found["start"][name] == both[name][1].item()
    assert found["members"]["home_facet"] == pytest.approx(own["home_facet"].mean().item())
    unit = photos.features
    between = max((unit[0] @ unit[2]).item(), (unit[0] @ unit[4]).item(), (unit[2] @ unit[4]).item())
    assert found["members"]["copy"] == pytest.approx(between)


def test_close_cosines_of_a_query(photos: PhotoFeatures) -> None:
    """A query that is no photo is compared with all of them."""
    query = torch.nn.functional.normalize(features(1, seed=3), dim=1)
    slow = slow_neighbours(query[0], features(25))[4][0]
    assert close_cosines(query, photos.features).item() == pytest.approx(slow, abs=1e-6)


def test_mean_pairwise_cosine() -> None:
    """The mean over all pairs written out; the same picture thrice is 1; one picture has no pair."""
    set_of = features(5)
    slow = np.mean([slow_neighbours(set_of[i], set_of[j : j + 1])[0][0] for i in range(5) for j in range(i)])
    assert mean_pairwise_cosine(set_of) == pytest.approx(slow)
    assert mean_pairwise_cosine(set_of[:1].repeat(3, 1)) == pytest.approx(1)
    assert math.isnan(mean_pairwise_cosine(set_of[:1]))

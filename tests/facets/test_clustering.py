"""Facets, members and weights: against slow definitions, and where there is hardly anything to group."""

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score, silhouette_score

from mindseye.errors import UserError
from mindseye.facets import clustering
from mindseye.facets.clustering import Clustering, cluster, effective_members, find_facets, members, weights

Plane = NDArray[np.float64]


def blobs(sizes: list[int], spread: float = 1.0, seed: int = 0) -> tuple[Plane, NDArray[np.int64]]:
    """Points around centres on a circle of radius 20, in mixed order, and the blob of each."""
    angles = 2 * np.pi * np.arange(len(sizes)) / len(sizes)
    centres = 20 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points, truth = make_blobs(sizes, centers=centres, cluster_std=spread, random_state=seed)
    return points, truth


def slow_weights(distances: list[float], gamma: float, median: bool) -> list[float]:
    """Eq. 1 written out with numbers of 60 digits, which neither overflow nor round."""
    with mpmath.workdps(60):
        exact = [mpmath.mpf(distance) for distance in distances]
        ordered = sorted(exact)
        half = len(ordered) // 2
        middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
        unit = middle if median else mpmath.mpf(1)
        powers = [mpmath.exp(1 / (distance / unit + mpmath.mpf(gamma))) for distance in exact]
        return [float(power / mpmath.fsum(powers)) for power in powers]


def test_known_groups_are_found_and_numbered_by_size() -> None:
    """Blobs of 12, 40 and 25 points become the facets 2, 0 and 1."""
    points, truth = blobs([12, 40, 25])
    found = cluster(points, 3, seed=0)
    assert np.array_equal(found.assignment, np.array([2, 0, 1])[truth])
    assert np.bincount(found.assignment).tolist() == [40, 25, 12]
    for index, blob in enumerate([1, 2, 0]):
        assert np.allclose(found.centres[index], points[truth == blob].mean(axis=0))
    assert found.notes == ()


def test_equal_sizes_are_numbered_by_their_lowest_image() -> None:
    """Whatever order k-Means finds them in."""
    points, _ = blobs([15, 15, 15, 15])
    for seed in range(4):
        found = cluster(points, 4, seed).assignment
        first = [int(np.flatnonzero(found == facet)[0]) for facet in range(4)]
        assert first == sorted(first)


def test_the_same_seed_gives_the_same_facets() -> None:
    """On points without any groups, where k-Means has many answers."""
    points = np.random.default_rng(0).uniform(size=(200, 2)).astype(np.float32)
    assert np.array_equal(cluster(points, 7, 5).assignment, cluster(points, 7, 5).assignment)
    assert not np.array_equal(cluster(points, 7, 5).assignment, cluster(points, 7, 6).assignment)


def test_silhouettes_follow_their_definition() -> None:
    """Rousseeuw's (b - a) / max(a, b), point by point; their mean is scikit-learn's score."""
    points, _ = blobs([9, 6, 4], spread=6.0)
    found = cluster(points, 3, seed=0)
    values = []
    for own, point in zip(found.assignment, points, strict=True):
        away = np.linalg.norm(points - point, axis=1)
        inside = away[found.assignment == own].sum() / max((found.assignment == own).sum() - 1, 1)
        outside = min(away[found.assignment == other].mean() for other in range(3) if other != own)
        values.append((outside - inside) / max(inside, outside) if (found.assignment == own).sum() > 1 else 0.0)
    per_facet = [np.mean(np.array(values)[found.assignment == facet]) for facet in range(3)]
    assert np.allclose(np.array(found.silhouettes, dtype=float), per_facet)
    assert found.silhouette == pytest.approx(np.mean(values))
    assert found.silhouette == pytest.approx(silhouette_score(points, found.assignment))


def test_silhouettes_of_large_sets_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the images gives nearly the value of all, with small facets in the sample too."""
    points, _ = blobs([1500, 480, 20], spread=5.0)
    whole = cluster(points, 3, seed=0)
    monkeypatch.setattr(clustering, "SILHOUETTE_IMAGES", 200)
    sampled = cluster(points, 3, seed=0)
    assert sampled.silhouette != whole.silhouette
    assert sampled.silhouette == pytest.approx(whole.silhouette, abs=0.05)
    assert None not in sampled.silhouettes


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_auto_finds_the_number_of_groups(count: int) -> None:
    """The best silhouette is at the number of blobs, and the note says so."""
    points, truth = blobs([20] * count)
    found = cluster(points, "auto", seed=0)
    assert len(found.centres) == count
    assert adjusted_rand_score(truth, found.assignment) == 1.0
    assert found.notes[0].startswith(f"{count} facets have the best silhouette")


def test_auto_is_the_best_of_all_numbers_tried() -> None:
    """The silhouette that scikit-learn gives each number of facets from 2 to 12 is nowhere higher."""
    points = np.random.default_rng(1).normal(size=(80, 2))
    found = cluster(points, "auto", seed=0)
    scores = {facets: silhouette_score(points, cluster(points, facets, 0).assignment) for facets in range(2, 13)}
    assert len(found.centres) == max(scores, key=lambda facets: scores[facets])


@pytest.mark.parametrize(("images", "most"), [(3, 2), (9, 2), (20, 4), (59, 11), (200, 12)])
def test_auto_leaves_five_images_to_a_facet(images: int, most: int) -> None:
    """On average; the note names the range."""
    found = cluster(np.random.default_rng(0).normal(size=(images, 2)), "auto", seed=0)
    assert 2 <= len(found.centres) <= most
    assert found.notes[0].endswith(f"of 2 to {most}")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("facets", [1, 4, "auto"])
def test_images_on_one_point_are_one_facet(facets: int | str) -> None:
    """Exactly that point is its centre; no silhouette, no warning; a note where more were asked for."""
    points = np.full((6, 2), 0.1)
    found = cluster(points, facets, seed=0)  # type: ignore[arg-type]
    assert np.array_equal(found.centres, points[:1])
    assert found.silhouettes == (None,)
    assert found.silhouette is None
    assert len(found.notes) == (facets != 1)


@pytest.mark.filterwarnings("error")
def test_facets_are_lowered_to_the_distinct_points() -> None:
    """Five facets of three distinct points are three, with a note."""
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [9.0, 9.0], [9.0, 9.0], [9.0, 9.0]])
    found = cluster(points, 5, seed=0)
    assert found.assignment.tolist() == [2, 1, 1, 0, 0, 0]
    assert found.notes == ("5 facets lowered to 3: 6 photos lie on 3 distinct points",)


@pytest.mark.filterwarnings("error")
def test_a_facet_per_image_has_no_silhouette() -> None:
    """Three images in three facets, and two in two: the silhouette is not defined."""
    for images in (2, 3):
        found = cluster(np.arange(2.0 * images).reshape(images, 2), images, seed=0)
        assert np.bincount(found.assignment).tolist() == [1] * images
        assert found.silhouette is None
        assert found.silhouettes == (None,) * images


def test_members_are_the_nearest_of_the_facet_itself() -> None:
    """The 10 nearest to the centre by a slow count, never the farthest and never another facet's."""
    points, _ = blobs([30, 22], spread=9.0)
    found = cluster(points, 2, seed=0)
    for facet, (images, distances) in enumerate(members(points, found, 10)):
        away = [float(np.hypot(*(point - found.centres[facet]))) for point in points]
        own = [image for image in range(52) if found.assignment[image] == facet]
        slow = sorted(own, key=lambda image: (away[image], image))[:10]
        assert images.tolist() == slow
        assert np.allclose(distances, [away[image] for image in slow])
        assert set(images) != set(sorted(range(52), key=lambda image: away[image])[-10:])


def test_a_nearer_image_of_another_facet_is_no_member() -> None:
    """Image 3 is the nearest of all to facet 0's centre and still belongs to facet 1."""
    points = np.array([[-2.0, 0.0], [2.0, 0.0], [-2.0, 1.0], [0.1, 0.0], [50.0, 0.0]])
    given_facets = Clustering(np.array([0, 0, 0, 1, 1]), np.array([[0.0, 0.0], [25.0, 0.0]]), (0.0, 0.0), 0.0, ())
    assert [images.tolist() for images, _ in members(points, given_facets, 2)] == [[0, 1], [3, 4]]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", ["median", "paper"])
@pytest.mark.parametrize("gamma", [1e-5, 1e-2])
def test_weights_are_equation_one(scale: str, gamma: float) -> None:
    """Against 60 digits, for distances from 1e-8 to 1e4 in facets of 1 to 12 members, some on one point."""
    draw = np.random.default_rng(0)
    for _ in range(60):
        distances = 10 ** draw.uniform(draw.uniform(-8, 4), 4, size=int(draw.integers(1, 13)))
        distances[draw.random(len(distances)) < 0.2] = distances[0]
        found = weights(distances, gamma, scale)
        # Exponents reach 1 / gamma, and their rounding with them.
        assert np.allclose(found, slow_weights(distances.tolist(), gamma, scale == "median"), rtol=1e-9, atol=1e-12)
        assert found.sum() == pytest.approx(1.0)
        assert (np.diff(found[np.argsort(distances)]) <= 0).all()


@pytest.mark.filterwarnings("error")
def test_a_median_next_to_nothing_does_not_overflow() -> None:
    """Two members at the median have a nearness of 1, one infinitely far from it a nearness of 0."""
    assert np.allclose(weights(np.array([1e-310, 1e-310, 1.0]), gamma=1e-9), np.array([np.e, np.e, 1]) / (2 * np.e + 1))


def test_weights_fall_with_distance() -> None:
    """Strictly, for distances of a usual size."""
    assert (np.diff(weights(np.linspace(0.4, 3.0, 10))) < 0).all()
    assert (np.diff(weights(np.linspace(0.4, 3.0, 10), scale="paper")) < 0).all()


@pytest.mark.filterwarnings("error")
def test_a_member_on_the_centre_does_not_overflow() -> None:
    """exp(1 / 1e-5) is beyond floats; the softmax is 1 for that member."""
    for scale in ("median", "paper"):
        assert weights(np.array([0.0, 1.0, 2.0]), scale=scale).tolist() == [1.0, 0.0, 0.0]


@pytest.mark.filterwarnings("error")
def test_a_median_of_nothing_weighs_all_alike() -> None:
    """Most members lie on the centre: there is no unit to measure the others in."""
    assert weights(np.array([0.0, 0.0, 1.0])).tolist() == [1 / 3] * 3


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("distance", [0.0, 1e-300, 0.3, 1e30])
@pytest.mark.parametrize("scale", ["median", "paper"])
def test_equal_distances_weigh_equally(distance: float, scale: str) -> None:
    """Exactly, at any distance; a facet of one image gives it everything."""
    assert weights(np.full(8, distance), scale=scale).tolist() == [0.125] * 8
    assert weights(np.array([distance]), scale=scale).tolist() == [1.0]


def test_only_the_paper_s_weights_depend_on_the_unit() -> None:
    """A map three times as large (t-SNE's grows with the images) changes "paper" and leaves "median" as it is."""
    distances = np.array([0.2, 0.5, 0.9, 1.4])
    # gamma keeps its size, so that the two agree up to about that.
    assert np.allclose(weights(3 * distances), weights(distances), atol=1e-4)
    assert not np.allclose(weights(3 * distances, scale="paper"), weights(distances, scale="paper"), atol=0.1)


def test_effective_members_count_equal_weights() -> None:
    """n for n equal ones, 1 for a single heavy one, 2 for two of three."""
    assert effective_members(np.full(10, 0.1)) == pytest.approx(10.0)
    assert effective_members(np.array([1.0, 0.0, 0.0])) == 1.0
    assert effective_members(np.array([0.5, 0.5, 0.0])) == 2.0


def test_facets_of_few_photos_are_one_note() -> None:
    """However many facets are short of members; where their number had to be lowered, that is said with it."""
    points, _ = blobs([30, 4, 4])
    _, found = find_facets(points, 3, n_members=10, seed=0)
    assert found.notes == ("2 of 3 facets have fewer than the 10 members asked for: all of their photos",)
    _, found = find_facets(np.arange(30.0).reshape(15, 2), 40, n_members=10, seed=0)
    assert found.notes == (
        "40 facets lowered to 15: 15 photos lie on 15 distinct points; "
        "15 of 15 facets have fewer than the 10 members asked for: all of their photos",
    )


def test_facets_carry_all_of_it() -> None:
    """The pieces above in one call, as plain numbers, with a note for each facet short of members."""
    points, _ = blobs([30, 14, 4])
    facets, found = find_facets(points, 3, n_members=10, seed=0)
    assert [facet.size for facet in facets] == [30, 14, 4]
    assert [len(facet.members) for facet in facets] == [10, 10, 4]
    assert found.notes == ("facet 2 has 4 of the 10 members asked for: all of its photos",)
    for facet, (images, distances) in zip(facets, members(points, found), strict=True):
        assert facet.members == images.tolist()
        assert facet.distances == distances.tolist()
        assert facet.weights == weights(distances).tolist()
        assert facet.silhouette == found.silhouettes[facet.index]
        assert facet.effective_members == effective_members(np.array(facet.weights))
        assert {type(value) for value in (*facet.members, facet.size)} == {int}


def test_wrong_input_is_named() -> None:
    """One line each."""
    points = np.random.default_rng(0).normal(size=(9, 2))
    with pytest.raises(UserError, match="at least 1 facet is needed, not 0"):
        cluster(points, 0, 0)
    with pytest.raises(UserError, match="at least 1 member per facet is needed, not 0"):
        find_facets(points, 2, n_members=0)
    with pytest.raises(UserError, match="gamma must be positive"):
        find_facets(points, 2, gamma=0.0)
    with pytest.raises(UserError, match="unknown scale of distances 'mean'; choose from median, paper"):
        find_facets(points, 2, scale="mean")
    with pytest.raises(UserError, match="no images"):
        cluster(points[:0], 2, 0)
    points[4, 1] = np.nan
    with pytest.raises(UserError, match="1 of 9 points"):
        cluster(points, 2, 0)
    with pytest.raises(ValueError, match=r"\[images, 2\]"):
        cluster(np.zeros(4), 2, 0)

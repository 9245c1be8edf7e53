"""The map: places kept, thumbnails apart, facets in their colours."""

from itertools import combinations

import numpy as np
import pytest
from page_files import manifest_in
from safetensors.numpy import save_file

from mindseye.report.embedding import (
    ABOVE,
    COLUMNS,
    ENTRY,
    MAP,
    PAD,
    draw_embedding,
    fit_to_map,
    legend_grid,
    pick_apart,
    push_apart,
    read_embedding,
    thumbnail_side,
)
from mindseye.report.palette import facet_colour


def test_map_keeps_shape_and_fills_the_sheet() -> None:
    """Distances are scaled alike in both directions, and the longer side of the cloud just fills the map."""
    points = np.random.default_rng(0).normal(size=(50, 2)) * [30, 4] + 100
    placed = fit_to_map(points)
    ratio = np.linalg.norm(placed[1:] - placed[:-1], axis=1) / np.linalg.norm(points[1:] - points[:-1], axis=1)
    assert ratio == pytest.approx(ratio[0])
    assert np.ptp(placed[:, 0]) == pytest.approx(MAP - 2 * PAD)
    assert (placed.min(0) + placed.max(0)) / 2 == pytest.approx([MAP / 2, MAP / 2])


@pytest.mark.parametrize("points", [np.zeros((3, 2)), np.full((3, 2), np.nan), np.zeros((0, 2))])
def test_map_of_points_without_extent_is_its_middle(points: np.ndarray) -> None:
    """One place for all, no place at all or no image: nothing to scale by, and no error."""
    placed = fit_to_map(points)
    assert placed.shape == points.shape
    assert (placed == MAP / 2).all()


@pytest.mark.parametrize("count", [1, 40, 700])
def test_thumbnails_do_not_touch_and_no_room_is_left(count: int) -> None:
    """Against the slow definition: chosen ones are a side apart, and no image left out would have had room."""
    places = np.random.default_rng(count).uniform(0, MAP, (count, 2))
    side, centres = 80.0, {0: np.array([MAP / 2, MAP / 2]), 1: np.array([100.0, 100.0])}
    chosen = pick_apart(places, side, centres, count)
    kept = [places[index] for index in chosen] + list(centres.values())

    def room(place: np.ndarray, others: list[np.ndarray]) -> bool:
        return all(max(abs(place - other)) >= side for other in others)

    for index in chosen:
        assert room(places[index], [other for other in kept if not np.array_equal(other, places[index])])
    assert not any(room(places[index], kept) for index in set(range(count)) - set(chosen))


def test_only_images_with_a_path_are_picked() -> None:
    """Where run.json lists fewer paths than the embedding has points, the rest stay dots."""
    places = np.random.default_rng(0).uniform(0, MAP, (30, 2))
    assert max(pick_apart(places, 10.0, {}, 5)) < 5
    assert pick_apart(places, 10.0, {}, 0) == []


def test_thumbnails_shrink_with_the_number_of_images() -> None:
    """Large for a few, never too small to be seen."""
    sides = [thumbnail_side(count) for count in (0, 1, 100, 400, 20000)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] == 120
    assert sides[-1] == 52


def test_each_facets_images_lie_around_its_centre(make_run) -> None:
    """The disc of a facet, in its colour, is drawn at the mean of the places of its images."""
    folder = make_run(facets=3, images=30)
    manifest = manifest_in(folder)
    manifest.images.paths = []
    sheet = np.asarray(draw_embedding(folder, manifest))
    points, facet = read_embedding(folder, "blocks.1.1")
    places = fit_to_map(points)
    corners = []
    for index in range(3):
        rows, columns = np.nonzero((sheet[:, : MAP + 60] == facet_colour(index, dark=False)).all(-1))
        middle = places[facet == index].mean(0)
        near = np.hypot(columns - np.median(columns), rows - np.median(rows)) < 25
        corners.append([columns[near].mean(), rows[near].mean()] - middle)
    assert np.ptp(corners, axis=0) == pytest.approx([0, 0], abs=4)


def test_other_clustering_layer_than_the_painted_ones(make_run) -> None:
    """With facets found at a layer that was not painted, the map is that layer's."""
    folder = make_run()
    manifest = manifest_in(folder)
    manifest.clusters.layer = "head"
    save_file(
        {"head/embedding": np.eye(2, dtype=np.float32), "head/facet": np.array([0, 1])}, folder / "facets.safetensors"
    )
    assert draw_embedding(folder, manifest).width > MAP


def test_lacking_embedding_is_a_lookup_error(make_run) -> None:
    """Neither a missing file nor another layer's embedding is taken for this one."""
    folder = make_run()
    with pytest.raises(LookupError, match=r"no embedding of layer conv"):
        read_embedding(folder, "conv")
    (folder / "facets.safetensors").unlink()
    with pytest.raises(LookupError, match="missing"):
        read_embedding(folder, "blocks.1.1")


@pytest.mark.parametrize("facets", [1, 18, 19, 30, 75, 300])
def test_the_legend_stands_beside_the_map(facets: int) -> None:
    """As tall as the map at most, in as few columns as that needs; many more facets than that make it longer."""
    rows, columns = legend_grid(facets)
    assert (rows - 1) * columns < facets <= rows * columns
    fits = rows * ENTRY + ABOVE <= MAP
    assert fits or columns == COLUMNS
    assert columns == 1 or (MAP - ABOVE) // ENTRY * (columns - 1) < facets


def test_no_centre_hides_another() -> None:
    """Marks of centres that are near, or at one place, stand apart, about where they were; the others have not moved."""
    centres = {0: np.array([100.0, 100.0]), 4: np.array([100.0, 100.0]), 7: np.array([130.0, 100.0])}
    centres[9] = np.array([900.0, 500.0])
    marks = push_apart(centres, 50)
    assert list(marks) == list(centres)
    for first, second in combinations(marks.values(), 2):
        assert np.linalg.norm(first - second) >= 50
    assert marks[9].tolist() == [900, 500]
    assert np.mean(list(marks.values()), axis=0) == pytest.approx(np.mean(list(centres.values()), axis=0))
    assert max(np.linalg.norm(marks[index] - centres[index]) for index in centres) < 100
    assert centres[4].tolist() == [100, 100]
    assert push_apart({}, 50) == {}

"""Perspective: homographies bring the corners back, straight lines stay straight, and no square is folded."""

import pytest
import torch

from mindseye.optimize.transforms.perspective import CORNERS, homographies, project, seen_corners


def draws(pictures=5):
    return torch.rand(pictures, 4, 2, generator=torch.Generator().manual_seed(3))


def test_corners_move_inwards_by_at_most_the_distortion():
    """No draw leaves a corner where it is, the largest brings it in by the distortion times half the side."""
    assert torch.equal(seen_corners(torch.zeros(1, 4, 2), 0.4)[0], torch.tensor(CORNERS))
    torch.testing.assert_close(seen_corners(torch.ones(1, 4, 2), 0.4)[0], 0.6 * torch.tensor(CORNERS))


def test_a_homography_brings_every_corner_back():
    """Each seen corner, in homogeneous coordinates, maps to its true place."""
    seen = seen_corners(draws(), 0.6)
    for corners, matrix in zip(seen, homographies(seen)):
        for (x, y), true in zip(corners.tolist(), CORNERS):
            u, v, w = (matrix @ torch.tensor([x, y, 1.0])).tolist()
            assert (u / w, v / w) == pytest.approx(true, abs=1e-4)


def test_corners_that_stay_need_no_map():
    """The homography of a square onto itself is the identity."""
    torch.testing.assert_close(homographies(torch.tensor(CORNERS)[None])[0], torch.eye(3))


def test_no_square_is_folded():
    """Up to the largest distortion of a recipe, also for corners at their extremes, the denominator has one sign."""
    extremes = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 8).view(-1, 4, 2)
    seen = seen_corners(extremes, 0.6)
    matrices = homographies(seen)
    weights = torch.einsum("pj,pcj->pc", matrices[:, 2], torch.cat([seen, torch.ones(len(seen), 4, 1)], -1))
    assert (weights > 0).all()


def test_projected_pixel_centres_by_hand():
    """The identity gives the centres of the pixels, x first; a projective row divides."""
    points = project(torch.eye(3)[None], 4)[0]
    assert points[0, 3].tolist() == pytest.approx([0.75, -0.75])
    tilted = torch.tensor([[[1.0, 0.0, 0.2], [0.0, 1.0, 0.0], [0.5, 0.0, 1.0]]])
    x, y = 0.75, -0.25
    assert project(tilted, 4)[0, 1, 3].tolist() == pytest.approx([(x + 0.2) / (0.5 * x + 1), y / (0.5 * x + 1)])

"""Random perspective: where the corners of a square are seen, and the homography that undoes it."""

import torch
from torch import Tensor

CORNERS = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))


def seen_corners(draws: Tensor, distortion: float) -> Tensor:
    """Where the four corners of the square [-1, 1]^2 are seen, [pictures, 4, 2], each moved inwards at random.

    As torchvision's RandomPerspective, each coordinate by up to ``distortion`` of half the side.

    Args:
        draws: uniform in [0, 1), [pictures, 4, 2].
        distortion: from 0 to below 2/3, from where on the corners may fold the square.
    """
    return torch.tensor(CORNERS, dtype=draws.dtype) * (1 - distortion * draws)


def homographies(seen: Tensor) -> Tensor:
    """The maps [pictures, 3, 3] from where corners are seen, [pictures, 4, 2], to the corners of [-1, 1]^2.

    In homogeneous coordinates (x, y, 1), the last entry of a map 1: eight equations in eight unknowns, two per corner.
    """
    seen = seen.double()
    true = torch.tensor(CORNERS, dtype=torch.float64).expand_as(seen)
    ones, zeros = torch.ones_like(seen[..., :1]), torch.zeros_like(seen[..., :1])
    points, nothing = torch.cat([seen, ones], -1), torch.cat([zeros] * 3, -1)
    rows = [
        torch.cat([points, nothing, -true[..., :1] * seen], -1),
        torch.cat([nothing, points, -true[..., 1:] * seen], -1),
    ]
    solution = torch.linalg.solve(torch.cat(rows, 1), torch.cat([true[..., 0], true[..., 1]], 1))
    return torch.cat([solution, torch.ones(len(seen), 1, dtype=torch.float64)], 1).view(-1, 3, 3).float()


def project(maps: Tensor, side: int) -> Tensor:
    """The points to which maps [pictures, 3, 3] bring the pixel centres of a square, [pictures, side, side, 2]."""
    places = (2 * torch.arange(side, dtype=maps.dtype, device=maps.device) + 1) / side - 1
    rows, columns = torch.meshgrid(places, places, indexing="ij")
    points = torch.stack([columns, rows, torch.ones_like(rows)], -1)
    mapped = torch.einsum("pij,rcj->prci", maps, points)
    return mapped[..., :2] / mapped[..., 2:]

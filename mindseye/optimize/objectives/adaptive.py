"""The general and adaptive robust loss, one shape and one scale per image.

Barron, "A General and Adaptive Robust Loss Function" (CVPR 2019). The shape is ``b`` and the scale ``r`` here, as in
Stergiou (ICIP 2021), Eq. 3; Barron writes alpha and c. Learning them needs the negative log-likelihood of the
distribution that the loss belongs to: without its ``log r`` the scale would grow without bound, and the loss would fall
for nothing.
"""

import functools
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mindseye.errors import UserError

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

LOWEST_SHAPE, HIGHEST_SHAPE = 0.001, 1.999
KNOTS = 257
SERIES_BELOW = 0.02


def rho(x: Tensor, b: Tensor | float, r: Tensor | float) -> Tensor:
    """The general robust loss, elementwise (Barron, Eq. 1, with its limits at b = 0 and b = 2).

    ``|b-2|/b * (((x/r)^2/|b-2| + 1)^(b/2) - 1)``; ``log((x/r)^2/2 + 1)`` at b = 0 and ``(x/r)^2/2`` at b = 2.

    Args:
        x: distances, of any shape.
        b: shape of the loss, finite, broadcast against x: 2 squared, 1 Charbonnier, 0 Cauchy, -2 Geman-McClure.
        r: scale, above 0, in the unit of x, broadcast against x.

    Returns:
        The losses, zero or more, of the broadcast shape. Smooth, save that no gradient reaches b where it is 2.
    """
    b = b if isinstance(b, Tensor) else x.new_full((), b)
    gap = (b - 2).abs()
    # At b = 2 the power is 1 and any gap cancels out.
    gap = gap.masked_fill(gap == 0, 1.0)
    log_term = torch.log1p((x / r).square() / gap)
    return gap / 2 * log_term * _growth(b / 2 * log_term)


def log_partition(b: Tensor) -> Tensor:
    """The logarithm of ``Z(b)``, the integral of ``exp(-rho(x, b, 1))`` over all x (Barron, section 2).

    Z has no closed form: it is integrated once on a fixed grid and interpolated by a cubic spline, to within 1e-5.
    It diverges for b < 0. Differentiable in b, and never waits for the device.

    Args:
        b: shapes in [0, 2], of any shape; values outside are read as the nearer end.
    """
    knots, coefficients = _spline(b.dtype, b.device)
    inside = b.clamp(0.0, 2.0)
    piece = (torch.bucketize(inside.detach(), knots, right=True) - 1).clamp(0, len(knots) - 2)
    offset = inside - knots[piece]
    cubic, square, linear, constant = coefficients[:, piece].unbind()
    return ((cubic * offset + square) * offset + linear) * offset + constant


def nll(x: Tensor, b: Tensor, r: Tensor) -> Tensor:
    """The negative log-likelihood ``rho(x, b, r) + log r + log Z(b)``, elementwise (Barron, section 2).

    b is in [0, 2] and r above 0; both are tensors that broadcast against x.
    """
    return rho(x, b, r) + torch.log(r) + log_partition(b)


class AdaptiveLoss:
    """The negative log-likelihood with a learned shape and scale per image.

    The shape stays within (0.001, 1.999) and starts at 1. The scale never falls below a share of the image's distance
    at the start: as distance and scale go to 0 together, ``log r`` has no floor, and the loss would run away.
    """

    def __init__(self, start_distance: Tensor, initial_r: float = 1.0, floor_share: float = 0.01) -> None:
        """Make the latents, on the device and in the type of the distance.

        Args:
            start_distance: [B], the distance of each image at the start, zero or more.
            initial_r: scale at the start, in the unit of the distance; at least twice the floor.
            floor_share: lowest scale as a share of the start distance.

        Raises:
            UserError: if initial_r or floor_share is not above 0.
        """
        if not initial_r > 0 or not floor_share > 0:
            raise UserError(f"adaptive loss: initial_r {initial_r} and floor_share {floor_share} must be above 0")
        distance = start_distance.detach()
        # A start that already meets its target still needs a floor above 0.
        self.floor = (distance * floor_share).clamp_min(1e-6)
        above = torch.maximum(torch.full_like(distance, initial_r), 2 * self.floor) - self.floor
        self.shape_latent = torch.zeros_like(distance).requires_grad_()
        self.scale_latent = _inverse_softplus(above).requires_grad_()

    @property
    def b(self) -> Tensor:
        """The shapes [B], within (0.001, 1.999)."""
        return LOWEST_SHAPE + (HIGHEST_SHAPE - LOWEST_SHAPE) * torch.sigmoid(self.shape_latent)

    @property
    def r(self) -> Tensor:
        """The scales [B], above the floor."""
        return self.floor + functional.softplus(self.scale_latent)

    def __call__(self, distance: Tensor) -> Tensor:
        """The loss of each image, [B] for distances [B]; below 0 where a picture is well within its scale."""
        return nll(distance, self.b, self.r)

    def parameters(self) -> list[Tensor]:
        """The two latents [B] that an optimizer learns: with the start distance, all that a resumed run needs."""
        return [self.shape_latent, self.scale_latent]


def _growth(y: Tensor) -> Tensor:
    """``(exp(y) - 1) / y``, by its series near 0, where the quotient's gradient would lose its digits."""
    near = y.abs() < SERIES_BELOW
    # The branch that is not taken must stay finite too, or its NaN gradient would leak through torch.where.
    small, large = y.masked_fill(~near, 0.0), y.masked_fill(near, 1.0)
    series = ((small / 24 + 1 / 6) * small + 1 / 2) * small + 1
    return torch.where(near, series, torch.expm1(large) / large)


def _inverse_softplus(y: Tensor) -> Tensor:
    """The x with ``softplus(x) = y``, for y above 0."""
    return y + torch.log(-torch.expm1(-y))


@functools.cache
def _partition_table() -> "CubicSpline":
    """Log Z as a spline in float64, its knots close together near both ends, where Z bends most."""
    from scipy.integrate import quad_vec  # takes a quarter of a second
    from scipy.interpolate import CubicSpline

    knots = 1 - np.cos(np.linspace(0, np.pi, KNOTS))
    shapes = torch.from_numpy(knots)

    def density(x: float) -> np.ndarray:
        return torch.exp(-rho(torch.full_like(shapes, x), shapes, 1.0)).numpy()

    half, _ = quad_vec(density, 0, np.inf, epsabs=1e-9, epsrel=1e-9, norm="max")
    return CubicSpline(knots, np.log(2 * half))


@functools.cache
def _spline(dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Knots [n] and coefficients [4, n - 1], highest power first, kept per device: copying them would make it wait."""
    table = _partition_table()
    return torch.as_tensor(table.x).to(device, dtype), torch.as_tensor(table.c).to(device, dtype)

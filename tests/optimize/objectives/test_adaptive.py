"""The adaptive robust loss: its closed forms, numeric integration, and what keeps a learned scale from running away."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, special

from mindseye.errors import UserError
from mindseye.optimize.objectives.adaptive import AdaptiveLoss, log_partition, nll, rho

DISTANCES = torch.linspace(-6, 6, 41, dtype=torch.float64)


def as_printed(x, b, r):
    """Barron's Eq. 1 in plain floats, for b other than 0 and 2."""
    gap = abs(b - 2)
    return gap / b * (((x / r) ** 2 / gap + 1) ** (b / 2) - 1)


def integrated(b):
    """Log Z(b) by adaptive quadrature, one shape at a time."""

    def density(x):
        value = math.log1p(x * x / 2) if b == 0 else x * x / 2 if b == 2 else as_printed(x, b, 1.0)
        return math.exp(-value)

    return math.log(2 * integrate.quad(density, 0, np.inf, epsabs=1e-11, epsrel=1e-11, limit=400)[0])


@pytest.mark.parametrize("b", [-2.0, 0.05, 0.5, 1.0, 1.5, 1.95, 3.0])
@pytest.mark.parametrize("r", [0.3, 1.0, 4.0])
def test_rho_is_the_printed_formula(b, r):
    """Away from its limits the loss is Eq. 1, term by term."""
    expected = [as_printed(float(x), b, r) for x in DISTANCES]
    torch.testing.assert_close(rho(DISTANCES, b, r), torch.tensor(expected, dtype=torch.float64), rtol=1e-8, atol=1e-12)


def test_rho_meets_its_limits_exactly():
    """Cauchy's loss at b = 0, the squared loss at b = 2, Charbonnier's at b = 1."""
    squared = (DISTANCES / 0.7).square()
    torch.testing.assert_close(rho(DISTANCES, 0.0, 0.7), torch.log(squared / 2 + 1), rtol=1e-14, atol=1e-15)
    torch.testing.assert_close(rho(DISTANCES, 2.0, 0.7), squared / 2, rtol=1e-14, atol=1e-15)
    torch.testing.assert_close(rho(DISTANCES, 1.0, 0.7), torch.sqrt(squared + 1) - 1, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("limit", [0.0, 2.0])
def test_rho_has_no_step_near_its_limits(limit):
    """In single precision too, the loss a hair beside a limit is the loss at the limit."""
    single = DISTANCES.float()
    for beside in (2.4e-7, 1e-6, 1e-5):
        b = limit + beside if limit == 0 else limit - beside
        torch.testing.assert_close(rho(single, b, 1.0), rho(single, limit, 1.0), rtol=3e-4, atol=1e-6)


@pytest.mark.parametrize("b", [1e-9, 0.01, 0.2, 0.9, 1.7, 1.999])
def test_gradients_of_rho_against_differences(b):
    """The gradients with respect to distance, shape and scale, close to the limits as well."""
    x = torch.tensor([0.0, 1e-3, 0.4, 2.0, 30.0], dtype=torch.float64, requires_grad=True)
    shape = torch.full((5,), b, dtype=torch.float64, requires_grad=True)
    scale = torch.full((5,), 0.8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rho, (x, shape, scale), eps=1e-7, atol=1e-5)


def test_gradient_of_the_shape_at_zero_and_two():
    """At b = 0 the gradient is the one-sided difference; at b = 2 it is finite."""
    x = torch.tensor(1.7, dtype=torch.float64)
    zero = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    rho(x, zero, 1.0).backward()
    difference = (rho(x, 1e-5, 1.0) - rho(x, 0.0, 1.0)) / 1e-5
    assert zero.grad is not None
    assert zero.grad.item() == pytest.approx(difference.item(), rel=1e-4)
    two = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    rho(x, two, 1.0).backward()
    assert two.grad is not None
    assert two.grad.isfinite()


def test_partition_meets_its_closed_forms():
    """Z(0) = pi sqrt 2, Z(1) = 2 e K1(1), Z(2) = sqrt(2 pi)."""
    found = log_partition(torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)).exp()
    expected = [math.pi * math.sqrt(2), 2 * math.e * special.k1(1), math.sqrt(2 * math.pi)]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-8, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_partition_against_integration(dtype):
    """Between the knots, and close to both ends, the table agrees with quadrature to 1e-5."""
    draw = np.random.default_rng(3)
    ends = 10 ** draw.uniform(-4, -1, 12)
    shapes = np.concatenate([draw.uniform(0, 2, 30), ends, 2 - ends])
    expected = torch.tensor([integrated(b) for b in shapes], dtype=dtype)
    torch.testing.assert_close(log_partition(torch.tensor(shapes, dtype=dtype)), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("b", [0.001, 0.02, 0.5, 1.0, 1.6, 1.99])
def test_gradient_of_the_partition_against_integration(b):
    """What moves the shape is the slope of log Z: it agrees with a difference of integrals."""
    shape = torch.tensor(b, dtype=torch.float64, requires_grad=True)
    log_partition(shape).backward()
    step = 5e-5
    slope = (integrated(b + step) - integrated(b - step)) / (2 * step)
    assert shape.grad is not None
    assert shape.grad.item() == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(("b", "r"), [(0.4, 0.5), (1.0, 2.0), (1.8, 0.1)])
def test_likelihood_is_normalised(b, r):
    """exp(-nll) is a density: over all distances it integrates to one, whatever the shape and scale."""

    def density(x):
        values = torch.tensor([x, b, r], dtype=torch.float64)
        return math.exp(-nll(values[0], values[1], values[2]).item())

    total = 2 * integrate.quad(density, 0, np.inf, limit=300)[0]
    assert total == pytest.approx(1.0, abs=1e-4)


def test_starts_at_one_and_one():
    """Shape 1 and scale 1 at the start, a scale of another size where asked, each image its own."""
    loss = AdaptiveLoss(torch.tensor([0.5, 3.0]))
    torch.testing.assert_close(loss.b, torch.ones(2))
    torch.testing.assert_close(loss.r, torch.ones(2))
    torch.testing.assert_close(AdaptiveLoss(torch.tensor([0.5, 3.0]), initial_r=0.2).r, torch.full((2,), 0.2))
    distance = torch.tensor([0.4, 2.0])
    expected = nll(distance, torch.ones(2), torch.ones(2))
    torch.testing.assert_close(loss(distance), expected)


def test_small_initial_scale_is_raised_above_the_floor():
    """A far start lifts the floor over the initial scale; the scale then begins at twice the floor."""
    loss = AdaptiveLoss(torch.tensor([500.0]), initial_r=1.0, floor_share=0.01)
    torch.testing.assert_close(loss.r, torch.tensor([10.0]))


def test_shape_and_scale_stay_in_bounds():
    """However far the latents run, b stays in (0.001, 1.999) and r above its floor: the loss has a floor too."""
    loss = AdaptiveLoss(torch.tensor([2.0, 0.0]))
    with torch.no_grad():
        for latent in loss.parameters():
            latent.fill_(-1e4)
    assert loss.b.min() >= 0.001
    torch.testing.assert_close(loss.r, torch.tensor([0.02, 1e-6]))
    assert loss(torch.zeros(2)).isfinite().all()
    with torch.no_grad():
        loss.parameters()[0].fill_(1e4)
    assert loss.b.max() < 1.99901


def test_learned_scale_follows_the_distance():
    """At a fixed distance the scale neither grows without bound nor collapses: it settles near the distance."""
    loss = AdaptiveLoss(torch.tensor([0.3, 5.0]))
    optimizer = torch.optim.Adam(loss.parameters(), lr=0.1)
    distance = torch.tensor([0.3, 5.0])
    before = loss(distance).detach()
    for _ in range(200):
        optimizer.zero_grad()
        loss(distance).sum().backward()
        optimizer.step()
    share = (loss.r / distance).detach()
    assert ((share > 0.3) & (share < 1.5)).all()
    assert (loss(distance) < before).all()
    assert loss(distance).isfinite().all()


def test_images_learn_apart():
    """An image's shape and scale get no gradient from another image's distance, nor from its NaN."""
    loss = AdaptiveLoss(torch.tensor([1.0, 1.0]))
    loss(torch.tensor([0.5, float("nan")])).sum().backward()
    alone = AdaptiveLoss(torch.tensor([1.0]))
    alone(torch.tensor([0.5])).sum().backward()
    for both, one in zip(loss.parameters(), alone.parameters(), strict=True):
        assert both.grad is not None
        assert one.grad is not None
        torch.testing.assert_close(both.grad[:1], one.grad)


@pytest.mark.parametrize("wrong", [{"initial_r": 0.0}, {"floor_share": -0.1}, {"initial_r": float("nan")}])
def test_impossible_scales_are_refused(wrong):
    """A scale or floor that is not above 0 is named, not turned into NaN."""
    with pytest.raises(UserError, match="must be above 0"):
        AdaptiveLoss(torch.ones(1), **wrong)

"""Shared by the tests on a GPU that is not there."""

import pytest
from fake_gpu import FakeGPU

from mindseye.optimize.loop import Painting
from mindseye.optimize.objectives import adaptive


@pytest.fixture
def gpu():
    """``cuda:0``, for as long as the test runs; what is kept per device is forgotten with it."""
    with FakeGPU() as fake:
        yield fake
    adaptive._spline.cache_clear()


@pytest.fixture
def strict_steps(gpu, monkeypatch):
    """Every step of every painting may not wait; gives the number of steps that were made, as a list of one."""
    made, advance = [0], Painting.advance

    def advance_strictly(painting):
        made[0] += 1
        with gpu.step():
            advance(painting)

    monkeypatch.setattr(Painting, "advance", advance_strictly)
    return made

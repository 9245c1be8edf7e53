"""Shared by all tests: the small networks are importable, torch uses one thread, random numbers are the same, forks may paint."""

import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))
# What is drawn by hypothesis is the same every time, too, unless more is asked for by hand.
settings.register_profile(
    "same",
    derandomize="MINDSEYE_FUZZ" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Every test draws the same random numbers, whatever ran before it, and so do the fixtures that are made for it."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _no_user_cache(tmp_path_factory):
    """What is made once for several tests does not touch the user's cache either."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINDSEYE_CACHE", str(tmp_path_factory.mktemp("shared_cache")))
        patch.delenv("MINDSEYE_CACHE_LIMIT", raising=False)
        yield


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """Every test has an empty cache of its own; the user's is not touched."""
    monkeypatch.setenv("MINDSEYE_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _forkable():
    """Processes that are forked from this one may paint, whatever ran before.

    The first backward pass begins a thread for every device that it finds, after which PyTorch refuses one in a fork. Fake
    tensors and exported programs leave a device to be found, so it is made before them.
    """
    torch.ones(1, requires_grad=True).sum().backward()

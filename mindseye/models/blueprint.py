"""What a library knows about one of its models before it is built."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from mindseye.preprocessing import Preprocessing

INITIAL_SEED = 0


@dataclass(frozen=True)
class Blueprint:
    """A named model: how to build it, and what its weights want and call things.

    weights: what its trained weights are called. build: the network untrained, with its own number of classes (None) or
    another. fetch: the network with its trained weights, which may have to be downloaded.
    """

    name: str
    weights: str
    preprocessing: Preprocessing
    labels: tuple[str, ...] | None
    wnids: tuple[str, ...] | None
    build: Callable[[int | None], nn.Module]
    fetch: Callable[[], nn.Module]


@contextmanager
def same_start() -> Iterator[None]:
    """Random weights that are the same each time; the caller's random state is not touched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(INITIAL_SEED)
        yield

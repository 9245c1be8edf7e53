"""Small networks of which tests make odd ones."""

from collections.abc import Callable

import torch
from torch import nn


def plain(planes: int = 3, classes: int = 10) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(planes, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes)
    )


def small(planes: int = 3, side: int = 32) -> nn.Sequential:
    """Takes images of one size only."""
    return nn.Sequential(nn.Conv2d(planes, 4, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * (side // 2) ** 2, 5))


class Does(nn.Module):
    """A network whose forward is a function of itself and the images."""

    def __init__(self, forward: Callable[[nn.Module, torch.Tensor], object], body: nn.Module | None = None) -> None:
        super().__init__()
        self.body, self.does = body or plain(), forward

    def forward(self, x: torch.Tensor) -> object:
        return self.does(self, x)


def network(classes: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, classes))


def assert_same(target: nn.Module, source: nn.Module) -> None:
    """The same numbers under the same names."""
    ours, theirs = target.state_dict(), source.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())

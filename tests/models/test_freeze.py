"""Frozen: a network is looked at and left as it was."""

import pytest
import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.models.freeze import freeze
from mindseye.models.load import load_model


def network() -> nn.Sequential:
    body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(), nn.Linear(16, 2))
    body.train()
    body[1].eval()
    body[0].requires_grad_(False)
    return body


def test_flags_come_back_one_by_one() -> None:
    """Parts that were in evaluation mode or frozen before stay so, the rest goes back; after an error too."""
    body = network()
    training = [module.training for module in body.modules()]
    needing = [parameter.requires_grad for parameter in body.parameters()]
    with pytest.raises(KeyError), freeze(body):  # noqa: PT012
        assert not any(module.training for module in body.modules())
        assert not any(parameter.requires_grad for parameter in body.parameters())
        raise KeyError
    assert [module.training for module in body.modules()] == training
    assert [parameter.requires_grad for parameter in body.parameters()] == needing


def test_a_network_that_refuses_evaluation_mode() -> None:
    """One line that names it, and the flags of its parts are as they were; a module that is given is told so too."""

    class Refuses(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = network()

        def train(self, mode: bool = True) -> "Refuses":
            raise NotImplementedError("for training only")

    refusing = Refuses()
    training = [module.training for module in refusing.modules()]
    line = r"Refuses cannot be put into evaluation mode: eval\(\) fails with for training only"
    with pytest.raises(UserError, match=line), freeze(refusing):
        pytest.fail("it was not refused")
    with pytest.raises(UserError, match=line):
        load_model(refusing)
    assert [module.training for module in refusing.modules()] == training


def test_train_mode_changes_nothing() -> None:
    """Dropout and batch statistics play no part: the answer is evaluation mode's, and no statistic moves."""
    body = network()
    images = torch.randn(3, 1, 4, 4)
    statistics = body[1].running_mean.clone()
    with freeze(body):
        first, second = body(images), body(images)
    assert torch.equal(first, second)
    assert torch.equal(first, body.eval()(images))
    assert torch.equal(body[1].running_mean, statistics)
    assert not first.requires_grad

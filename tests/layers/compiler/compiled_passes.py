"""Activations and gradients to compare, and a trial whose end is known."""

import torch

from mindseye.layers import compiler as compiled
from mindseye.layers.reader import Reader


def said(monkeypatch, gain):
    """Have the trial find that compiled steps are so many times as fast."""
    monkeypatch.setattr(compiled, "_gain", lambda compiled, plain, images: gain)


def plain(network, layers, images):
    """Activations and the gradient of their sum, by a reader."""
    with Reader(network, layers) as read:
        return gradient_of(read, images)


def gradient_of(read, images):
    found = read(images)
    return found, torch.autograd.grad(sum(tensor.square().sum() for tensor in found.values()), images)[0]


def assert_same(ours, theirs, **tolerance):
    for address, tensor in theirs[0].items():
        torch.testing.assert_close(ours[0][address], tensor, **tolerance)
    torch.testing.assert_close(ours[1], theirs[1], **tolerance)

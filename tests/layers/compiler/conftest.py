"""A small network with its layers, images, and a compiler that is quick."""

import pytest
import torch
from nets import TinyConv, seeded

from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey

ADDRESSES = ["stem", "body.0.relu", "body.2"]


@pytest.fixture
def network():
    """A small network, ready to be painted from."""
    return seeded(TinyConv).eval().requires_grad_(False)


@pytest.fixture
def layers(network):
    """Three layers, an in-place one that is called twice among them."""
    return [find_layer(survey(network, 32), address) for address in ADDRESSES]


@pytest.fixture
def images():
    """Two images with a gradient."""
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)


@pytest.fixture
def quick(monkeypatch):
    """The whole of ``torch.compile`` but for the making of machine code; counts the calls of what it has made."""
    real, calls = torch.compile, []

    def without_code(function, *, mode, **options):
        made = real(function, **options, backend="aot_eager")

        def counted(*arguments):
            calls.append(mode)
            return made(*arguments)

        return counted

    monkeypatch.setattr(torch, "compile", without_code)
    return calls

"""A file with parts of the user's own, and a network's activations."""

import pytest
from nets import TinyConv, seeded
from own_parts import SIDE, write_parts

from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey


@pytest.fixture
def file(tmp_path):
    return write_parts(tmp_path)


@pytest.fixture
def read():
    network = seeded(TinyConv)
    with Reader(network, [find_layer(survey(network, SIDE), "body.2")]) as reader:
        yield reader

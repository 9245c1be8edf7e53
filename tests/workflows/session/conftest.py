"""Photos of three kinds, and a session of a small network."""

import numpy as np
import pytest
from nets import TinyConv, seeded
from PIL import Image
from session_calls import COUNT, SIDE

import mindseye as me


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photos of three kinds of stripes, in PNG files of the size that the network sees."""
    folder = tmp_path_factory.mktemp("photos")
    draw = np.random.default_rng(0)
    for number in range(COUNT):
        stripes = np.arange(SIDE) // (2 + 3 * (number % 3)) % 2 * 120
        pixels = draw.integers(0, 40, (SIDE, SIDE, 3)) + draw.integers(0, 90, 3) + stripes[:, None, None]
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02d}.png")
    return folder


@pytest.fixture
def session():
    return me.Session(seeded(TinyConv), size=SIDE)

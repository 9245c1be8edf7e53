"""A small collection of class folders, and the atlas of it that nothing has disturbed."""

from pathlib import Path

import numpy as np
import pytest
from atlas_runs import run
from PIL import Image

NETWORK = """
import sys
sys.path.insert(0, {tests!r})
from nets import TinyConv, seeded

def build():
    return seeded(TinyConv)
"""


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Stripes in three classes, whose colour and width tell them apart."""
    root = tmp_path_factory.mktemp("collection")
    for kind, name in enumerate(("ant", "bee", "crab 7")):
        draw = np.random.default_rng(kind)
        (root / name).mkdir()
        for number in range(12):
            noise = draw.integers(0, 60, (40, 40, 3))
            noise[..., kind % 3] += (np.arange(40)[:, None] // (3 + number % 2 * 3) % 2 * 120).astype(int)
            Image.fromarray(noise.astype(np.uint8)).save(root / name / f"{number:02d}.png")
    return root


@pytest.fixture(scope="session")
def undisturbed(photos, tmp_path_factory):
    """The atlas as one call leaves it, of a network that is handed over."""
    return run(photos, tmp_path_factory.mktemp("atlas") / "undisturbed")


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """The small network by the name of a file, as other processes want it."""
    path = tmp_path_factory.mktemp("network") / "net.py"
    path.write_text(NETWORK.format(tests=str(Path(__file__).parent.parent.parent)))
    return f"{path}:build"

"""A small collection of class folders, and the atlas of it that nothing has disturbed."""

from pathlib import Path

import pytest
from atlas_runs import run
from packed_runs import draw_class

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
        draw_class(root / name, kind, 12)
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

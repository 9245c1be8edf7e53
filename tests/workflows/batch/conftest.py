"""A small collection of class folders, and the batches of it that nothing has disturbed."""

from pathlib import Path

import pytest
from batch_runs import CLASSES, QUICK, run
from packed_runs import draw_class

import mindseye
from mindseye.workflows import finish
from mindseye.workflows.batch import class_run

NETWORK = """
import sys
sys.path.insert(0, {tests!r})
from nets import TinyConv, seeded

def build():
    return seeded(TinyConv)

def judge():
    network = seeded(TinyConv, 3, 4)
    network.image_size = 32
    network.labels = list("abcde")
    return network
"""


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """Five classes, one of them of two photos only, which give a facet each."""
    folder = tmp_path_factory.mktemp("collection")
    for kind, name in enumerate(CLASSES):
        draw_class(folder / name, kind, 2 if name == "duck" else 8)
    return folder


def leave_figures_out(patch):
    """Figures and pages have tests of their own, and take longer than all else here: no user wants a run without them."""
    patch.setattr(finish, "write_figures", lambda path: None)
    for module in (finish, class_run):
        patch.setattr(module, "leave_page", lambda path, progress: None)


@pytest.fixture(autouse=True)
def _no_figures(request, monkeypatch):
    if "with_figures" not in request.fixturenames:
        leave_figures_out(monkeypatch)


@pytest.fixture
def with_figures():
    """Asked for by the test of what a run leaves."""


@pytest.fixture(scope="session")
def undisturbed(root, tmp_path_factory):
    """The batch folder as one call leaves it, of a network that is handed over."""
    with pytest.MonkeyPatch.context() as patch:
        leave_figures_out(patch)
        return run(root, tmp_path_factory.mktemp("batch") / "undisturbed").path


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """The small network by the name of a file, as other processes want it."""
    path = tmp_path_factory.mktemp("network") / "net.py"
    path.write_text(NETWORK.format(tests=str(Path(__file__).parent.parent.parent)))
    return f"{path}:build"


@pytest.fixture(scope="session")
def undisturbed_by_name(root, network, tmp_path_factory):
    """The batch folder as one call leaves it, of a network that is named, which is laid out otherwise in memory."""
    with pytest.MonkeyPatch.context() as patch:
        leave_figures_out(patch)
        return mindseye.batch(root, network, out=tmp_path_factory.mktemp("batch") / "by_name", **QUICK).path

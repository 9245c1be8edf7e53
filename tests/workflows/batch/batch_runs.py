"""A small batch: run here, or in a process that is to be killed; and what it leaves."""

import json
from pathlib import Path

import numpy as np
from nets import TinyConv, seeded
from PIL import Image

import mindseye

QUICK = {"facets": 2, "size": 32, "steps": 6, "batch_size": 4, "snapshots": 1, "quiet": True, "layer": "body.2"}
CLASSES = ["ant", "bee", "crab 7", "duck", "eel"]
FOLDERS = ["ant", "bee", "crab_7", "duck", "eel"]


def run(root, out, **changes):
    """The same batch, in this process."""
    return mindseye.batch(root, seeded(TinyConv), out=out, **QUICK | changes)


def pictures(out):
    """Every picture of a batch folder by its path: its bytes."""
    found = {path.relative_to(out): path.read_bytes() for path in sorted(Path(out).rglob("*.png"))}
    assert found
    return found


def statuses(out):
    return {path.stem: json.loads(path.read_text())["status"] for path in (out / "ledger.classes").iterdir()}


def pixels(path):
    """A picture without what its file says of itself."""
    return np.asarray(Image.open(path)).astype(int)


def interrupt(stage, done, total, left):
    """Ctrl-C when the first class has ended, while others are on their way."""
    raise KeyboardInterrupt

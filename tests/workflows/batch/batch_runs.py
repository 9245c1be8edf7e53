"""A small batch: run here, or in a process that is to be killed; and what it has painted."""

import multiprocessing
from pathlib import Path

from nets import TinyConv, seeded

import mindseye

QUICK = {"facets": 2, "size": 32, "steps": 6, "batch_size": 4, "snapshots": 1, "quiet": True, "layer": "body.2"}


def run(root, out, **changes):
    """The same batch, in this process."""
    return mindseye.batch(root, seeded(TinyConv), out=out, **QUICK | changes)


def forked(work, *arguments, **named):
    """Begin some work in a process that is quick to begin, to be killed."""
    process = multiprocessing.get_context("fork").Process(target=work, args=arguments, kwargs=named)
    process.start()
    return process


def pictures(out):
    """Every picture of a batch folder by its path: its bytes."""
    found = {path.relative_to(out): path.read_bytes() for path in sorted(Path(out).rglob("*.png"))}
    assert found
    return found

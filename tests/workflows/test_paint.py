"""Painting in batches: what happens when the device's memory does not hold one."""

import pytest
import torch

from mindseye.optimize.painted import Painted
from mindseye.workflows import paint as module
from mindseye.workflows.paint import paint

PAINTED = Painted(torch.zeros(3, 2, 2), torch.zeros(3, 2, 2), {}, None)


def paint_with(monkeypatch, tmp_path, pictures, batch_size, largest):
    """Paint on a device that holds ``largest`` pictures; returns the batches that were finished."""
    finished = []

    def batch(build, pictures, *_):
        if len(pictures) > largest:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return dict.fromkeys(pictures, PAINTED)

    monkeypatch.setattr(module, "_paint_batch", batch)
    paint(None, pictures, batch_size, tmp_path / "state", 8, None, None, lambda done: finished.append(list(done)))
    return finished


def test_out_of_memory_halves_the_batch_and_goes_on(monkeypatch, tmp_path):
    """Every picture is painted once, in order, in batches that fit."""
    assert paint_with(monkeypatch, tmp_path, range(7), 7, 2) == [[0], [1, 2], [3, 4], [5, 6]]


def test_batches_have_the_size_asked(monkeypatch, tmp_path):
    """Where memory suffices, the batches are as asked."""
    assert paint_with(monkeypatch, tmp_path, [3, 4, 5, 9], 3, 9) == [[3, 4, 5], [9]]


def test_one_picture_that_does_not_fit_is_an_error(monkeypatch, tmp_path):
    """Nothing smaller is left to try."""
    with pytest.raises(torch.cuda.OutOfMemoryError):
        paint_with(monkeypatch, tmp_path, [0, 1], 2, 0)

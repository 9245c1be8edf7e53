"""Painting in batches: what happens when the device's memory does not hold one, and what is kept on the way."""

import pytest
import torch
from nets import TinyConv, seeded

from mindseye.optimize.canvases.colour import plain_colours
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.order import ObjectiveOrder, PictureRequest
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession
from mindseye.workflows.paint import Keeper, paint

RECIPE = Recipe("test", steps=30, objective=1.0)


class Kept(Keeper):
    """Notes the batches that are finished, and stops where it is told to."""

    def __init__(self, stop_at=None):
        self.counts = []
        super().__init__(self.counts.append)
        self.batches, self.painted, self.snapped, self.stop_at = [], {}, [], stop_at

    def look(self, painting, pictures):
        if painting.step == self.stop_at:
            raise KeyboardInterrupt
        return True

    def keep_snapshot(self, step, images):
        self.snapped.append((step, sorted(images)))

    def keep_painted(self, painted):
        self.batches.append(list(painted))
        self.painted |= painted


@pytest.fixture
def order():
    """Ten channels of a small network."""
    with NetworkSession(seeded(TinyConv), size=32, device="cpu").using(RECIPE) as session:
        requests = [PictureRequest(f"body.2:{channel}", Channel("body.2", channel)) for channel in range(10)]
        keys = [request.words for request in requests]
        yield ObjectiveOrder(session, keys, Palette(plain_colours(3)), requests, [session.layer("body.2")])


def paint_with(order, pictures, batch_size, largest, keeper=None):
    """Paint on a device that holds ``largest`` pictures; what was kept."""
    keeper = keeper or Kept()
    with order.reader() as read:

        def build(batch):
            if len(batch) > largest:
                raise torch.cuda.OutOfMemoryError("out of memory")
            return order.painting(read, batch)

        paint(build, pictures, batch_size, keeper)
    return keeper


def test_out_of_memory_halves_the_batch_and_goes_on(order):
    """Every picture is painted once, in order, in batches that fit, and is the one that a larger device paints."""
    kept = paint_with(order, range(7), 7, 2)
    assert kept.batches == [[0], [1, 2], [3, 4], [5, 6]]
    whole = paint_with(order, range(7), 7, 7)
    assert whole.batches == [[0, 1, 2, 3, 4, 5, 6]]
    for picture, painted in whole.painted.items():
        torch.testing.assert_close(kept.painted[picture].image, painted.image, atol=1e-3, rtol=0)


def test_batches_have_the_size_asked(order):
    """Where memory suffices, the batches are as asked."""
    assert paint_with(order, [3, 4, 5, 9], 3, 9).batches == [[3, 4, 5], [9]]


def test_one_picture_that_does_not_fit_is_an_error(order):
    """Nothing smaller is left to try."""
    with pytest.raises(torch.cuda.OutOfMemoryError):
        paint_with(order, [0, 1], 2, 0)


def test_an_interrupted_batch_goes_on_from_its_state(order, tmp_path):
    """Not from its start: the steps that are made are counted and not made again, and the bits are the same."""
    whole, stopped, again = Kept(), Kept(stop_at=20), Kept()
    whole.snapshots = stopped.snapshots = again.snapshots = 2
    stopped.state = again.state = tmp_path / "state"
    stopped.save_seconds = 0.0
    paint_with(order, [0, 1], 2, 2, whole)
    with pytest.raises(KeyboardInterrupt):
        paint_with(order, [0, 1], 2, 2, stopped)
    assert len(list(tmp_path.iterdir())) == 1
    paint_with(order, [0, 1], 2, 2, again)
    assert list(tmp_path.iterdir()) == []
    assert (whole.snapped, stopped.snapped, again.snapped) == (
        [(15, [0, 1]), (30, [0, 1])],
        [(15, [0, 1])],
        [(30, [0, 1])],
    )
    assert (sum(whole.counts), again.counts[0], sum(again.counts)) == (60, 40, 60)
    for picture, painted in whole.painted.items():
        assert torch.equal(again.painted[picture].image, painted.image)
        assert again.painted[picture].loss == painted.loss

"""Views: one resampling with known geometry, its own draw per picture, and seeded."""

import pytest
import torch
from torch.nn import functional

from mindseye.optimize.randomness import Dice
from mindseye.optimize.transforms import Views


def pictures(n=2, side=16):
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(4))


DICE = Dice(0, ("a", "b"))


def test_nothing_asked_changes_nothing():
    """Without any transform the picture is seen as it is, bit for bit."""
    assert torch.equal(Views(16)(pictures(), 3, DICE), pictures())


def test_flip_alone_mirrors():
    """A certain flip is torch.flip, exactly on the pixel grid."""
    torch.testing.assert_close(Views(16, flip=1.0)(pictures(), 0, DICE), pictures().flip(-1), atol=1e-5, rtol=0)


def test_quarter_turn_is_rot90():
    """The map of a rotation by 90 degrees turns the picture as torch.rot90 does."""
    views = Views(16, rotate=90.0)
    step = next(s for s in range(2000) if DICE.uniform(s, "geometry", 7)[0, 6] > 0.9995)
    seen = views(pictures(), step, DICE)[0]
    difference = min(float((seen - torch.rot90(pictures()[0], k, (1, 2))).abs().mean()) for k in (1, 3))
    assert difference < 0.02


def test_crop_shows_a_square_inside():
    """A view of a ramp is a ramp: its slope is the share of the side, and no value lies outside the picture."""
    side = 64
    ramp = ((torch.arange(side) + 0.5) / side).expand(2, 3, side, side)
    views = Views(side, crop=(0.7, 1.0))
    shares = []
    for step in range(40):
        seen = views(ramp, step, DICE)[:, 0, 0]
        shares += [float(row[-1] - row[0]) * side / (side - 1) for row in seen]
        assert seen.min() >= 0
        assert seen.max() <= 1
    assert min(shares) >= 0.69
    assert max(shares) <= 1.01
    assert max(shares) - min(shares) > 0.2


def test_each_picture_and_step_draws_its_own():
    """Two pictures, and two steps, are seen differently; the same picture and step always alike."""
    same = pictures(1).expand(2, -1, -1, -1)
    views = Views(16, crop=(0.5, 0.9), flip=0.5, noise=0.1, colour_jitter=0.1, rotate=5, shift=0.1)
    first, second = views(same, 0, DICE), views(same, 1, DICE)
    assert not torch.allclose(first[0], first[1])
    assert not torch.allclose(first[0], second[0])
    assert torch.equal(first, views(same, 0, DICE))


def test_a_picture_does_not_depend_on_its_batch():
    """Picture b is seen alone exactly as beside a."""
    views = Views(16, crop=(0.5, 0.9), flip=0.5, noise=0.1, colour_jitter=0.1)
    assert torch.equal(views(pictures(), 5, DICE)[1], views(pictures()[1:], 5, DICE.select([1]))[0])


def test_a_finer_canvas_is_averaged():
    """A canvas finer than the view is averaged, not sampled: a checkerboard of single pixels is grey."""
    board = ((torch.arange(64)[:, None] + torch.arange(64)) % 2).float().expand(2, 3, 64, 64)
    seen = Views(16, crop=(0.9, 0.95), flip=0.5)(board, 0, DICE)
    assert (seen - 0.5).abs().max() < 0.2
    torch.testing.assert_close(Views(16).plain(board), functional.avg_pool2d(board, 4), atol=0.05, rtol=0)


@pytest.mark.parametrize("keyword", [{"noise": 0.1}, {"colour_jitter": 0.2}])
def test_noise_and_jitter_have_the_size_asked(keyword):
    """Noise has its standard deviation; jitter stays within gain and offset."""
    grey = torch.full((2, 3, 64, 64), 0.5)
    change = Views(64, **keyword)(grey, 0, DICE) - grey
    if "noise" in keyword:
        assert float(change.std()) == pytest.approx(0.1, rel=0.05)
    else:
        assert change.abs().max() <= 0.2 * 0.5 + 0.2
        assert change.flatten(2).std(-1).max() < 1e-6

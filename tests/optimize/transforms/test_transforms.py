"""Views: one resampling with known geometry, its own draw per picture, and seeded."""

import pytest
import torch
from torch.nn import functional

from mindseye.optimize.random import RandomKeys
from mindseye.optimize.regularizers.functional import gaussian_blur
from mindseye.optimize.transforms.perspective import seen_corners
from mindseye.optimize.transforms.views import Views


def pictures(n=2, side=16):
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(4))


DICE = RandomKeys(0, ("a", "b"))


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


def test_scale_shows_more_than_the_canvas():
    """At twice the side the canvas fills the middle half of the view; around it lies its reflection, or grey."""
    images = 0.3 * pictures()
    small = functional.avg_pool2d(images, 2)
    for padding in ("reflection", "grey"):
        seen = Views(16, scale=(2.0, 2.0), padding=padding)(images, 0, DICE)
        torch.testing.assert_close(seen[..., 4:12, 4:12], small, atol=1e-5, rtol=0)
        if padding == "grey":
            assert (seen[..., :3, :] == 0.5).all()
        else:
            torch.testing.assert_close(seen[..., :4, 4:12], small[..., :4, :].flip(-2), atol=1e-5, rtol=0)


def test_scale_multiplies_the_crop():
    """The share of the side that a view shows is the crop's times the scale's, about the same centre."""
    plain, scaled = Views(16, crop=(0.5, 0.8)), Views(16, crop=(0.5, 0.8), scale=(0.8, 1.2))
    ratios = set()
    for step in range(20):
        before, after = plain.maps(step, DICE), scaled.maps(step, DICE)
        assert torch.equal(before[:, :, 2], after[:, :, 2])
        ratios |= {float(ratio) for ratio in after[:, 0, 0] / before[:, 0, 0]}
    assert 0.8 <= min(ratios) < 0.85
    assert 1.15 < max(ratios) <= 1.2


def test_pad_is_a_margin():
    """A pad of half the side leaves the canvas the middle half of the view."""
    images = pictures()
    seen = Views(16, pad=0.5, padding="grey")(images, 0, DICE)
    torch.testing.assert_close(seen, Views(16, scale=(2.0, 2.0), padding="grey")(images, 0, DICE))
    torch.testing.assert_close(Views(16, pad=0.25, scale=(2 / 3, 2 / 3))(images, 0, DICE), images, atol=1e-5, rtol=0)


@pytest.mark.parametrize("padding", ["reflection", "grey"])
def test_perspective_puts_the_corners_where_they_were_drawn(padding):
    """A bright corner of the canvas is seen at its drawn place, and the flat middle stays flat."""
    side = 65
    views = Views(side, perspective=0.5, padding=padding)
    places = seen_corners(DICE.uniform(3, "perspective", 4, 2), 0.5)
    for corner, (row, column) in enumerate([(0, 0), (0, -1), (-1, -1), (-1, 0)]):
        image = torch.zeros(2, 1, side, side)
        image[..., slice(0, 3) if row == 0 else slice(-3, None), slice(0, 3) if column == 0 else slice(-3, None)] = 1.0
        seen = views(image, 3, DICE) - views(torch.zeros_like(image), 3, DICE)
        for picture in range(2):
            brightest = int(seen[picture, 0].argmax())
            x, y = ((2 * place + 1) / side - 1 for place in (brightest % side, brightest // side))
            assert (x, y) == pytest.approx(places[picture, corner].tolist(), abs=0.12)


def test_no_perspective_is_the_affine_path():
    """A distortion too small to see gives, through the homography, what the affine map alone gives."""
    keywords = {"crop": (0.6, 0.9), "rotate": 20.0, "flip": 0.5, "shift": 0.05}
    affine, projective = Views(16, **keywords), Views(16, perspective=1e-7, **keywords)
    torch.testing.assert_close(projective(pictures(), 2, DICE), affine(pictures(), 2, DICE), atol=1e-4, rtol=0)


def test_view_blur_is_a_gaussian_of_each_pictures_own_sigma():
    """Sigma runs from the smallest to the largest, drawn per picture."""
    found = Views(16, blur=(0.5, 2.0))(pictures(), 4, DICE)
    sigmas = (0.5 + 1.5 * DICE.uniform(4, "blur", 1)).flatten().tolist()
    assert sigmas[0] != sigmas[1]
    for image, view, sigma in zip(pictures(), found, sigmas):
        assert torch.equal(view, gaussian_blur(image[None], sigma)[0])


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_greyscale_takes_the_colours_of_three_channels(channels):
    """A certain greyscale is the luminance in all three channels; other numbers of channels stay; half is about half."""
    images = torch.rand(2, channels, 8, 8)
    found = Views(8, greyscale=1.0)(images, 0, DICE)
    if channels != 3:
        assert torch.equal(found, images)
        return
    luminance = 0.299 * images[:, 0] + 0.587 * images[:, 1] + 0.114 * images[:, 2]
    torch.testing.assert_close(found, luminance[:, None].expand(-1, 3, -1, -1))
    grey = [float(Views(8, greyscale=0.5)(images, step, DICE)[0].std(0).max()) < 1e-6 for step in range(60)]
    assert 15 < sum(grey) < 45


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_all_at_once_for_any_channels(channels):
    """Every part together keeps the shape, is finite, lets gradients through, and depends on no neighbour."""
    views = Views(
        16, (0.5, 0.9), 0.5, 10, 0.1, 0.05, 0.1, scale=(0.9, 1.2), pad=0.1, padding="grey", perspective=0.4,
        blur=(0.1, 1.0), greyscale=0.5,
    )  # fmt: skip
    images = torch.rand(2, channels, 20, 20, requires_grad=True)
    seen = views(images, 1, DICE)
    assert seen.shape == (2, channels, 16, 16)
    seen.sum().backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()
    alone = views(images[1:], 1, DICE.select([1]))[0]
    torch.testing.assert_close(seen[1], alone, atol=1e-6, rtol=1e-5)


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

"""Transparency: pictures over grey when shown, over another random background at every step."""

import torch

from mindseye.optimize.canvases.alpha import Alpha, background, over
from mindseye.optimize.canvases.colour import builtin_colours
from mindseye.optimize.canvases.fourier import Fourier
from mindseye.optimize.canvases.pixels import Pixels
from mindseye.optimize.random import RandomKeys

DICE = RandomKeys(0, ("a", "b"))


def planes(channels=3, side=10):
    return torch.rand(2, channels + 1, side, side, generator=torch.Generator().manual_seed(0))


def test_over_by_definition():
    """alpha times the picture plus (1 - alpha) times what lies behind, for any channels."""
    for channels in (1, 3, 7):
        held, behind = planes(channels), torch.rand(2, channels, 10, 10)
        expected = held[:, -1:] * held[:, :-1] + (1 - held[:, -1:]) * behind
        torch.testing.assert_close(over(held, behind), expected)


def test_shown_over_grey_and_seen_over_chance():
    """Where nothing is opaque the picture is grey, and the network sees the background alone."""
    held = planes()
    held[:, -1] = 0
    canvas = Alpha(Pixels(held))
    assert (canvas.render() == 0.5).all()
    torch.testing.assert_close(canvas.step_images(canvas.planes(), 4, DICE).detach(), background(3, 10, 4, DICE))
    assert torch.equal(canvas.alpha().detach(), held[:, -1:])


def test_backgrounds_differ_by_step_and_picture_and_come_again():
    """In [0, 1], another for each picture and step, the same for the same."""
    first = background(3, 20, 0, DICE)
    assert first.min() >= 0
    assert first.max() <= 1
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, background(3, 20, 1, DICE))
    assert torch.equal(first[1:], background(3, 20, 0, DICE.select([1])))


def test_an_image_without_opacity_is_opaque():
    """Images of the picture's channels replace the picture and make it opaque; planes replace both."""
    canvas = Alpha(Pixels(planes()))
    images = torch.rand(2, 3, 10, 10)
    canvas.replace(images)
    assert (canvas.alpha() == 1).all()
    torch.testing.assert_close(canvas.render().detach(), images)
    canvas.replace(planes())
    assert torch.equal(canvas.planes().detach(), planes())


def test_opacity_mixes_with_no_colour():
    """The matrix of colours leaves the last channel alone: it is the sigmoid of itself."""
    colours = builtin_colours(3).with_alpha()
    channels = torch.randn(2, 4, 6, 6)
    found = colours.to_image(channels)
    torch.testing.assert_close(found[:, 3], channels[:, 3].sigmoid())
    torch.testing.assert_close(found[:, :3], builtin_colours(3).to_image(channels[:, :3]))
    canvas = Alpha(Fourier(torch.zeros(2, 4, 6, 4, 2), 6, 1.0, colours))
    torch.testing.assert_close(canvas.alpha().detach(), torch.full((2, 1, 6, 6), 0.5))

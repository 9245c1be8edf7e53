"""Paintings with every canvas, regularizer and transform: each continues bit for bit, and keeps its pictures apart."""

from dataclasses import replace

import pytest
import torch
from nets import TinyConv, seeded
from torch import nn

from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.colour import builtin_colours
from mindseye.optimize.canvases.compose import compose_canvas
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.canvases.prior import Prior
from mindseye.optimize.compose import image_terms
from mindseye.optimize.loop import Painting, run
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.optimize.transforms.views import Views
from mindseye.preprocessing import Preprocessing

SIDE, LAYER = 32, "body.2"
UNITS = torch.tensor([2, 5, 7])  # which answer to all of the starts below
BASE = Recipe("x", steps=6, lr=0.05)
PIXELS = replace(BASE, canvas="pixels", lr=0.02)
PARTS = {
    "laplacian": replace(BASE, canvas="laplacian", coarse=0.5),
    "cppn": replace(BASE, canvas="cppn", cppn_width=5, cppn_depth=2, coarse=0.5),
    "prior": replace(BASE, canvas="prior"),
    "alpha": replace(BASE, alpha=True, alpha_area=(0.1, 0.5), coarse=0.5),
    "alpha pixels": replace(PIXELS, alpha=True, blur=0.5, blur_every=2),
    "shared": replace(BASE, shared=0.5, coarse=0.5),
    "photo": replace(PIXELS, start="photo"),
    "norms": replace(PIXELS, l1=(0.0, 1.0), lp=1.0, total_variation=2.0, tv_power=2.0),
    "bilateral": replace(PIXELS, bilateral=(1.0, 0.5), bilateral_every=2),
    "gradient": replace(PIXELS, gradient_blur=(2.0, 0.5), normalise_gradient=True, optimizer="sgd"),
    "views": replace(BASE, views=3, crop=(0.6, 1.0), noise=0.02),
    "octaves": replace(PIXELS, octaves=3, octave_scale=1.4, shift=0.1),
    "transforms": replace(
        BASE, scale=(0.8, 1.3), pad=0.1, padding="grey", perspective=0.3, view_blur=(0.1, 1.0), greyscale=0.3
    ),
}


class Decoder(nn.Module):
    """Four numbers to 16 x 16 pictures."""

    def __init__(self, channels=3):
        super().__init__()
        self.channels, self.linear = channels, nn.Linear(4, channels * 256)

    def forward(self, latent):
        return self.linear(latent).view(-1, self.channels, 16, 16).sigmoid()


def paint(read, recipe, pictures=(0, 1, 2), channels=3):
    random = RandomKeys(0, tuple(f"picture {index}" for index in pictures))
    images = torch.rand(3, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(1))[list(pictures)]
    prior = Prior("decoder", seeded(Decoder, channels), (4,))
    palette, device = Palette(builtin_colours(channels)), torch.device("cpu")
    canvas = compose_canvas(CanvasRequest(recipe, SIDE, channels, palette, random, device, images, prior))
    terms = [Term("unit", Channel(LAYER, UNITS[list(pictures)]), Schedule(-5.0, -5.0)), *image_terms(recipe)]
    plain = Preprocessing((0.5,) * channels, (0.25,) * channels, SIDE, SIDE)
    return Painting(canvas, terms, recipe, Views.of(recipe, SIDE), random, read, plain)


@pytest.fixture(scope="module")
def reads():
    """A reader of one layer, for networks of 1, 3 and 7 channels."""
    found = {}
    for channels in (1, 3, 7):
        network = seeded(TinyConv, channels)
        found[channels] = Reader(network, [find_layer(survey(network, SIDE, channels), LAYER)])
    return found


@pytest.mark.parametrize("name", PARTS)
def test_a_state_continues_as_if_never_stopped(reads, name):
    """Stopped in the middle, written out and loaded into a fresh painting, the end is the same bit for bit."""
    recipe = PARTS[name]
    with reads[3] as read:
        whole, first, second = (paint(read, recipe) for _ in range(3))
        run(whole, 10, lambda *_: None)
        for _ in range(3):
            first.advance()
        second.load(first.state())
        run(second, 10, lambda *_: None)
        assert torch.equal(whole.images(), second.images())
        assert torch.equal(whole.measure(), second.measure())
        assert whole.drop_lost() == []


@pytest.mark.parametrize("name", [name for name in PARTS if name != "shared"])
def test_a_picture_does_not_depend_on_its_neighbours(reads, name):
    """Painted alone or beside others, a picture is the same (up to the last bits of another batch size)."""
    with reads[3] as read:
        together, alone = paint(read, PARTS[name]), paint(read, PARTS[name], [1])
        for painting in (together, alone):
            run(painting, 10, lambda *_: None)
        torch.testing.assert_close(together.images()[1], alone.images()[0], atol=2e-4, rtol=0)


@pytest.mark.parametrize("channels", [1, 7])
@pytest.mark.parametrize("name", PARTS)
def test_any_number_of_channels(reads, name, channels):
    """One channel and seven: the pictures move, and stay finite and in range."""
    with reads[channels] as read:
        painting = paint(read, PARTS[name], channels=channels)
        before = painting.images()
        for _ in range(2):
            painting.advance()
        after = painting.images()
    assert after.shape == (3, channels, SIDE, SIDE)
    assert after.isfinite().all()
    assert not torch.equal(before, after)


@pytest.mark.parametrize("name", PARTS)
def test_every_part_raises_the_objective(reads, name):
    """After 30 steps each picture's unit is stronger than at its start."""
    with reads[3] as read:
        painting = paint(read, replace(PARTS[name], steps=30))
        run(painting, 30, lambda *_: None)
        assert (painting.measure()[0] < painting.start[0]).all()


def test_the_gradient_of_views_is_their_mean(reads):
    """One step of plain descent with three views moves the canvas by the mean of three single steps."""
    one = replace(PIXELS, optimizer="sgd", momentum=0.0, lr=0.1, crop=(0.6, 1.0), l1=0.5)
    with reads[3] as read:
        start = paint(read, one).canvas.parameters[0].detach().clone()
        moves = []
        for number in range(3):
            single = paint(read, one)
            single.random = single.random.view(number)
            single.advance()
            moves.append(single.canvas.parameters[0].detach() - start)
        three = paint(read, replace(one, views=3))
        three.advance()
        moved = three.canvas.parameters[0].detach() - start
    assert not torch.allclose(moves[0], moves[1])
    torch.testing.assert_close(moved, torch.stack(moves).mean(0), atol=1e-6, rtol=1e-4)


def test_a_shared_part_that_turns_nan_stops_all(reads):
    """A parameter of all pictures counts for each of them."""
    with reads[3] as read:
        painting = paint(read, PARTS["shared"])
        painting.advance()
        with torch.no_grad():
            painting.canvas.parameters[-1].fill_(float("nan"))
        assert painting.drop_lost() == [0, 1, 2]


def test_an_area_of_alpha_makes_pictures_transparent(reads):
    """Held down alone, the opacity falls everywhere; without the penalty it does not."""
    with reads[3] as read:
        held, free = (paint(read, replace(BASE, alpha=True, alpha_area=weight, steps=20)) for weight in (100.0, 0.0))
        for painting in (held, free):
            run(painting, 20, lambda *_: None)
    assert held.canvas.alpha().mean() < 0.4
    assert free.canvas.alpha().mean() > 0.45

"""Canvases as recipes ask for them: every kind starts, shows what it is given, and keeps its pictures apart."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.colour import builtin_colours
from mindseye.optimize.canvases.compose import compose_canvas, palette_of
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.canvases.prior import Prior
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe

SIDE = 24
KINDS = {
    "pixels": Recipe("x", canvas="pixels"),
    "fourier": Recipe("x", canvas="fourier"),
    "laplacian": Recipe("x", canvas="laplacian"),
    "maco": Recipe("x", canvas="maco"),
    "cppn": Recipe("x", canvas="cppn", cppn_depth=3, cppn_width=6),
    "prior": Recipe("x", canvas="prior"),
    "shared": Recipe("x", canvas="fourier", shared=0.5),
    "shared laplacian": Recipe("x", canvas="laplacian", shared=0.5),
    "alpha pixels": Recipe("x", canvas="pixels", alpha=True),
    "alpha fourier": Recipe("x", canvas="fourier", alpha=True),
    "alpha laplacian": Recipe("x", canvas="laplacian", alpha=True, shared=0.3),
    "alpha cppn": Recipe("x", canvas="cppn", cppn_depth=2, cppn_width=4, alpha=True),
}
SHOWING = [name for name in KINDS if not {"cppn", "prior", "maco"} & set(name.split())]


class Decoder(nn.Module):
    """A latent of four numbers to 12 x 12 pictures."""

    latent_shape = (4,)

    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        self.linear = nn.Linear(4, channels * 144)

    def forward(self, latent):
        return self.linear(latent).view(-1, self.channels, 12, 12).sigmoid()


def photos(n, channels):
    return 0.2 + 0.6 * torch.rand(n, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(5))


def made(kind, channels=3, keys=("a", "b"), start="noise", images=None):
    recipe = replace(KINDS[kind], start=start)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        prior = Prior("decoder", Decoder(channels).eval().requires_grad_(False), (4,))
    palette = Palette(builtin_colours(channels), torch.ones(channels, SIDE, SIDE // 2 + 1))
    return compose_canvas(
        CanvasRequest(recipe, SIDE, channels, palette, RandomKeys(0, keys), torch.device("cpu"), images, prior)
    )


@pytest.mark.parametrize("channels", [1, 3, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_every_canvas_starts_in_range_and_its_gradient_arrives(kind, channels):
    """Pictures in [0, 1] of any number of channels; every parameter gets a finite gradient that is not all zero."""
    canvas = made(kind, channels)
    images = canvas.render()
    assert images.shape == (2, channels, SIDE, SIDE)
    assert images.min() >= 0
    assert images.max() <= 1
    weights = torch.rand(canvas.planes().shape, generator=torch.Generator().manual_seed(1))
    (canvas.planes() * weights).sum().backward()
    for parameter in canvas.parameters:
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().sum() > 0
        assert parameter.shape[0] in (1, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_a_batch_are_those_painted_alone(kind):
    """The start of a picture, and its gradient, do not depend on what lies beside it (but for a shared part)."""
    together, alone = made(kind), made(kind, keys=("b",))
    torch.testing.assert_close(together.render()[1], alone.render()[0], atol=1e-6, rtol=1e-5)
    together.planes().square().sum().backward()
    alone.planes().square().sum().backward()
    for both, one in zip(together.parameters, alone.parameters):
        if both.shape[0] == 2:
            torch.testing.assert_close(both.grad[1:], one.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("channels", [1, 3, 7])
@pytest.mark.parametrize("kind", SHOWING)
def test_a_canvas_starts_from_a_photo(kind, channels):
    """The start shows the photos, and replace shows others, also once the shared part has moved."""
    images = photos(2, channels)
    canvas = made(kind, channels, start="photo", images=images)
    near = 0.02 if "alpha" in kind else 1e-4  # an opacity under a sigmoid is never quite 1
    torch.testing.assert_close(canvas.render().detach(), images, atol=near, rtol=0)
    with torch.no_grad():
        canvas.parameters[-1].add_(0.1)
    canvas.replace(images.flip(-1))
    torch.testing.assert_close(canvas.render().detach(), images.flip(-1), atol=near, rtol=0)


@pytest.mark.parametrize("kind", SHOWING)
def test_planes_are_kept_when_they_are_replaced(kind):
    """What a constraint reads and writes back unchanged is unchanged."""
    canvas = made(kind)
    planes = canvas.planes().detach()
    canvas.replace(planes)
    torch.testing.assert_close(canvas.planes().detach(), planes, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_coarsening_keeps_the_shapes_and_the_slow_changes(kind):
    """Every parameter's change comes back in its shape; with a cutoff beyond all frequencies nothing is taken away."""
    canvas = made(kind)
    changes = [torch.rand(parameter.shape) for parameter in canvas.parameters]
    for change, coarse in zip(changes, canvas.coarsen(changes, 100.0), strict=True):
        torch.testing.assert_close(coarse, change, atol=1e-4, rtol=1e-3)
    assert [coarse.shape for coarse in canvas.coarsen(changes, 0.1)] == [change.shape for change in changes]


def test_photos_of_another_size_are_resized():
    """One photo of any size may stand for all pictures; grey is grey."""
    canvas = made("pixels", start="photo", images=torch.full((1, 3, 40, 40), 0.3))
    torch.testing.assert_close(canvas.render().detach(), torch.full((2, 3, SIDE, SIDE), 0.3))
    for kind in SHOWING:
        torch.testing.assert_close(
            made(kind, start="grey").render().detach(), torch.full((2, 3, SIDE, SIDE), 0.5), atol=1e-5, rtol=0
        )


@pytest.mark.parametrize(
    ("kind", "start", "told"), [("pixels", "photo", "a photo"), ("fourier", "weighted", "members")]
)
def test_a_start_that_is_missing_is_named(kind, start, told):
    """A recipe that starts from a picture says so where there is none."""
    with pytest.raises(UserError, match=told):
        made(kind, start=start)


@pytest.mark.parametrize("kind", ["cppn", "prior"])
def test_canvases_that_cannot_show_a_picture_say_so(kind):
    """A network and a decoder cannot be made to show a photo."""
    with pytest.raises(UserError, match="cannot start from a picture"):
        made(kind).replace(photos(2, 3))


def test_palette_of_any_channels():
    """Colours of the photos, built in, or none; the magnitude for MACO alone."""
    images = (255 * photos(3, 7)).to(torch.uint8)
    assert palette_of(Recipe("x", canvas="maco", size=16), images, 7).magnitude.shape == (7, 16, 9)
    assert palette_of(Recipe("x", colours="imagenet"), images[:, :3], 3).magnitude is None

"""A file as a user would write it: a part of each kind, and each kind of mistake; and a painting with such parts."""

import torch

from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.colour import builtin_colours
from mindseye.optimize.canvases.compose import compose_canvas, find_canvas
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.loop import Painting
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.optimize.transforms.views import Views
from mindseye.preprocessing import Preprocessing

FILE = '''
import torch
import mindseye
from mindseye.optimize.canvases.canvas import Canvas
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.regularizers.regularizer import Regularizer
from mindseye.optimize.transforms.transform import Transform


class Grey(Canvas):
    """One number per pixel: pictures without colours."""

    def __init__(self, request):
        noise = request.random.normal(-1, "grey", 1, request.side, request.side)
        self.values = (0.1 * noise).to(request.device).requires_grad_()
        self.in_channels = request.in_channels

    @property
    def parameters(self):
        return [self.values]

    def render(self):
        return self.values.sigmoid().expand(-1, self.in_channels, -1, -1)


class Patches(Grey):
    """Squares, so many to a side."""

    def __init__(self, request, count=2):
        self.values = (0.1 * request.random.normal(-1, "patches", 1, count, count)).to(request.device).requires_grad_()
        self.side, self.in_channels = request.side, request.in_channels

    def render(self):
        images = torch.nn.functional.interpolate(self.values, size=(self.side, self.side))
        return images.sigmoid().expand(-1, self.in_channels, -1, -1)


class Small(Grey):
    fixed_side = 12

    def replace(self, images):
        with torch.no_grad():
            self.values.copy_(images.mean(1, keepdim=True).clamp(0.01, 0.99).logit())


class Cutout(Transform):
    """A square of each picture is black, elsewhere at every step."""

    def __init__(self, share=0.5):
        self.share = share

    def __call__(self, images, step, random):
        side = images.shape[-1]
        hole = int(side * self.share)
        corners = (random.uniform(step, "cutout", 2) * (side - hole + 1)).long()
        masks = torch.ones(len(images), 1, side, side)
        for mask, (row, column) in zip(masks, corners.tolist()):
            mask[:, row : row + hole, column : column + hole] = 0
        return images * masks.to(images)


def darker(images, step, random):
    return images * 0.5


class Still(Regularizer):
    """The left half does not move."""

    def change_gradient(self, gradient, step, progress):
        gradient = gradient.clone()
        gradient[..., : gradient.shape[-1] // 2] = 0
        return gradient


class Fade(Regularizer):
    """Every second step a little nearer to white."""

    every = 2

    def __init__(self, share=0.1):
        self.share = share

    def change_images(self, images, step, progress):
        return images + self.share * progress * (1 - images)


class Contrast(Objective):
    """How unlike a channel's positions are."""

    layers = ("body.2",)

    def __init__(self, channel=3):
        self.channel = channel

    def __call__(self, activations):
        return activations["body.2"][:, self.channel].std(-1)


def contrast():
    return Contrast(5)


class Average(Contrast):
    def __call__(self, activations):
        return super().__call__(activations).mean()


class Shrinks(Transform):
    def __call__(self, images, step, random):
        return images[..., 1:]


class Flattens(Regularizer):
    def change_gradient(self, gradient, step, progress):
        return gradient.flatten()


class Breaks(Contrast):
    def __call__(self, activations):
        return activations["body.7"]
'''


def write_parts(folder):
    """The file ``my.py`` in a folder."""
    (folder / "my.py").write_text(FILE)
    return folder / "my.py"


SIDE = 32


PLAIN = Preprocessing((0.5,) * 3, (0.25,) * 3, SIDE, SIDE)


PIXELS = Recipe("x", steps=6, canvas="pixels", lr=0.05, start="grey")


def request(recipe, keys=("a", "b"), side=SIDE, images=None):
    palette = Palette(builtin_colours(3))
    return CanvasRequest(recipe, side, 3, palette, RandomKeys(0, keys), torch.device("cpu"), images)


def paint(read, recipe, objective=None, keys=("a", "b")):
    asked = request(recipe, keys, find_canvas(recipe.canvas).fixed_side or SIDE)
    term = Term("objective", objective or Channel("body.2", 3), Schedule(-1.0, -1.0))
    views = Views.of(recipe, SIDE)
    return Painting(compose_canvas(asked), [term], recipe, views, asked.random, read, PLAIN)

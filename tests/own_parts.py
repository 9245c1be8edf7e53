"""A file as a user would write it: a part of each kind, and each kind of mistake."""

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

"""What tests of a session compare it with: the network taken apart by hand, and pixels of photos and runs."""

import numpy as np
import torch
from nets import TinyConv, seeded
from PIL import Image

import mindseye as me

SIDE, COUNT, LAYER = 32, 18, "body.2"
RECIPE = me.recipe("distribution", steps=12, snapshots=1, target_views=0, top_k=4, members=5)


@torch.no_grad()
def features(images, blocks=3):
    """The map behind some blocks of the body, without a hook: [images, channels, rows, columns]."""
    network = seeded(TinyConv)
    return network.body[:blocks](network.relu(network.stem(images)))


def pixels_of(paths):
    """Photos as the network sees them, [photos, 3, side, side] in [0, 1]."""
    arrays = np.stack([np.asarray(Image.open(path)) for path in paths])
    return torch.from_numpy(arrays).movedim(-1, 1).float() / 255


def written(run):
    """The pixels of every picture that a run keeps, in order, [pictures, side, side, 3]."""
    entries = [facet for layer in run.manifest.layers for facet in layer.facets] or run.manifest.pictures
    return np.stack([np.asarray(Image.open(run.path / entry.picture)) for entry in entries])


def as_bytes(images):
    return (images.clamp(0, 1) * 255).round().byte().movedim(1, -1).numpy()


class Counting(TinyConv):
    """Counts the images that pass through it."""

    def __init__(self):
        super().__init__()
        self.passed = 0

    def forward(self, images):
        self.passed += len(images)
        return super().forward(images)

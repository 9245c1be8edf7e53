"""What the tests of painting commands have in common: photos, pictures read back, and ``TinyConv`` taken apart by hand."""

import numpy as np
import torch
from PIL import Image

SIDE = 32
QUICK = {"size": SIDE, "steps": 8, "snapshots": 1, "quiet": True}


def write_photos(folder, count, side=SIDE):
    """Photos of one colour each, with stripes of their own width and some noise."""
    draw = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        stripes = np.arange(side) // (2 + number % 5) % 2 * 90
        pixels = draw.integers(0, 40, (side, side, 3)) + draw.integers(0, 120, 3) + stripes[:, None, None]
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02d}.png")
    return folder


def image_of(path):
    """A picture file as the network sees it, [1, 3, side, side] in [0, 1]."""
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).movedim(-1, 0)[None].float() / 255


def picture(run, index=0, role="picture"):
    return image_of(run.path / getattr(run.manifest.pictures[index], role))


def value(run, index=0, role="picture"):
    """What the run says of a picture."""
    return run.manifest.pictures[index].measures["objective"][role]["value"]


@torch.no_grad()
def features(network, images, blocks=3):
    """The map behind some blocks of a ``TinyConv``'s body."""
    return network.body[:blocks](network.relu(network.stem(images)))


@torch.no_grad()
def before_relu(network, images):
    """What the last ReLU of the last block is given."""
    block, inside = network.body[2], features(network, images, 2)
    return block.conv2(block.conv1(inside).relu()) + inside


def files(folder):
    """Every picture that a run leaves but its figures, by path: bytes."""
    paths = [path for path in folder.rglob("*.png") if "figures" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def hooks(network):
    """How many hooks hang on the modules of a network."""
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in network.modules())

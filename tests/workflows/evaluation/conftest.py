"""A finished run of a tiny network over made-up photos, whose pictures tell each other apart, and networks to judge it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mindseye
from mindseye.runs.folder import RunFolder

QUICK = {"steps": 2, "quiet": True, "facets": 2, "size": 32}
NETWORKS = """
import torch
from nets import TinyConv

def make(seed, size):
    torch.manual_seed(seed)
    network = TinyConv()
    for parameter in network.parameters():
        parameter.data *= 2.5
    network.image_size = size
    network.preprocessing = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.25, 0.3], "size": size, "resize": size + 4}
    network.labels = ["ant", "bee", "crab, cancer", "duck", "eel"]
    return network

def painter():
    return make(1, 32)

def judge():
    return make(2, 40)

def other():
    return make(3, 32)

def stranger():
    network = make(4, 32)
    network.labels = ["eel", "duck", "wolf", "bee", "ant"]
    return network
"""


def draw(path: Path, number: int, tint: int, size: tuple[int, int] = (40, 48)) -> None:
    """A photo: noisy stripes of some period, direction and colour; every tint has its own range of colours."""
    random = np.random.default_rng([number, tint])
    rows, columns = np.mgrid[: size[1], : size[0]]
    stripes = np.sin((rows if number % 2 else columns) / random.uniform(1, 6))[..., None]
    colour = random.uniform(20, 120, 3) + 100 * (np.arange(3) == tint)
    pixels = colour + stripes * random.uniform(10, 80, 3) + random.normal(0, 12, (*rows.shape, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def repaint(run: Path) -> None:
    """Replace every picture and start by one that no other resembles: few steps leave them all alike."""
    numbers = iter(range(100, 200))
    manifest = RunFolder(run).read()
    facets = [facet for layer in manifest.layers for facet in layer.facets]
    for entry in [*facets, *manifest.pictures]:
        for path in (entry.picture, entry.start):
            number = next(numbers)
            draw(run / path, number, number % 4, (32, 32))


class World:
    """Folders of photos, networks by name, and a finished run over the first folder at two layers."""

    def __init__(self, root: Path) -> None:
        self.photos = self.draw_folder(root / "photos", 14, 1)
        self.others = self.draw_folder(root / "others" / "more", 9, 2).parent
        self.networks = root / "nets_of_mine.py"
        self.networks.write_text(NETWORKS)
        self.run = self.paint(self.photos, root / "run", layer=["body.0", "body.2"])

    def draw_folder(self, folder: Path, count: int, tint: int) -> Path:
        """A folder of photos of one tint."""
        for number in range(count):
            draw(folder / f"{number:02d}.png", number, tint)
        return folder

    def spec(self, factory: str) -> str:
        """The name of a network."""
        return f"{self.networks}:{factory}"

    def paint(self, photos: Path, out: Path, **options: object) -> Path:
        """A finished run with pictures of its own, one facet per kind of stripe."""
        options = {"model": self.spec("painter"), "layer": "body.2"} | QUICK | options
        mindseye.visualize(photos, out=out, **options)
        repaint(out)
        return out


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(shared_world: World):
    """The world, with its run as it was before any judge looked."""
    before = (shared_world.run / "run.json").read_bytes()
    yield shared_world
    (shared_world.run / "run.json").write_bytes(before)


@pytest.fixture(scope="session")
def shared_commission(shared_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("commission") / "run"
    objectives = ["class:bee", "class:Cancer", "class:1", "body.2:3"]
    mindseye.paint(objectives, model=shared_world.spec("painter"), out=out, steps=2, size=32, quiet=True)
    repaint(out)
    return out


@pytest.fixture
def commission(shared_commission: Path):
    """A finished run of three classes and a channel, as it was before any judge looked."""
    before = (shared_commission / "run.json").read_bytes()
    yield shared_commission
    (shared_commission / "run.json").write_bytes(before)

"""Maps of a few photos by one call, and what it leaves."""

import json

import numpy as np
import torch
from nets import TinyConv, seeded
from PIL import Image

import mindseye

SIDE = 32
FAST = "saliency,cam"
NETWORK = """
import torch

def build():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(6, 8, 3, stride=2), torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 3),
    )
"""


def write_photo(path, seed):
    cells = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(cells).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)
    return path


def look(photos="photos", model=None, **changes):
    model = seeded(TinyConv) if model is None else model
    return mindseye.explain(photos, model, **{"size": SIDE, "quiet": True, "method": FAST} | changes)


def pixels(path):
    return torch.from_numpy(np.array(Image.open(path))).movedim(-1, 0).float()[None] / 255


def record_of(found):
    return json.loads((found.path / "run.json").read_text())

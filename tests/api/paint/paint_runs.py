"""Pictures of named objectives by one call, and decoders of the user's own."""

from byhand import QUICK
from nets import TinyConv, seeded

import mindseye

DECODER = """
import torch
from torch import nn

class Decoder(nn.Module):
    latent_shape = (4,)

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3 * 64)

    def forward(self, latent):
        return self.linear(latent).view(-1, 3, 8, 8).sigmoid()

def seven():
    return nn.Conv2d(4, 7, 1)

def decoder():
    return Decoder()
"""


def paint(objectives, network=None, **changes):
    return mindseye.paint(objectives, network or seeded(TinyConv), **QUICK | changes)

"""Networks whose answers are the means of patches, in whatever shape, so that what is read can be checked."""

import torch
from torch import Tensor, nn

from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey

SIDE, PATCH = 64, 8


class Block(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 0.0


class Patches(nn.Module):
    """Channels 0, 1, 2 are a patch's mean red, green and blue, the others 0; what comes then is a subclass's."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 4, PATCH, PATCH, bias=False)
        with torch.no_grad():
            self.patches.weight.zero_()
            for colour in range(3):
                self.patches.weight[colour, colour] = 1 / PATCH**2
        self.block = Block()


def photos(count: int = 3) -> Tensor:
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))


def patch_means(images: Tensor) -> Tensor:
    """[images, channels, positions]: the mean of each colour in each patch, row by row, and a channel of nothing."""
    cut = images.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH).mean((-1, -2)).flatten(2)
    return torch.cat([cut, torch.zeros(len(images), 1, cut.shape[2])], 1)


def read(network: nn.Module, address: str, images: Tensor) -> Tensor:
    with Reader(network.eval(), [find_layer(survey(network, SIDE), address)]) as reader:
        return reader(images)[address]


class TokensFirst(Patches):
    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.patches(x).flatten(2).permute(2, 0, 1)).mean(0)


class BareSequence(Patches):
    """Without any module that is known to be one-dimensional: a wider image tells which axis is the positions'."""

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.patches(x).flatten(2)).mean(2)

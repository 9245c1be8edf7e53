"""Small networks with every kind of output that a layer can have."""

import torch
from torch import Tensor, nn


class TinyConv(nn.Module):
    """Two stages of convolutions with a reused in-place ReLU, as torchvision's blocks have, and a head."""

    def __init__(self, channels: int = 3, width: int = 8) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.body = nn.Sequential(
            Residual(width), nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), Residual(2 * width)
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2 * width, 5)

    def forward(self, images: Tensor) -> Tensor:
        features = self.body(self.relu(self.stem(images)))
        return self.fc(self.pool(features).flatten(1))


class Residual(nn.Module):
    """A block that runs its one ReLU twice and adds in place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        out = self.conv2(self.relu(self.conv1(features)))
        out += features
        return self.relu(out)


class TinyTokens(nn.Module):
    """Patches as tokens behind a class token and a register, [B, T, C], for images of one size."""

    def __init__(self, side: int = 32, width: int = 12) -> None:
        super().__init__()
        self.image_size = side
        self.patches = nn.Conv2d(3, width, 8, stride=8)
        self.extra = nn.Parameter(torch.zeros(1, 2, width))
        self.place = nn.Parameter(torch.randn(1, (side // 8) ** 2 + 2, width))
        self.blocks = nn.Sequential(*(nn.TransformerEncoderLayer(width, 2, 24, batch_first=True) for _ in range(8)))
        self.head = nn.Linear(width, 5)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.extra.expand(len(tokens), -1, -1), tokens], 1) + self.place
        return self.head(self.blocks(tokens)[:, 0])


class ChannelsLast(nn.Module):
    """A block that works on [B, H, W, C], as Swin and torchvision's ConvNeXt do, and gives a tuple."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 4, stride=4)
        self.norm = nn.LayerNorm(width)
        self.gelu = nn.GELU()
        self.pair = Pair()

    def forward(self, images: Tensor) -> Tensor:
        features, _ = self.pair(self.gelu(self.norm(self.conv(images).permute(0, 2, 3, 1))))
        return features.mean((1, 2))


class Pair(nn.Module):
    """Gives a tuple, as an attention does."""

    def forward(self, features: Tensor) -> tuple[Tensor, None]:
        return features * 2, None


def seeded(network_class: type[nn.Module], *arguments: int) -> nn.Module:
    """A network with the same random weights every time, ready to be looked at."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = network_class(*arguments)
    return network.eval().requires_grad_(False)

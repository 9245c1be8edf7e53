"""What the tests of attribution explain: small networks, images, and a score."""

import torch
from nets import seeded
from torch import Tensor, nn
from torch.nn import functional

from mindseye.attribution.score import class_score
from mindseye.layers.output import find_output
from mindseye.layers.survey import survey
from mindseye.models.load import load_model
from mindseye.optimize.random import RandomKeys

SIDE = 16
DICE = RandomKeys(3, ("a", "b"))


class Plain(nn.Sequential):
    """A network of modules in a row, with ``nn.ReLU``, biases and a maximum."""

    def __init__(self, relu: type[nn.Module] = nn.ReLU) -> None:
        super().__init__(
            nn.Conv2d(3, 6, 3, padding=1), relu(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, stride=2), relu(), nn.Flatten(),
            nn.Linear(8 * 9, 7), relu(), nn.Linear(7, 5),
        )  # fmt: skip


class Functional(nn.Module):
    """The same without a module for what has no weights; one activation function works in place."""

    def __init__(self) -> None:
        super().__init__()
        plain = Plain()
        self.one, self.two, self.three, self.four = plain[0], plain[3], plain[6], plain[8]

    def forward(self, images: Tensor) -> Tensor:
        features = functional.max_pool2d(self.one(images).relu_(), 2)
        features = torch.relu(self.two(features)).flatten(1)
        return self.four(self.three(features).clamp(min=0))


class Gated(nn.Module):
    """A squeeze and excitation: a gate multiplied with what it was made from."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.gate, self.fc = nn.Conv2d(3, 4, 3), nn.ReLU(), Gate(), nn.Linear(4, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.gate(self.relu(self.conv(images))).mean((2, 3)))


class Gate(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return features * features.mean((2, 3), keepdim=True)


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """Every batch norm with statistics and weights of its own, as training leaves them."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, mean, spread in (
                (module.weight, 1, 0.2), (module.bias, 0, 0.2), (module.running_mean, 0, 0.2), (module.running_var, 1, 0.2)
            ):  # fmt: skip
                tensor.data.copy_(mean + spread * torch.randn(tensor.shape, generator=generator).clamp(-2, 2))
    return network.eval().requires_grad_(False)


def images(count=2, side=SIDE, channels=3):
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(5))


def scored(network, classes=(2,), side=SIDE):
    model = load_model(network, size=side)
    return class_score(model, find_output(model.network, side, model.in_channels)[0], classes)


def surveyed(score, side=SIDE):
    return survey(score.model.network, side, score.model.in_channels)


def plain(relu=nn.ReLU):
    return seeded(Plain, relu)


def hooks(network):
    """How many hooks the modules of a network have."""
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in network.modules())

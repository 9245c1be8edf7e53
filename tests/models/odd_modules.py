"""Small modules with the oddities that people's networks have; one of them writes down what passes through it."""

import numpy as np
import torch
from torch import Tensor, nn


class Mark(nn.Module):
    """Passes on what it gets and keeps a copy."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.detach().clone())
        return x + 0


class Noise(nn.Module):
    """Draws random numbers, in evaluation mode too."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.1 * torch.randn_like(x)


class Drawn(nn.Module):
    """Draws a number with NumPy."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.1 * np.random.rand()


class Neighbours(nn.Module):
    """Takes the mean of the whole batch away."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean((0, 2, 3), keepdim=True)


class AddInPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x = x * 1
        x += 0.5
        return x


class Complex(nn.Module):
    """Passes through complex numbers, and makes some that nobody uses."""

    def __init__(self) -> None:
        super().__init__()
        self.unread, self.empty = nn.Identity(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        turned = self.unread(torch.fft.fft2(x.float()))
        self.empty(x[:, :0])
        return torch.fft.ifft2(turned).real.to(x.dtype)

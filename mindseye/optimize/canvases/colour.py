"""Colour spaces of a canvas: axes along which the colours of photos vary independently."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

LOGIT_MARGIN = 0.02

# Square root of the covariance of RGB over ImageNet, largest column norm 1; the matrix of Lucid
# (Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017), for when there are no photos to measure.
IMAGENET = ((0.5628, 0.1948, 0.0433), (0.5846, 0.0, -0.1081), (0.5846, -0.1948, 0.0649))


@dataclass(frozen=True)
class Colours:
    """Turns decorrelated channels into an image in [0, 1] and back: ``image = sigmoid(matrix @ channels + mean)``.

    matrix: [channels, channels], or [pictures, channels, channels] where each picture has its own. mean: [channels] or
    [pictures, channels], the logit of the photos' mean colour or zero.
    """

    matrix: Tensor
    mean: Tensor

    def to_image(self, decorrelated: Tensor) -> Tensor:
        """[B, C, H, W] of any range to an image in (0, 1)."""
        mixed = torch.einsum(self._axes("dc", "bchw->bdhw"), self.matrix, decorrelated)
        return torch.sigmoid(mixed + self.mean[..., None, None])

    def from_image(self, image: Tensor) -> Tensor:
        """The decorrelated channels of an image in [0, 1]; values near 0 and 1 are pulled in, as their logit is infinite."""
        logit = torch.logit(image.clamp(LOGIT_MARGIN, 1 - LOGIT_MARGIN)) - self.mean[..., None, None]
        # Without the check that there is an inverse, as all colours here have one: the check would wait for a GPU.
        inverse = torch.linalg.inv_ex(self.matrix).inverse
        return torch.einsum(self._axes("cd", "bdhw->bchw"), inverse, logit)

    def with_alpha(self) -> "Colours":
        """The same with one more channel behind them, which mixes with none: ``alpha = sigmoid(channel)``."""
        matrix = functional.pad(self.matrix, (0, 1, 0, 1))
        matrix[..., -1, -1] = 1
        return Colours(matrix, functional.pad(self.mean, (0, 1)))

    def to(self, device: torch.device) -> "Colours":
        """The same on a device."""
        return Colours(self.matrix.to(device), self.mean.to(device))

    def _axes(self, matrix: str, images: str) -> str:
        return f"{'b' * (self.matrix.ndim - 2)}{matrix},{images}"


def measured_colours(images: Tensor) -> Colours:
    """The colours of photos [N, C, H, W] in [0, 1]: the square root of their covariance, largest column norm 1.

    One colour alone (or a few pixels) leaves directions without any variance; they get a hundredth of the largest.
    """
    channels = images.shape[1]
    values = images.movedim(1, 0).reshape(channels, -1).double()
    covariance = torch.cov(values).reshape(channels, channels)
    vectors, variances, _ = torch.linalg.svd(covariance)
    deviations = variances.clamp_min(0).sqrt()
    deviations = deviations.clamp_min(0.01 * max(float(deviations.max()), 1e-3))
    matrix = vectors * deviations
    matrix = matrix / matrix.norm(dim=0).max()
    return Colours(_fixed_signs(matrix).float(), torch.zeros(channels))


def builtin_colours(channels: int) -> Colours:
    """Lucid's matrix for three channels, the identity for any other number."""
    matrix = torch.eye(channels)
    if channels == 3:
        matrix = torch.tensor(IMAGENET)
        matrix = matrix / matrix.norm(dim=0).max()
    return Colours(matrix, torch.zeros(channels))


def plain_colours(channels: int) -> Colours:
    """No decorrelation: each channel by itself."""
    return Colours(torch.eye(channels), torch.zeros(channels))


def _fixed_signs(matrix: Tensor) -> Tensor:
    """Columns of a decomposition have no sign of their own; the largest entry is made positive."""
    largest = matrix.abs().argmax(dim=0)
    signs = torch.sign(matrix[largest, torch.arange(matrix.shape[1])])
    return matrix * torch.where(signs == 0, torch.ones_like(signs), signs)

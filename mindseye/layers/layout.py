"""How a module's output is laid out, and how to read it as [images, channels, positions]."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from torch import Tensor, nn

from mindseye.models.kinds import find_attribute

Axes = Literal["map", "map_last", "tokens", "sequence", "vector", "single"]
Order = Literal["first", "second", "windows", "copies"]

CHANNELS_SECOND = (
    *(nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.GroupNorm),
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d),
)
"""Modules of PyTorch whose second axis holds the channels."""
CHANNELS_LAST = (nn.Linear, nn.Embedding, nn.MultiheadAttention)


@dataclass(frozen=True)
class Layout:
    """The axes of an activation.

    axes: ``map`` [B, C, rows, columns] (or more axes of positions); ``map_last`` [B, H, W, C] (Swin, torchvision's ConvNeXt
        blocks); ``tokens`` [B, T, C]; ``sequence`` [B, C, T] (one-dimensional convolutions); ``vector`` [B, C]; ``single``
        [B, H, W] or [B], one channel without an axis of its own (a depth map, a score).
    extra: which of the ``tokens`` are no positions of the image (class and register tokens); they are left out.
    order: where the images are: on the ``first`` axis; on the ``second`` (attention with ``batch_first=False``, [T, B, C]);
        on the first, with the ``windows`` of an image behind each other, [B * windows, ...]; or with whole ``copies`` of the
        batch behind each other, [copies * B, ...] (an image and its mirror image).
    """

    axes: Axes
    extra: tuple[int, ...] = ()
    order: Order = "first"

    def to_positions(self, activation: Tensor, batch: int) -> Tensor:
        """Read an activation as [images, channels, positions]; windows and copies count as more positions.

        Raises:
            ValueError: if the activation does not hold this number of images.
        """
        if not self.holds(tuple(activation.shape), batch):
            raise ValueError(f"gives {list(activation.shape)} for {batch} images")
        if self.order == "second":
            activation = activation.transpose(0, 1)
        elif self.order == "windows":
            return self._gather(activation.reshape(batch, -1, *activation.shape[1:]))
        elif self.order == "copies":
            return self._gather(activation.reshape(-1, batch, *activation.shape[1:]).transpose(0, 1))
        if self.axes in ("map", "sequence"):
            return activation.flatten(2)
        if self.axes == "vector":
            return activation.unsqueeze(-1)
        if self.axes == "single":
            return activation.reshape(batch, 1, -1)
        if self.axes == "tokens" and self.extra:
            activation = self._drop_extra(activation)
        return activation.reshape(batch, -1, activation.shape[-1]).transpose(1, 2)

    def _gather(self, activation: Tensor) -> Tensor:
        """[images, parts, ...] as [images, channels, positions of all parts]."""
        if self.axes == "vector":
            return activation.transpose(1, 2)
        if self.axes in ("map", "sequence"):
            return activation.flatten(3).transpose(1, 2).flatten(2)
        return activation.reshape(len(activation), -1, activation.shape[-1]).transpose(1, 2)

    def _drop_extra(self, tokens: Tensor) -> Tensor:
        count = len(self.extra)
        if self.extra == tuple(range(count)):
            return tokens[:, count:]
        return tokens[:, [index for index in range(tokens.shape[1]) if index not in self.extra]]

    def holds(self, shape: tuple[int, ...], batch: int) -> bool:
        """Whether an activation of this shape can be one of ``batch`` images in this layout."""
        if self.order == "second":
            return len(shape) > 1 and shape[1] == batch
        if self.order == "first":
            return len(shape) > 0 and shape[0] == batch
        return len(shape) > 1 and shape[0] % batch == 0

    def grid(self, shape: tuple[int, ...], batch: int) -> tuple[int, ...]:
        """The positions of an activation of this shape: (rows, columns) of a map, (tokens,), or () for a vector."""
        if self.order in ("windows", "copies"):
            rest = shape[2:] if self.axes in ("map", "sequence", "vector") else shape[1:-1]
            return (shape[0] // batch * prod(rest),)
        if self.axes in ("map", "sequence"):
            return tuple(shape[2:])
        if self.axes == "map_last":
            return tuple(shape[1:-1])
        if self.axes == "vector":
            return ()
        if self.axes == "single":
            return tuple(shape[1:])
        return (shape[0 if self.order == "second" else 1] - len(self.extra),)

    def channels(self, shape: tuple[int, ...]) -> int:
        """The number of channels of an activation of this shape."""
        if self.axes == "single":
            return 1
        return shape[1] if self.axes in ("map", "sequence", "vector") else shape[-1]


def axes_of_kind(module: nn.Module, dimensions: int) -> Axes | None:
    """The axes of an output of so many dimensions that the module's type alone tells; None where it does not."""
    if dimensions == 2:
        return "vector"
    if isinstance(module, CHANNELS_SECOND):
        return "sequence" if dimensions == 3 else "map"
    if isinstance(module, CHANNELS_LAST):
        return "tokens" if dimensions == 3 else "map_last"
    if (
        isinstance(module, nn.LayerNorm) and dimensions == 3
    ):  # with four axes a subclass may take the second for channels
        return "tokens"
    return None


def axes_of_square(shape: tuple[int, ...]) -> Axes | None:
    """The axes of a 4-D output that a *square* image gave, from its shape; None where channels, rows and columns are alike."""
    first_square, last_square = shape[2] == shape[3], shape[1] == shape[2]
    if first_square and last_square:
        return None
    return "map_last" if last_square else "map"


def axes_of_stretched(square: tuple[int, ...], stretched: tuple[int, ...]) -> Axes:
    """The axes of an output from its shapes for a square image and for a wider one: what grew is no channel axis."""
    if len(square) == 3:
        return "sequence" if square[1] == stretched[1] and square[2] != stretched[2] else "tokens"
    return "map_last" if square[2] != stretched[2] and square[3] == stretched[3] else "map"


def stated_extra_tokens(network: nn.Module, tokens: int) -> tuple[int, ...]:
    """The class and register tokens that a network states (timm's ``num_prefix_tokens``), where it has more tokens."""
    value = find_attribute(network, "num_prefix_tokens")
    return tuple(range(value)) if isinstance(value, int) and 0 < value < tokens else ()

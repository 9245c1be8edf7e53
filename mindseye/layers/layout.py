"""How a module's output is laid out, and how to read it as [batch, channels, positions]."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

Axes = Literal["map", "map_last", "tokens", "tokens_second", "vector", "single"]

MAX_PREFIX_TOKENS = 8


@dataclass(frozen=True)
class Layout:
    """The axes of an activation.

    axes: ``map`` [B, C, H, W]; ``map_last`` [B, H, W, C] (Swin, torchvision's ConvNeXt blocks); ``tokens`` [B, T, C];
        ``tokens_second`` [T, B, C] (attention with ``batch_first=False``); ``vector`` [B, C]; ``single`` [B, H, W] or
        [B], one channel without an axis of its own (a depth map, a score).
    prefix: class and register tokens at the front of ``tokens``; they are no positions of the image and are left out.
    """

    axes: Axes
    prefix: int = 0

    def to_positions(self, activation: Tensor, batch: int) -> Tensor:
        """Read an activation as [batch, channels, positions].

        Window attention folds its windows into the batch axis, ``[batch * windows, T, C]``: they are unfolded into positions.
        """
        if self.axes == "map":
            return activation.flatten(2)
        if self.axes == "vector":
            return activation.unsqueeze(-1)
        if self.axes == "single":
            return activation.reshape(batch, 1, -1)
        if self.axes == "map_last":
            return activation.reshape(batch, -1, activation.shape[-1]).transpose(1, 2)
        if self.axes == "tokens_second":
            activation = activation.transpose(0, 1)
        if activation.shape[0] == batch:
            activation = activation[:, self.prefix :]
        return activation.reshape(batch, -1, activation.shape[-1]).transpose(1, 2)

    def grid(self, shape: tuple[int, ...], batch: int) -> tuple[int, ...]:
        """The positions of an activation of this shape: (rows, columns) of a map, (tokens,), or () for a vector."""
        if self.axes == "map":
            return tuple(shape[2:])
        if self.axes == "map_last" and shape[0] == batch:
            return tuple(shape[1:-1])
        if self.axes == "vector":
            return ()
        if self.axes == "single":
            return tuple(shape[1:])
        if self.axes == "tokens_second":
            return (shape[0] - self.prefix,)
        if shape[0] == batch:
            return (shape[1] - self.prefix,)
        count = 1
        for extent in shape[:-1]:
            count *= extent
        return (count // batch,)

    def channels(self, shape: tuple[int, ...]) -> int:
        """The number of channels of an activation of this shape."""
        if self.axes == "single":
            return 1
        return shape[1] if self.axes in ("map", "vector") else shape[-1]


def guess_layout(module: nn.Module, shape: tuple[int, ...], batch: int, prefix: int | None) -> Layout | None:
    """The layout of an output that a *square* image gave, from its shape and the module's type.

    Returns None where the shape alone does not tell (a map with as many channels as rows and columns).

    Raises:
        ValueError: if the output is no activation of images (its first axis does not hold the batch).
    """
    if isinstance(module, nn.MultiheadAttention) and not module.batch_first and len(shape) == 3:
        return Layout("tokens_second", prefix_tokens(shape[0], prefix))
    if len(shape) < 2 or shape[0] % batch:
        raise ValueError(f"an output of shape {shape} does not hold {batch} images")
    if len(shape) == 2:
        if shape[0] != batch:
            raise ValueError(f"an output of shape {shape} does not hold {batch} images")
        return Layout("vector")
    if len(shape) == 3:
        return Layout("tokens", prefix_tokens(shape[1], prefix) if shape[0] == batch else 0)
    if len(shape) != 4:
        raise ValueError(f"an output of {len(shape)} axes is no map")
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d | nn.GroupNorm | nn.MaxPool2d | nn.AvgPool2d):
        return Layout("map")
    if isinstance(module, nn.Linear):
        return Layout("map_last")
    first_square, last_square = shape[2] == shape[3], shape[1] == shape[2]
    if first_square and last_square:
        return None
    return Layout("map_last" if last_square else "map")


def layout_by_stretching(square: tuple[int, ...], stretched: tuple[int, ...]) -> Layout:
    """The layout of a 4-D output from its shapes for a square image and for one that is wider: what grew is a column axis."""
    if square[2] != stretched[2] and square[3] == stretched[3]:
        return Layout("map_last")
    return Layout("map")


def prefix_tokens(tokens: int, known: int | None) -> int:
    """How many of the tokens are no patches: the network's own word, else what is left over above a square grid."""
    if known is not None:
        return known if known < tokens else 0
    side = int(tokens**0.5)
    rest = tokens - side * side
    return rest if rest <= MAX_PREFIX_TOKENS and side > 1 else 0


def known_prefix(network: nn.Module) -> int | None:
    """The number of class and register tokens that the network states (timm's ``num_prefix_tokens``), or None."""
    value = getattr(network, "num_prefix_tokens", None)
    return value if isinstance(value, int) else None

"""What a network wants done to a photo before it sees it: the square, and the scale of its values."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from mindseye.errors import UserError

Interpolation = Literal["bilinear", "bicubic"]
Crop = Literal["center", "squash", "border"]


@dataclass(frozen=True)
class Preprocessing:
    """The preprocessing that a network's weights were trained with.

    mean, std: per channel, for values in [0, 1]. size: side in px of the square that the network sees by default.
    resize: side in px that the photo is resized to before the centre crop. interpolation: of the resize, antialiased.
    fixed_size: the network takes no other size.
    crop: ``center`` resizes the shorter side, ``squash`` both sides (the aspect is lost), ``border`` the longer side
    and fills up with the mean colour; timm's three crop modes, torchvision's is ``center``.
    source: where the numbers come from, for the report.

    Raises:
        UserError: if the numbers contradict each other.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: int
    resize: int
    interpolation: Interpolation = "bilinear"
    fixed_size: bool = False
    crop: Crop = "center"
    source: str = "stated"

    def __post_init__(self) -> None:
        if not self.mean or len(self.mean) != len(self.std):
            raise UserError(f"preprocessing: {len(self.mean)} means do not go with {len(self.std)} standard deviations")
        if min(self.std) <= 0:
            raise UserError(f"preprocessing: the standard deviations {self.std} must be above zero")
        if self.size < 1 or self.resize < 1:
            raise UserError(f"preprocessing: size {self.size} and resize {self.resize} must be at least 1 px")
        if self.interpolation not in get_args(Interpolation):
            raise UserError(f"preprocessing: interpolation {self.interpolation!r} is none of {get_args(Interpolation)}")
        if self.crop not in get_args(Crop):
            raise UserError(f"preprocessing: crop {self.crop!r} is none of {get_args(Crop)}")

    @property
    def in_channels(self) -> int:
        """Planes of the network's input."""
        return len(self.mean)

    def normalise(self, rgb: Tensor) -> Tensor:
        """Images [B, C, H, W] in [0, 1] as the network wants them, on the same device, in the same precision."""
        mean, std = (
            torch.tensor(values, dtype=rgb.dtype).to(rgb.device, non_blocking=True).view(-1, 1, 1)  # no wait for a GPU
            for values in (self.mean, self.std)
        )
        return (rgb - mean) / std

    def resize_for(self, side: int) -> int:
        """The side in px to resize to before a crop of ``side`` px, in the proportion that the weights want."""
        return self.resize if side == self.size else max(1, round(side * self.resize / self.size))

    def describe(self) -> dict[str, Any]:
        """The preprocessing as plain values, for a run's manifest."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"mean": list(self.mean), "std": list(self.std)}


def identity(in_channels: int, size: int) -> Preprocessing:
    """For a network that states none: values stay in [0, 1], and a photo's centre square becomes ``size`` px wide."""
    return Preprocessing(
        mean=(0.0,) * in_channels,
        std=(1.0,) * in_channels,
        size=size,
        resize=size,
        source="the model states none: values are left in [0, 1]",
    )


def from_mapping(stated: dict[str, Any], base: Preprocessing) -> Preprocessing:
    """What a model of the user's own states in its ``preprocessing`` dict, with ``base`` for what it leaves open.

    A single mean or standard deviation counts for every channel; without ``resize`` the centre square is taken whole.

    Raises:
        UserError: if a key is unknown or a value makes no sense.
    """
    known = {field.name for field in fields(Preprocessing)}
    unknown = sorted(set(stated) - known)
    if unknown:
        raise UserError(f"preprocessing: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
    try:
        values = {key: _plain(key, value) for key, value in stated.items()}
    except (TypeError, ValueError) as error:
        raise UserError(f"preprocessing: {error}") from error
    longest = max([base.in_channels, *(len(values[key]) for key in ("mean", "std") if key in values)])
    for key in ("mean", "std"):
        given = values.get(key, getattr(base, key))
        values[key] = given * longest if len(given) == 1 else given
    if "size" in values:
        values.setdefault("resize", values["size"])
    values.setdefault("source", "stated by the model")
    return replace(base, **values)


def _plain(key: str, value: Any) -> Any:
    if key in ("mean", "std"):
        if isinstance(value, int | float):
            return (float(value),)
        return tuple(float(part) for part in value)
    if key in ("size", "resize"):
        return int(value)
    return bool(value) if key == "fixed_size" else str(value)

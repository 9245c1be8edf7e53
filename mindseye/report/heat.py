"""Maps as colours: alone, over their photo, and as a bar. Red speaks for the target, blue against it."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

Values = npt.NDArray[np.float32]

CLIPPED = 99.5
"""Percentile of the absolute values at which the colours end: a few pixels of a gradient would leave the rest white."""
COVER = 0.85
LIGHT, DARK = 0.75, 30.0


def limit(values: Values) -> float:
    """Where the colours of a map [height, width] end: the value, in both directions, of the strongest colour; 0 for a flat map."""
    size = np.abs(values.astype(np.float64))
    end = float(np.percentile(size, CLIPPED))
    return end if end > 0 else float(size.max())


def heat(values: Values, end: float, signed: bool) -> Image.Image:
    """A map [height, width] as an RGB image of that size. end: see ``limit``. signed: whether below zero has colours too."""
    return Image.fromarray(_colours(_share(values, end, signed), signed))


def overlay(photo: Image.Image, values: Values, end: float, signed: bool) -> Image.Image:
    """A map [height, width] over its photo in grey: the further from zero, the less of the photo is seen."""
    grey = np.asarray(photo.convert("L").resize(values.shape[::-1], Image.Resampling.LANCZOS), dtype=np.float64)
    page = np.repeat((DARK + LIGHT * grey)[..., None].clip(0, 255), 3, 2)
    share = _share(values, end, signed)
    cover = COVER * np.sqrt(np.abs(share))[..., None]
    mixed = (1 - cover) * page + cover * _colours(share, signed)
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def bar(width: int, height: int, signed: bool) -> Image.Image:
    """All colours from the least to the greatest, left to right."""
    shares = np.linspace(-1 if signed else 0, 1, width, dtype=np.float64)
    return Image.fromarray(np.repeat(_colours(shares, signed)[None], height, 0))


def as_image(square: Tensor) -> Image.Image:
    """A photo, uint8 [channels, height, width], as an RGB image; the first channel as grey where they are not three."""
    pixels = square if square.shape[0] == 3 else square[:1].expand(3, -1, -1)
    return Image.fromarray(pixels.movedim(0, -1).contiguous().numpy())


def _share(values: Values, end: float, signed: bool) -> npt.NDArray[np.float64]:
    """Values as shares of where the colours end, in [-1, 1] or [0, 1]."""
    shares = values.astype(np.float64) / end if end > 0 else np.zeros(values.shape)
    return shares.clip(-1 if signed else 0, 1)


def _colours(shares: npt.NDArray[np.float64], signed: bool) -> npt.NDArray[np.uint8]:
    """Shares of any shape [...] as colours [..., 3]."""
    places = (shares + 1) / 2 if signed else shares
    colours: npt.NDArray[np.uint8] = _map(signed)(places, bytes=True)[..., :3]
    return colours


@cache
def _map(signed: bool) -> Any:
    """Matplotlib's: blue over white to red, or, where nothing is below zero, black over red to yellow."""
    from matplotlib import colormaps

    return colormaps["RdBu_r" if signed else "inferno"]

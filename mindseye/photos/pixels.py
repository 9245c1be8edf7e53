"""From a file or an array of any kind to 8-bit pixels: upright, opaque, grey or RGB."""

import os
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import SAMPLEFORMAT, TiffImageFile

from mindseye.errors import one_line
from mindseye.photos.file_kinds import file_problem
from mindseye.photos.tar import open_file

# Most pixels that an image may have: Pillow's own limit against decompression bombs.
LARGEST = 178_956_970

Bytes = npt.NDArray[np.uint8]


class UndecodableError(Exception):
    """An image that cannot be read rightly; its text is the reason, in a few words."""


def read_photo(path: str | os.PathLike[str]) -> Image.Image:
    """The photo in a file, or in a member of an archive, as an RGB image, whole or not at all.

    EXIF rotation is applied; of an animation the first frame counts; transparent pixels lie on white, as on a page.
    16-bit grey is scaled, not clipped. Colour profiles are left aside, as torchvision and timm do.

    Raises:
        UndecodableError: with the reason.
    """
    problem = file_problem(path)
    if problem is not None:
        raise UndecodableError(problem)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning of Pillow's about one photo tells the user nothing
            with open_file(path) as file, Image.open(file) as image:
                image.load()
                _check_sign(image)
                return to_rgb(_upright(image))
    except UnidentifiedImageError:
        raise UndecodableError("not an image, or one that Pillow cannot read") from None
    except Image.DecompressionBombError:
        raise UndecodableError(f"more than {LARGEST // 10**6} million pixels") from None
    except (UndecodableError, KeyboardInterrupt):
        raise
    except Exception as error:  # Pillow's many plug-ins raise whatever a broken file makes them raise
        raise UndecodableError(one_line(error)) from error


def to_rgb(image: Image.Image) -> Image.Image:
    """An image of any of Pillow's modes as 8-bit RGB."""
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_to_bytes(np.asarray(image)))
    if image.has_transparency_data:
        page = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(page, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def read_array(array: Any) -> Bytes:
    """The pixels [height, width, bands] of an array: uint8, bool, uint16, floats in [0, 1]; [H, W] is one band.

    Raises:
        UndecodableError: if the array's shape or values are no image's.
    """
    try:
        values = np.asarray(array)
    except Exception as error:
        raise UndecodableError(f"no array of numbers ({one_line(error)})") from error
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or 0 in values.shape:
        raise UndecodableError(f"an array of shape {values.shape} is not height x width x bands")
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint16:
        return _scaled(values, 0, 65535)
    if not np.issubdtype(values.dtype, np.floating):
        raise UndecodableError(f"an array of {values.dtype}; give uint8, uint16, bool, or floats in [0, 1]")
    low, high = _finite_range(values)
    if low < 0 or high > 1:
        raise UndecodableError(f"an array of floats from {low:.3g} to {high:.3g}; give values in [0, 1]")
    return _scaled(values, 0, 1)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken metadata say nothing about the pixels
        return image


def _check_sign(image: Image.Image) -> None:
    unsigned = isinstance(image, TiffImageFile) and image.tag_v2.get(SAMPLEFORMAT, (1,))[0] == 1
    if image.mode == "I" and unsigned and np.asarray(image).min() < 0:
        raise UndecodableError("32-bit values above 2147483647, which Pillow reads as negative ones")


def _to_bytes(values: npt.NDArray[Any]) -> Bytes:
    """Grey values of 16 or 32 bits, or floats, as 8 bits.

    Whole numbers: the full scale is 65535 where all fit. Floats: 1, else 255, where all fit. What fits nowhere is
    stretched from its least to its greatest value.
    """
    low, high = _finite_range(values)
    scales = (1.0, 255.0) if np.issubdtype(values.dtype, np.floating) else (65535.0,)
    for scale in scales:
        if low >= 0 and high <= scale:
            return _scaled(values, 0, scale)
    return _scaled(values, low, high)


def _finite_range(values: npt.NDArray[Any]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low) or not np.isfinite(high):
        raise UndecodableError("holds values that are not finite")
    return low, high


def _scaled(values: npt.NDArray[Any], low: float, high: float) -> Bytes:
    span = (high - low) or 1.0
    return np.rint((values.astype(np.float64) - low) * (255.0 / span)).astype(np.uint8)

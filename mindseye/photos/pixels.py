"""From a file or an array of any kind to 8-bit pixels: upright, opaque, grey or RGB."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any, TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mindseye.errors import one_line
from mindseye.photos import png, tiff
from mindseye.photos.depth import LARGEST, Bytes, UndecodableError, finite_range, grey_to_bytes, scale_to_bytes
from mindseye.photos.file_kinds import RAW_SUFFIXES, file_problem, unknown_kind
from mindseye.photos.tar import open_file

Read = TypeVar("Read")

UNREADABLE = "not an image, or one that Pillow cannot read"


@dataclass(frozen=True)
class Decoded:
    """A photo as 8-bit RGB. remark: how a file that leaves it open was read; empty if it does not."""

    image: Image.Image
    remark: str = ""


def read_photo(path: str | os.PathLike[str]) -> Image.Image:
    """The photo in a file as ``decode_file`` reads it, without the remark.

    Raises:
        UndecodableError: with the reason.
    """
    return decode_file(path).image


def decode_file(path: str | os.PathLike[str]) -> Decoded:
    """The photo in a file, or in a member of an archive, as an RGB image, whole or not at all.

    EXIF rotation is applied; of an animation the first frame counts; transparent pixels lie on white, as on a page. What has
    more than 8 bits is scaled, not clipped (see ``grey_to_bytes``). Colour profiles are left aside, as torchvision and timm
    do.

    Raises:
        UndecodableError: with the reason.
    """
    return _read(path, _decode)


def decode_bands(path: str | os.PathLike[str], count: int) -> tuple[Bytes, str]:
    """The bands of a TIFF for a network that takes neither grey nor RGB, [height, width, count], with the remark.

    Raises:
        UndecodableError: if the file is no TIFF of that many bands, or cannot be read.
    """

    def read(file: IO[bytes]) -> tuple[Bytes, str]:
        if file.read(4) not in tiff.SIGNATURES:
            raise UndecodableError(
                f"has no {count} bands, which the model takes; give TIFFs of {count} bands, or arrays"
            )
        return tiff.read_bands(file, count)

    return _read(path, read)


def _read(path: str | os.PathLike[str], decode: Callable[[IO[bytes]], Read]) -> Read:
    """What a decoder makes of a file; whatever it raises becomes a reason."""
    problem = file_problem(path)
    if problem is not None:
        raise UndecodableError(problem)
    suffix = PurePath(os.fspath(path)).suffix.lower()
    if suffix in RAW_SUFFIXES:
        raise UndecodableError(tiff.RAW)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning of Pillow's about one photo tells the user nothing
            with open_file(path) as file:
                return decode(file)
    except UnidentifiedImageError:
        raise UndecodableError(unknown_kind(suffix) or UNREADABLE) from None
    except Image.DecompressionBombError:
        raise UndecodableError(f"more than {LARGEST // 10**6} million pixels") from None
    except (UndecodableError, KeyboardInterrupt):
        raise
    except Exception as error:  # Pillow's many plug-ins raise whatever a broken file makes them raise
        raise UndecodableError(one_line(error)) from error


def to_rgb(image: Image.Image) -> Image.Image:
    """An image of any of Pillow's modes as 8-bit RGB."""
    return _to_rgb(image).image


def read_array(array: Any) -> tuple[Bytes, str]:
    """The pixels [height, width, bands] of an array: uint8, bool, uint16, floats in [0, 1]; [H, W] is one band.

    Beside them a remark on how they were read, empty where that is plain.

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
        return values, ""
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255), ""
    if values.dtype == np.uint16:
        return grey_to_bytes(values)
    if not np.issubdtype(values.dtype, np.floating):
        raise UndecodableError(f"an array of {values.dtype}; give uint8, uint16, bool, or floats in [0, 1]")
    low, high = finite_range(values)
    if low < 0 or high > 1:
        raise UndecodableError(f"an array of floats from {low:.3g} to {high:.3g}; give values in [0, 1]")
    return scale_to_bytes(values, 0, 1), ""


def _decode(file: IO[bytes]) -> Decoded:
    try:
        return _decode_with_pillow(file)
    except UnidentifiedImageError:
        file.seek(0)
        if not file.read(4).startswith(tiff.SIGNATURES):
            raise
        return Decoded(*_opaque(*tiff.read_tiff(file)))
    except ValueError as error:
        if not png.is_text_limit(error):
            raise
        return _decode_with_pillow(png.strip_texts(file))


def _decode_with_pillow(file: IO[bytes]) -> Decoded:
    file.seek(0)
    with Image.open(file) as image:
        if tiff.is_raw(image):
            raise UndecodableError(tiff.RAW)
        if tiff.needs_tifffile(image):
            return Decoded(*_opaque(*tiff.read_tiff(file)))
        page_remark = tiff.page_remark(image)
        has_16_bits, signed, bits = png.has_16_bit_colours(image), tiff.is_signed(image), tiff.own_bits(image)
        image.load()
        _check_sign(image, signed)
        upright, remark = _upright(image), ""
        if has_16_bits:
            upright, remark = png.restore_depth(upright)
        decoded = _to_rgb(upright, signed, bits)
        return Decoded(decoded.image, "; ".join(filter(None, (page_remark, remark, decoded.remark))))


def _to_rgb(image: Image.Image, is_signed: bool = False, own_bits: int | None = None) -> Decoded:
    remark = ""
    if image.mode.startswith(("I", "F")):
        pixels, remark = grey_to_bytes(np.asarray(image), is_signed, own_bits)
        image = Image.fromarray(pixels)
    return Decoded(*_opaque(image, remark))


def _opaque(image: Image.Image, remark: str) -> tuple[Image.Image, str]:
    """An image of 8 bits as RGB on white."""
    if image.has_transparency_data:
        page = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(page, image.convert("RGBA")).convert("RGB"), remark
    return image.convert("RGB"), remark


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken metadata says nothing about the pixels
        return image


def _check_sign(image: Image.Image, is_signed: bool) -> None:
    if image.mode == "I" and not is_signed and image.format == "TIFF" and np.asarray(image).min() < 0:
        raise UndecodableError("32-bit values above 2147483647, which Pillow reads as negative ones")

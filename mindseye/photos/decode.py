"""One photo as the square of bytes that a network's preprocessing cuts out of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mindseye.photos.depth import LARGEST, Bytes, UndecodableError
from mindseye.photos.pixels import decode_bands, decode_file, read_array, to_rgb
from mindseye.photos.tar import Member
from mindseye.preprocessing import Interpolation, Preprocessing

RESAMPLING: dict[Interpolation, Image.Resampling] = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


@dataclass(frozen=True)
class View:
    """How a photo is looked at.

    preprocessing: whose resize and crop. side: of the square, in px. in_channels: planes of the network's input.
    """

    preprocessing: Preprocessing
    side: int
    in_channels: int = 3


def decode(source: Any, view: View) -> Tensor:
    """Read a photo, resize it, cut out its centre: uint8 [in_channels, side, side].

    source: a path, a member of an archive, or an array [H, W] or [H, W, bands]. Resize and crop are those of the
    evaluation transforms of torchvision and timm, to the last bit. A single plane is the luminance (ITU-R 601-2). Networks
    of neither 1 nor 3 planes take TIFFs and arrays of just as many bands.

    Raises:
        UndecodableError: with the reason.
    """
    return decode_with_remark(source, view)[0]


def decode_with_remark(source: Any, view: View) -> tuple[Tensor, str]:
    """As ``decode``, and how the photo was read where it does not say so itself (``read as 12 bits``); else empty.

    Raises:
        UndecodableError: with the reason.
    """
    bands, remark = _bands(source, view.in_channels)
    squares = [np.asarray(_fit(band, view)).reshape(view.side, view.side, -1) for band in bands]
    pixels = np.concatenate(squares, axis=2)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))), remark


def resized_size(size: tuple[int, int], preprocessing: Preprocessing, side: int) -> tuple[int, int]:
    """Width and height in px that an image of this width and height is resized to before the crop."""
    width, height = size
    resize = preprocessing.resize_for(side)
    if preprocessing.crop == "squash":
        return resize, resize
    if preprocessing.crop == "border":
        ratio = max(width, height) / resize
        return max(1, round(width / ratio)), max(1, round(height / ratio))
    if width <= height:
        return resize, int(resize * height / width)
    return int(resize * width / height), resize


def _fit(image: Image.Image, view: View) -> Image.Image:
    size = resized_size(image.size, view.preprocessing, view.side)
    if size[0] * size[1] > LARGEST:
        raise UndecodableError(f"too elongated: {image.width} x {image.height} px")
    if size != image.size:
        image = image.resize(size, RESAMPLING[view.preprocessing.interpolation])
    return _centre(image, view.side, view.preprocessing)


def _centre(image: Image.Image, side: int, preprocessing: Preprocessing) -> Image.Image:
    left, top = _offset(image.width, side), _offset(image.height, side)
    if preprocessing.crop == "border" and image.size != (side, side):
        colour = tuple(round(255 * value) for value in preprocessing.mean)
        page = Image.new(image.mode, (side, side), colour if len(colour) == len(image.getbands()) else colour[0])
        page.paste(image, (-left, -top))
        return page
    return image.crop((left, top, left + side, top + side))  # black beyond the image's edges


def _offset(extent: int, side: int) -> int:
    return round((extent - side) / 2) if extent >= side else -((side - extent) // 2)


def _bands(source: Any, in_channels: int) -> tuple[list[Image.Image], str]:
    if isinstance(source, str | Member):
        if in_channels not in (1, 3):
            pixels, remark = decode_bands(source, in_channels)
            return _band_images(pixels, in_channels), remark
        decoded = decode_file(source)
        return [_grey_or_rgb(decoded.image, in_channels)], decoded.remark
    pixels, remark = read_array(source)
    if in_channels in (1, 3):
        return [_grey_or_rgb(_from_pixels(pixels), in_channels)], remark
    if pixels.shape[2] != in_channels:
        raise UndecodableError(f"an array of {pixels.shape[2]} bands, and the model takes {in_channels}")
    return _band_images(pixels, in_channels), remark


def _band_images(pixels: Bytes, count: int) -> list[Image.Image]:
    return [Image.fromarray(np.ascontiguousarray(pixels[..., band])) for band in range(count)]


def _from_pixels(pixels: Bytes) -> Image.Image:
    bands = pixels.shape[2]
    if bands not in (1, 3, 4):
        raise UndecodableError(f"an array of {bands} bands is neither grey nor RGB nor RGBA")
    return to_rgb(Image.fromarray(pixels[..., 0] if bands == 1 else pixels))


def _grey_or_rgb(image: Image.Image, in_channels: int) -> Image.Image:
    return image.convert("L") if in_channels == 1 else image

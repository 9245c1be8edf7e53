"""TIFFs that Pillow reads wrongly or not at all: several bands of more than 8 bits, planes apart, a preview as first page."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    COMPRESSION,
    PHOTOMETRIC_INTERPRETATION,
    SAMPLEFORMAT,
    SAMPLESPERPIXEL,
    TiffImageFile,
)

from mindseye.photos.depth import LARGEST, UndecodableError, finite_range, grey_to_bytes, scale_to_bytes, used_bits

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SUBFILE_TYPE, MAX_SAMPLE, DNG_VERSION, ORIENTATION = 254, 281, 50706, 274
REDUCED = 1
WHOLE = 1
"""Sample format of whole numbers from zero."""
SENSOR = (32803, 34892)
"""Photometric interpretations of a sensor's own values: a colour filter array, linear raw."""
RAW = "a camera's raw file, of which only a small preview could be read: develop it to a JPEG, PNG or TIFF"
MOST_PAGES = 64

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def is_raw(image: Image.Image) -> bool:
    """Whether an open file says of itself that it is a camera's negative (DNG)."""
    return isinstance(image, TiffImageFile) and DNG_VERSION in image.tag_v2


def needs_tifffile(image: Image.Image) -> bool:
    """Whether Pillow would read an open TIFF wrongly.

    It keeps 8 bits of each of several bands, takes white for black where more than 8 bits count from white, turns the bytes of
    compressed floats and signed numbers that are in the order of larger first once too often, and sees the first page only.
    """
    if not isinstance(image, TiffImageFile):
        return False
    bits = image.tag_v2.get(BITSPERSAMPLE, (1,))
    several = int(image.tag_v2.get(SAMPLESPERPIXEL, 1)) > 1
    counts_from_white = image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == 0
    is_deep = max(bits if isinstance(bits, tuple) else (bits,)) > 8
    is_compressed = int(image.tag_v2.get(COMPRESSION, 1)) != 1
    is_turned = image.tag_v2.prefix == b"MM" and is_compressed and image.tag_v2.get(SAMPLEFORMAT, (1,))[0] != WHOLE
    return is_reduced(image) or (is_deep and (several or counts_from_white or is_turned))


def is_reduced(image: TiffImageFile) -> bool:
    """Whether the page that is open is a smaller version of another one."""
    return bool(int(image.tag_v2.get(SUBFILE_TYPE, 0)) & REDUCED)


def is_signed(image: Image.Image) -> bool:
    """Whether a TIFF says that its whole numbers may lie below zero."""
    return isinstance(image, TiffImageFile) and image.tag_v2.get(SAMPLEFORMAT, (1,))[0] == 2


def own_bits(image: Image.Image) -> int | None:
    """How many bits a TIFF says that its values use, by its largest possible value; None if it says nothing plain."""
    if not isinstance(image, TiffImageFile):
        return None
    stated = image.tag_v2.get(MAX_SAMPLE)
    value = stated[0] if isinstance(stated, tuple) and stated else stated
    return next((bits for bits in range(8, 17) if value == 2**bits - 1), None)


def page_remark(image: Image.Image) -> str:
    """What to say of a TIFF with several pages of one size, of which the first is read; empty for any other file."""
    if not isinstance(image, TiffImageFile) or image.n_frames < 2:
        return ""
    size = image.size
    image.seek(1)
    has_more = image.size == size and not is_reduced(image)
    image.seek(0)
    return "has several pages: the first is read" if has_more else ""


def read_tiff(file: IO[bytes]) -> tuple[Image.Image, str]:
    """The picture of a TIFF, upright, and a remark on how its values were read; empty where that is plain.

    Its first page, or, where that is a preview, the largest page that is none.

    Raises:
        UndecodableError: if it is a sensor's picture, has bands of an unknown meaning, or is too large.
        Exception: whatever tifffile raises for a broken file.
    """
    file.seek(0)
    with _quiet_tifffile() as tifffile, tifffile.TiffFile(file) as tiff:
        page = _full_page(tiff)
        if int(page.photometric) in SENSOR:
            raise UndecodableError(RAW)
        values = _values(page)
        tag = page.tags.get(ORIENTATION) or tiff.pages[0].tags.get(ORIENTATION)
        image, remark = _to_image(values, page)
    turn = _TURNS.get(int(tag.value)) if tag is not None else None
    return (image if turn is None else image.transpose(turn)), remark


def read_bands(file: IO[bytes], count: int) -> tuple[npt.NDArray[np.uint8], str]:
    """The bands of a TIFF [height, width, count] as 8 bits, whatever they mean, and the remark on how they were read.

    Raises:
        UndecodableError: if it has another number of bands, or is too large.
        Exception: whatever tifffile raises for a broken file.
    """
    file.seek(0)
    with _quiet_tifffile() as tifffile, tifffile.TiffFile(file) as tiff:
        page = _full_page(tiff)
        if int(page.samplesperpixel) != count:
            raise UndecodableError(f"has {page.samplesperpixel} bands, and the model takes {count}")
        values = _values(page)
    if values.dtype == np.uint8:
        return values, ""
    return grey_to_bytes(values, np.issubdtype(values.dtype, np.signedinteger))


def _values(page: Any) -> npt.NDArray[Any]:
    """The values of a page, [height, width, bands].

    Raises:
        UndecodableError: if it is too large, or compressed in a way that needs another library.
    """
    if page.imagelength * page.imagewidth > LARGEST:
        raise UndecodableError(f"more than {LARGEST // 10**6} million pixels")
    try:
        values = page.asarray()
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        raise UndecodableError("a kind of compression that is not read: save it as a PNG or a plain TIFF") from error
    if int(page.samplesperpixel) > 1 and int(page.planarconfig) == 2:
        values = np.moveaxis(values, 0, -1)
    return np.ascontiguousarray(values.reshape(page.imagelength, page.imagewidth, -1))


def _full_page(tiff: Any) -> Any:
    first = tiff.pages[0]
    if not int(first.subfiletype) & REDUCED:
        return first
    pages = [page for top in islice(tiff.pages, MOST_PAGES) for page in (top, *(top.pages or ()))]
    full = [page for page in pages if not int(page.subfiletype) & REDUCED]
    return max(full, key=lambda page: page.imagelength * page.imagewidth, default=first)


def _to_image(values: npt.NDArray[Any], page: Any) -> tuple[Image.Image, str]:
    bands = int(page.samplesperpixel)
    kind = int(page.photometric)
    colours = {0: 1, 1: 1, 2: 3, 5: 4}.get(kind, 0)
    if values.shape[2] != bands or not colours or bands not in (colours, colours + 1):
        raise UndecodableError(f"a TIFF of {bands} bands ({page.photometric.name.lower()}): save it as grey or RGB")
    pixels, remark = _to_bytes(values, colours)
    if kind == 0:
        pixels[..., :1] = 255 - pixels[..., :1]
    if kind == 5:
        return Image.fromarray(np.ascontiguousarray(pixels[..., :4]), "CMYK"), remark
    return Image.fromarray(pixels[..., 0] if bands == 1 else np.ascontiguousarray(pixels)), remark


def _to_bytes(values: npt.NDArray[Any], colours: int) -> tuple[npt.NDArray[np.uint8], str]:
    """Colours and alpha [height, width, bands] as 8 bits; of full 16 bits the upper half, as Pillow has it elsewhere."""
    if values.dtype == np.uint8:
        return values.copy(), ""
    if values.dtype == np.uint16 and used_bits(int(values[..., :colours].max())) == 16:
        return (values >> 8).astype(np.uint8), ""
    pixels, remark = grey_to_bytes(values[..., :colours], np.issubdtype(values.dtype, np.signedinteger))
    if values.shape[2] == colours:
        return pixels, remark
    alpha = values[..., colours:]
    low, high = finite_range(alpha)
    return np.concatenate([pixels, scale_to_bytes(alpha, min(low, 0), high)], axis=2), remark


@contextmanager
def _quiet_tifffile() -> Iterator[Any]:
    """tifffile, imported when it is needed; what it logs about one photo tells the user nothing."""
    import tifffile

    logger = logging.getLogger("tifffile")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        yield tifffile
    finally:
        logger.disabled = was_disabled

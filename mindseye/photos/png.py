"""What Pillow does not do for a PNG by itself: pass over texts that are longer than its limit, and tell 16 bits from 8."""

import io
import struct
from typing import IO

import numpy as np
from PIL import Image

from mindseye.photos.depth import UndecodableError, used_bits

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ASIDE = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
"""Texts, and colour profiles, which are left aside anyway."""
LOST = 12
"""Up to so many of 16 bits Pillow's 8 are too few to show anything."""


def is_text_limit(error: Exception) -> bool:
    """Whether Pillow has refused a PNG for its texts or its colour profile, which say nothing about the pixels."""
    said = str(error)
    return isinstance(error, ValueError) and ("MAX_TEXT_CHUNK" in said or "text chunks" in said)


def strip_texts(file: IO[bytes]) -> io.BytesIO:
    """A PNG without its texts and colour profile, in memory; what follows a damaged chunk stays as it is."""
    file.seek(0)
    content = file.read()
    if not content.startswith(SIGNATURE):
        return io.BytesIO(content)
    parts, place = [SIGNATURE], len(SIGNATURE)
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 12 + length
        if end > len(content):
            break
        if kind not in ASIDE:
            parts.append(content[place:end])
        place = end
    return io.BytesIO(b"".join([*parts, content[place:]]))


def has_16_bit_colours(image: Image.Image) -> bool:
    """Whether an open PNG has 16 bits in each of several bands, of which Pillow keeps the upper 8. Ask before it is loaded."""
    return image.format == "PNG" and any("16" in str(tile[3]) for tile in image.tile) and len(image.getbands()) > 1  # type: ignore[attr-defined]


def restore_depth(image: Image.Image) -> tuple[Image.Image, str]:
    """A PNG of 16-bit colours as Pillow has loaded it, brought to its full range, and a remark where it was not.

    Raises:
        UndecodableError: if too little is left of its colours.
    """
    pixels = np.asarray(image)
    colours = pixels.shape[2] - (image.mode in ("RGBA", "LA"))
    high = int(pixels[..., :colours].max())
    bits = used_bits(256 * high + 255)
    if bits == 16:
        return image, ""
    if bits <= LOST:
        raise UndecodableError(
            f"16-bit colours that use only {bits} bits, of which Pillow keeps {bits - 8}: save it with 8 bits per colour,"
            " or as a TIFF"
        )
    pixels = pixels.copy()
    pixels[..., :colours] = np.rint(pixels[..., :colours] * (255 / (2 ** (bits - 8) - 1))).astype(np.uint8)
    remark = f"uses {bits} bits of 16, by its largest value: read as {bits} bits, of which Pillow keeps {bits - 8}"
    return Image.fromarray(pixels), remark

"""From pixel values of any depth to 8 bits, with a remark where the file does not say what its values mean."""

from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

LARGEST = 178_956_970
"""Most pixels that a photo may have: Pillow's own limit against decompression bombs."""
DEPTHS = (8, 10, 12, 14, 16)
"""Bits that cameras, scanners and microscopes use of 16."""
STRETCHED = "holds values whose range no file format names: stretched from the least to the greatest"


class UndecodableError(Exception):
    """A photo that cannot be read rightly; its text is the reason, in a few words."""


def grey_to_bytes(values: npt.NDArray[Any], is_signed: bool = False, own_bits: int | None = None) -> tuple[Bytes, str]:
    """Values of one or more bands as 8 bits, and a remark on how they were read, empty where that is plain.

    Whole numbers: the full scale is that of the fewest bits (8, 10, 12, 14 or 16) that hold the largest value, since files
    of 16 bits often hold 12 and do not say so. Floats: the full scale is 1, else 255, where all fit. What fits nowhere, and
    signed values, which have no black of their own, are stretched from the least to the greatest value.

    Args:
        values: of any shape.
        is_signed: whether the file says that values may lie below zero.
        own_bits: how many bits the file itself says that it uses.

    Raises:
        UndecodableError: if a value is not finite.
    """
    low, high = finite_range(values)
    if np.issubdtype(values.dtype, np.floating):
        for scale in (1.0, 255.0):
            if low >= 0 and high <= scale:
                return scale_to_bytes(values, 0, scale), ""
        return scale_to_bytes(values, low, high), STRETCHED
    if is_signed or low < 0 or high > 65535:
        return scale_to_bytes(values, low, high), STRETCHED
    if own_bits is not None and high < 2**own_bits:
        return scale_to_bytes(values, 0, 2**own_bits - 1), ""
    bits = used_bits(int(high))
    remark = "" if bits == 16 else f"uses {bits} bits of 16, by its largest value: read as {bits} bits"
    return scale_to_bytes(values, 0, 2**bits - 1), remark


def used_bits(largest: int) -> int:
    """The fewest of the usual depths whose range holds a value from 0 to 65535."""
    return next(bits for bits in DEPTHS if largest < 2**bits)


def finite_range(values: npt.NDArray[Any]) -> tuple[float, float]:
    """The least and the greatest value.

    Raises:
        UndecodableError: if a value is not finite.
    """
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low) or not np.isfinite(high):
        raise UndecodableError("holds values that are not finite")
    return low, high


def scale_to_bytes(values: npt.NDArray[Any], low: float, high: float) -> Bytes:
    """Values from low to high as 0 to 255, rounded."""
    span = (high - low) or 1.0
    return np.rint((values.astype(np.float64) - low) * (255.0 / span)).astype(np.uint8)

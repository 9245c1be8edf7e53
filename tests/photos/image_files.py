"""Image files as cameras, microscopes and other programs write them, small and with known pixels."""

import struct
import zlib

import numpy as np
import tifffile

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def ramp(height=12, width=16, bands=1, seed=0):
    """Values 0 to 255, all of them random but for a black and a white one: [height, width] or [height, width, bands]."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, bands), np.uint8)
    values[0, 0], values[-1, -1] = 0, 255
    return values[..., 0] if bands == 1 else values


def deepened(values, bits):
    """8-bit values at another depth, in 16 bits: from 0 to 2^bits - 1."""
    return np.rint(values.astype(np.float64) * ((2**bits - 1) / 255)).astype(np.uint16)


def chunk(kind, data):
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def deep_png(values):
    """A PNG of 16-bit values [height, width] or [height, width, 3 or 4], which Pillow does not write."""
    bands = 1 if values.ndim == 2 else values.shape[2]
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, {1: 0, 3: 2, 4: 6}[bands], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def with_chunks(png, *chunks, at_end=False):
    """A PNG with further chunks behind its header, or before its end."""
    place = len(png) - 12 if at_end else len(SIGNATURE) + 25
    return png[:place] + b"".join(chunks) + png[place:]


def preview_tiff(path, preview, full, photometric="rgb", tags=()):
    """A TIFF whose first page is a smaller version of its sub-page, as cameras write them."""
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(preview, photometric="rgb", subifds=1, subfiletype=1, extratags=tags, metadata=None)
        tiff.write(full, photometric=photometric, metadata=None)

"""Random image files: each is the photo that was written, or is refused in one line; never anything else.

A few hundred here; more by hand: ``MINDSEYE_FUZZ=10000 pytest -n 0 tests/photos/test_fuzz_photos.py``.
"""

import io
import os

import numpy as np
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import deep_png, deepened, ramp
from PIL import Image

from mindseye.photos.decode import View, decode_with_remark
from mindseye.photos.depth import UndecodableError
from mindseye.photos.pixels import decode_file
from mindseye.preprocessing import identity

EXAMPLES = int(os.environ.get("MINDSEYE_FUZZ", "300"))
SIDE = 8
LOSSLESS = ("PNG", "TIFF", "BMP", "PPM", "TGA", "WEBP")
LOSSY = ("JPEG", "GIF")


@st.composite
def files(draw):
    """A file's content, its ending, and the 8-bit pixels that it holds; None where a format changes them."""
    values = ramp(
        draw(st.integers(2, 24)), draw(st.integers(2, 24)), draw(st.sampled_from([1, 3])), draw(st.integers(0, 99))
    )
    file = io.BytesIO()
    kind = draw(st.sampled_from([*LOSSLESS, *LOSSY, "deep png", "tifffile"]))
    if kind == "deep png":
        bits = draw(st.sampled_from([8, 10, 12, 14, 16] if values.ndim == 2 else [16]))
        return deep_png(deepened(values, bits)), ".png", values
    if kind == "tifffile":
        dtype = draw(st.sampled_from(["uint8", "12 bits", "uint16", "float32", "float64"]))
        deep = {"uint8": values, "12 bits": deepened(values, 12), "uint16": values.astype(np.uint16) * 257}
        data = deep.get(dtype, (values / 255).astype("float32" if "bits" in dtype or "uint" in dtype else dtype))
        options = {"compression": draw(st.sampled_from([None, "zlib"])), "byteorder": draw(st.sampled_from("<>"))}
        options["bigtiff"] = draw(st.booleans())
        if values.ndim == 3:
            options |= {"photometric": "rgb", "planarconfig": draw(st.sampled_from(["contig", "separate"]))}
            data = np.moveaxis(data, -1, 0) if options["planarconfig"] == "separate" else data
        else:
            options["photometric"] = draw(st.sampled_from(["minisblack", "miniswhite"]))
            # Of floats no white is known that black could be told from: they are written as they are.
            if options["photometric"] == "miniswhite":
                data = 255 - values if dtype == "uint8" else np.uint16(65535) - values.astype(np.uint16) * 257
        tifffile.imwrite(file, np.ascontiguousarray(data), **options)
        return file.getvalue(), ".tif", values
    options = {"lossless": True} if kind == "WEBP" else {}
    Image.fromarray(values).save(file, kind, **options)
    return file.getvalue(), f".{kind.lower()}", values if kind in LOSSLESS else None


def decode_or_refuse(path):
    """The photo and the remark, or the reason against it."""
    try:
        return decode_with_remark(path, View(identity(3, SIDE), SIDE))
    except UndecodableError as reason:
        return str(reason)


@settings(max_examples=EXAMPLES)
@given(files(), st.data())
def test_a_file_is_its_photo_or_is_refused(tmp_path_factory, written, data):
    """A whole file of a lossless kind gives its pixels, to a grey level; a damaged one gives some, or a line."""
    content, ending, expected = written
    damage = data.draw(st.sampled_from(["none", "none", "cut", "flip", "junk"]))
    if damage == "cut":
        content = content[: data.draw(st.integers(0, len(content)))]
    elif damage == "flip":
        changed = bytearray(content)
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
            changed[place] ^= data.draw(st.integers(1, 255))
        content = bytes(changed)
    elif damage == "junk":
        content = data.draw(st.binary(max_size=64)) + content[data.draw(st.integers(0, 16)) :]
    path = tmp_path_factory.getbasetemp() / f"fuzz{ending}"
    path.write_bytes(content)
    decoded = decode_or_refuse(str(path))
    if isinstance(decoded, str):
        assert damage != "none", decoded
        assert decoded
        assert "\n" not in decoded
        return
    pixels, remark = decoded
    assert pixels.shape == (3, SIDE, SIDE)
    assert "\n" not in remark
    if damage == "none" and expected is not None:
        seen = np.asarray(decode_file(path).image).astype(int)
        expected = np.repeat(expected[..., None], 3, axis=2) if expected.ndim == 2 else expected
        assert seen.shape == expected.shape
        assert np.abs(seen - expected).max() <= 1

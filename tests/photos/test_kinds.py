"""Kinds of files that people have: each is read rightly, read with a remark that says how, or refused with the way out."""

import io
import zlib

import numpy as np
import pytest
import tifffile
from image_files import chunk, deep_png, deepened, preview_tiff, ramp, with_chunks
from PIL import Image

from mindseye.photos.decode import View, decode
from mindseye.photos.depth import UndecodableError
from mindseye.photos.listing import list_photos
from mindseye.photos.photo_set import find_photos
from mindseye.photos.pixels import decode_file, read_array
from mindseye.preprocessing import identity

GREY, RGB = ramp(), ramp(bands=3)


def pixels(path):
    return np.asarray(decode_file(path).image)


def is_near(path, expected, tolerance=1):
    """Whether a file is read as some 8-bit pixels, grey or RGB."""
    expected = np.repeat(expected[..., None], 3, axis=2) if expected.ndim == 2 else expected
    return bool((np.abs(pixels(path).astype(int) - expected) <= tolerance).all())


def png_bytes(values):
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("kind", ["8", "12", "16", "float", "float255", "big", "tiled", "deflate"])
def test_colour_tiffs(tmp_path, kind, planes):
    """Colours together or in planes, of every depth, are the photo; 12 bits are told."""
    values = {"12": deepened(RGB, 12), "16": RGB.astype(np.uint16) * 257, "float": RGB / np.float32(255)}
    values["float255"] = RGB.astype(np.float32)
    written = values.get(kind, RGB)
    options = {"big": {"bigtiff": True}, "tiled": {"tile": (16, 16)}, "deflate": {"compression": "zlib"}}.get(kind, {})
    data = written if planes == "contig" else np.moveaxis(written, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", planarconfig=planes, **options)
    assert is_near(tmp_path / "a.tif", RGB)
    assert ("12 bits of 16" in decode_file(tmp_path / "a.tif").remark) == (kind == "12")


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64", "int16", "uint32"])
def test_grey_tiffs_in_both_orders_of_bytes(tmp_path, dtype, byteorder, compression):
    """Compressed or not, the smaller byte first or last, deep grey values are the photo."""
    full = {"float32": GREY / np.float32(255), "float64": GREY / 255.0, "int16": GREY.astype(np.int16) * 128}
    data = full.get(dtype, GREY.astype(dtype) * 257)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", byteorder=byteorder, compression=compression)
    seen = pixels(tmp_path / "a.tif")
    low, high = int(GREY.min()), int(GREY.max())
    stretched = (GREY.astype(float) - low) / (high - low) * 255
    expected = stretched if dtype == "int16" else GREY
    assert np.abs(seen[..., 0] - expected).max() <= 2


def test_tiffs_with_alpha_and_orientation(tmp_path):
    """Transparent pixels of 16 bits lie on white; a deep file is turned upright as any other."""
    alpha = np.zeros(GREY.shape, np.uint16)
    alpha[:, 8:] = 65535
    deep = np.dstack([RGB.astype(np.uint16) * 257, alpha])
    tifffile.imwrite(tmp_path / "a.tif", deep, photometric="rgb", extrasamples=["unassalpha"])
    expected = RGB.copy()
    expected[:, :8] = 255
    assert is_near(tmp_path / "a.tif", expected)
    for orientation in range(1, 9):
        for depth, data in ((8, RGB), (16, RGB.astype(np.uint16) * 257)):
            path = tmp_path / f"{depth}.tif"
            tags = [(274, "H", 1, orientation, True)]
            tifffile.imwrite(path, data, photometric="rgb", extratags=tags, metadata=None)
        assert np.array_equal(pixels(tmp_path / "8.tif"), pixels(tmp_path / "16.tif"))


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_fewer_bits_in_sixteen(tmp_path, bits):
    """The full scale is that of the bits in use; any but 16 are told."""
    deep = deepened(GREY, bits)
    Image.fromarray(deep).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", deep)
    for name in ("a.png", "a.tif"):
        assert is_near(tmp_path / name, GREY)
        assert decode_file(tmp_path / name).remark == (
            "" if bits == 16 else f"uses {bits} bits of 16, by its largest value: read as {bits} bits"
        )
    values, remark = read_array(deep)
    assert np.abs(values[..., 0].astype(int) - GREY).max() <= 1
    assert bool(remark) == (bits != 16)


def test_a_file_that_states_its_bits_is_believed(tmp_path):
    """TIFF's largest possible value says that a dark photo is dark, without a remark."""
    dark = deepened(GREY // 4, 14)
    tags = [(281, "H", 1, 2**14 - 1, True)]
    tifffile.imwrite(tmp_path / "a.tif", dark, extratags=tags, metadata=None)
    assert is_near(tmp_path / "a.tif", GREY // 4)
    assert decode_file(tmp_path / "a.tif").remark == ""


def test_deep_colours_of_a_png(tmp_path):
    """16 bits are the photo, 14 are scaled and told; of 12 Pillow keeps too few, which is refused with the way out."""
    path = tmp_path / "a.png"
    path.write_bytes(deep_png(RGB.astype(np.uint16) * 257))
    assert is_near(path, RGB)
    path.write_bytes(deep_png(deepened(RGB, 14)))
    assert is_near(path, RGB, 4)
    assert "uses 14 bits of 16" in decode_file(path).remark
    path.write_bytes(deep_png(deepened(RGB, 12)))
    with pytest.raises(UndecodableError, match="only 12 bits, of which Pillow keeps 4: save it with 8 bits per colour"):
        decode_file(path)


def test_signed_and_odd_ranges_are_stretched_and_told(tmp_path):
    """What has no black of its own goes from the least to the greatest value."""
    for name, values in (
        ("signed.tif", GREY.astype(np.int16) * 16 - 1024),
        ("above.tif", GREY.astype(np.int16) * 16),
        ("float.tif", GREY.astype(np.float32) * 10 - 700),
        ("large.tif", GREY.astype(np.uint32) * 70000),
    ):
        tifffile.imwrite(tmp_path / name, values)
        assert is_near(tmp_path / name, GREY), name
        assert "stretched from the least to the greatest" in decode_file(tmp_path / name).remark


def test_white_is_zero(tmp_path):
    """Scans of film count the other way round, at every depth."""
    for depth, values in ((8, GREY), (16, GREY.astype(np.uint16) * 257)):
        path = tmp_path / f"{depth}.tif"
        tifffile.imwrite(path, values.max() - values, photometric="miniswhite")
        assert is_near(path, GREY), depth


def test_a_preview_is_not_the_photo(tmp_path):
    """Of a file whose first page is a smaller version, the full page is read."""
    for name, full in (("rgb.tif", RGB), ("deep.tif", RGB.astype(np.uint16) * 257)):
        preview_tiff(tmp_path / name, RGB[::4, ::4].copy(), full)
        assert is_near(tmp_path / name, RGB)
    preview_tiff(tmp_path / "grey.tif", RGB[::4, ::4].copy(), deepened(GREY, 12), "minisblack")
    assert is_near(tmp_path / "grey.tif", GREY)
    assert "12 bits" in decode_file(tmp_path / "grey.tif").remark


@pytest.mark.parametrize("kind", ["a.dng", "a.NEF", "tag.tif", "cfa.tif"])
def test_a_cameras_raw_file_is_refused(tmp_path, kind):
    """By its name, by the tag that DNG wants, or by its sensor's pattern of colours: never is its preview taken for it."""
    tags = [(50706, "B", 4, (1, 4, 0, 0), True)] if kind == "tag.tif" else []
    photometric = "cfa" if kind == "cfa.tif" else "minisblack"
    preview_tiff(tmp_path / kind, RGB[::4, ::4].copy(), deepened(GREY, 12), photometric, tags)
    with pytest.raises(UndecodableError, match=r"a camera's raw file.* develop it to a JPEG, PNG or TIFF"):
        decode_file(tmp_path / kind)


def test_pages(tmp_path):
    """Of several pages of one size the first is read, which is told; the levels of a pyramid are one photo."""
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([GREY, 255 - GREY]), photometric="minisblack")
    assert is_near(tmp_path / "stack.tif", GREY)
    assert decode_file(tmp_path / "stack.tif").remark == "has several pages: the first is read"
    with tifffile.TiffWriter(tmp_path / "pyramid.tif") as tiff:
        tiff.write(RGB, photometric="rgb", metadata=None)
        tiff.write(RGB[::2, ::2].copy(), photometric="rgb", subfiletype=1, metadata=None)
    assert is_near(tmp_path / "pyramid.tif", RGB)
    assert decode_file(tmp_path / "pyramid.tif").remark == ""


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_a_network_of_eleven_bands_takes_tiffs_of_eleven(tmp_path, planes):
    """Each band is the network's plane, of 8 and of 16 bits; another number is told."""
    bands = ramp(8, 8, 11)
    view = View(identity(11, 8), 8, 11)
    for name, values in (("8.tif", bands), ("16.tif", bands.astype(np.uint16) * 257)):
        data = values if planes == "contig" else np.moveaxis(values, -1, 0)
        tifffile.imwrite(tmp_path / name, data, photometric="minisblack", planarconfig=planes)
        assert np.array_equal(decode(str(tmp_path / name), view).numpy(), np.moveaxis(bands, -1, 0))
        with pytest.raises(UndecodableError, match="has 11 bands, and the model takes 7"):
            decode(str(tmp_path / name), View(identity(7, 8), 8, 7))


def test_bands_without_a_meaning(tmp_path):
    """Five bands are no colours."""
    tifffile.imwrite(
        tmp_path / "a.tif", np.zeros((8, 8, 5), np.uint16), photometric="minisblack", planarconfig="contig"
    )
    with pytest.raises(UndecodableError, match="a TIFF of 5 bands"):
        decode_file(tmp_path / "a.tif")


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_texts_of_a_png_say_nothing_about_its_pixels(tmp_path, kind, at_end):
    """However long: two megabytes before or behind the pixels, in a file with and without an ending, and in an archive."""
    text = zlib.compress(b"a setting, " * 200_000)
    data = b"parameters\0\0" + text if kind == b"zTXt" else b"parameters\0\1\0\0\0" + text
    for name in ("a.png", "none"):
        (tmp_path / name).write_bytes(with_chunks(png_bytes(RGB), chunk(kind, data), at_end=at_end))
        assert is_near(tmp_path / name, RGB, 0)
    assert len(list_photos(tmp_path).entries) == 2


def test_many_texts_and_a_long_profile(tmp_path):
    """More texts than Pillow keeps together, and a colour profile of megabytes, which is left aside."""
    texts = [chunk(b"zTXt", b"k%d\0\0" % number + zlib.compress(b"x" * 900_000)) for number in range(80)]
    (tmp_path / "a.png").write_bytes(with_chunks(png_bytes(RGB), *texts))
    profile = chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"\0" * 1_500_000))
    (tmp_path / "b.png").write_bytes(with_chunks(png_bytes(RGB), profile))
    assert is_near(tmp_path / "a.png", RGB, 0)
    assert is_near(tmp_path / "b.png", RGB, 0)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("phone.heic", "a HEIC file, which is not read: convert it to a JPEG or PNG"),
        ("c.cr3", "a camera's raw file: develop it"),
    ],
)
def test_kinds_that_are_not_read_name_the_way_out(tmp_path, name, said):
    """They are told when photos are listed."""
    (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    Image.fromarray(RGB).save(tmp_path / "good.png")
    assert [skipped.reason[: len(said)] for skipped in list_photos(tmp_path).skipped] == [said]


def test_a_set_says_how_its_photos_are_read(tmp_path):
    """A line for each kind, from decoding in this process or in others; photos that say all themselves are not named."""
    Image.fromarray(RGB).save(tmp_path / "plain.png")
    for number in range(3):
        Image.fromarray(deepened(GREY, 12)).save(tmp_path / f"deep-{number}.png")
    tifffile.imwrite(tmp_path / "signed.tif", GREY.astype(np.int16) - 99)
    for workers in (0, 2):
        photos = find_photos(tmp_path)
        list(photos.batches(identity(3, 8), 8, 3, workers=workers))
        assert photos.notes() == [
            "3 photos, the first 'deep-0.png': each uses 12 bits of 16, by its largest value: read as 12 bits",
            "photo 'signed.tif' holds values whose range no file format names: stretched from the least to the greatest",
        ]

"""Pixels: every kind of file is read rightly, or refused with the reason."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from mindseye.photos.depth import UndecodableError
from mindseye.photos.pixels import read_array, read_photo

RED, GREEN = (200, 0, 0), (0, 100, 50)


def picture() -> Image.Image:
    """60 x 40 px, red on the left, green on the right."""
    values = np.zeros((40, 60, 3), np.uint8)
    values[:, :30], values[:, 30:] = RED, GREEN
    return Image.fromarray(values)


def corners(path: Path) -> list[tuple[int, ...]]:
    image = read_photo(path)
    assert image.mode == "RGB"
    return [image.getpixel((3, 3)), image.getpixel((image.width - 4, image.height - 4))]


def close(found: list[tuple[int, ...]], wanted: list[tuple[int, ...]], tolerance: int) -> bool:
    return bool((np.abs(np.array(found) - np.array(wanted)) <= tolerance).all())


def lab(image: Image.Image) -> Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.applyTransform(image, ImageCms.buildTransform(*profiles, "RGB", "LAB"))
    assert converted is not None
    return converted


@pytest.mark.parametrize(
    ("name", "image", "tolerance"),
    [
        ("rgb.bmp", picture(), 0),
        ("rgb.jp2", picture(), 0),
        ("rgb.tga", picture(), 0),
        ("palette.png", picture().quantize(4), 0),
        ("palette.gif", picture(), 0),
        ("cmyk.tif", picture().convert("CMYK"), 0),
        ("cmyk.jpg", picture().convert("CMYK"), 3),
        ("ycbcr.jpg", picture(), 3),
        ("ycbcr.tif", picture().convert("YCbCr"), 3),
        ("lab.tif", lab(picture()), 20),
    ],
)
def test_colour_kinds(tmp_path: Path, name: str, image: Image.Image, tolerance: int) -> None:
    """The two colours come out of each format and colour space (Lab's gamut cuts pure red)."""
    image.save(tmp_path / name, **({"quality": 98, "subsampling": 0} if name.endswith("jpg") else {}))
    assert close(corners(tmp_path / name), [RED, GREEN], tolerance)


def test_adobe_inverted_cmyk(tmp_path: Path) -> None:
    """Adobe's JPEGs hold CMYK upside down (no ink is 255); red and green still come out, not their complements."""
    picture().convert("CMYK").save(tmp_path / "a.jpg", quality=98, subsampling=0)
    assert b"Adobe" in (tmp_path / "a.jpg").read_bytes()
    raw = Image.open(tmp_path / "a.jpg")
    raw.draft("CMYK", raw.size)
    raw.tile = [tile._replace(args=("CMYK", "")) for tile in raw.tile]  # as stored
    assert close([raw.getpixel((3, 3))], [(200, 0, 0, 255)], 3)
    assert close(corners(tmp_path / "a.jpg"), [RED, GREEN], 3)


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    """Alpha channels, palettes with alpha, and a transparent colour: what shines through is white, half of it half."""
    clear = picture().convert("RGBA")
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:, :30] = 0
    clear.putalpha(Image.fromarray(alpha))
    for name in ("clear.png", "clear.tif", "clear.gif", "clear.webp"):
        clear.save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
        assert corners(tmp_path / name) == [(255, 255, 255), GREEN]
    clear.quantize(8).save(tmp_path / "palette.png")
    assert corners(tmp_path / "palette.png") == [(255, 255, 255), GREEN]
    picture().save(tmp_path / "key.png", transparency=RED)
    assert corners(tmp_path / "key.png") == [(255, 255, 255), GREEN]
    clear.convert("LA").save(tmp_path / "grey.png")
    assert corners(tmp_path / "grey.png")[0] == (255, 255, 255)
    Image.new("RGBA", (9, 9), (0, 0, 0, 128)).save(tmp_path / "half.png")
    assert close(corners(tmp_path / "half.png"), [(127, 127, 127)] * 2, 1)


def test_sixteen_and_more_bits_are_scaled(tmp_path: Path) -> None:
    """Grey of 16 bits, either byte order, 32 bits and floats: the ramp comes out as value / full scale, not clipped."""
    ramp = np.linspace(0, 65535, 2400).reshape(40, 60).astype(np.uint16)
    expected = np.rint(ramp / 65535 * 255)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    Image.fromarray(ramp).save(tmp_path / "ramp.tif")
    Image.fromarray(ramp.astype(np.int32) * 3000).save(tmp_path / "wide.tif")
    Image.fromarray((ramp / 65535).astype(np.float32)).save(tmp_path / "float.tif")
    (tmp_path / "ramp.pgm").write_bytes(b"P5 60 40 65535\n" + ramp.astype(">u2").tobytes())
    for name in ("ramp.png", "ramp.tif", "wide.tif", "float.tif", "ramp.pgm"):
        found = np.asarray(read_photo(tmp_path / name))[..., 0].astype(float)
        assert np.abs(found - expected).max() <= 1, name


def test_one_bit(tmp_path: Path) -> None:
    """Black and white are 0 and 255."""
    Image.fromarray(np.eye(16, dtype=bool)).save(tmp_path / "one.png")
    assert np.array_equal(np.asarray(read_photo(tmp_path / "one.png"))[..., 1], np.eye(16, dtype=np.uint8) * 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(tmp_path: Path, orientation: int) -> None:
    """Each of the eight orientations brings the upright picture back."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transposes, by orientation
    upright = np.zeros((20, 30, 3), np.uint8)
    upright[:10, :15], upright[10:, 15:] = RED, GREEN
    stored = Image.fromarray(upright)
    if orientation in undo:
        stored = stored.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(np.asarray(read_photo(tmp_path / "turned.png")), upright)


def test_broken_exif_costs_nothing(tmp_path: Path) -> None:
    """Metadata that make no sense leave the pixels as they are."""
    picture().save(tmp_path / "a.jpg", exif=b"Exif\0\0nonsense!", quality=98, subsampling=0)
    assert close(corners(tmp_path / "a.jpg"), [RED, GREEN], 3)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_first_frame_of_an_animation(tmp_path: Path, name: str) -> None:
    """What moves is seen as it begins."""
    more = {"lossless": True} if name == "a.webp" else {}
    picture().save(tmp_path / name, save_all=True, append_images=[Image.new("RGB", (60, 40), "blue")], **more)
    assert corners(tmp_path / name) == [RED, GREEN]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.bmp", "a.webp", "a.tif", "a.jp2"])
def test_truncated_files_are_not_read_in_part(tmp_path: Path, name: str) -> None:
    """Half a file is no photo."""
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(UndecodableError, match=r"\w"):
        read_photo(tmp_path / name)


def test_decompression_bomb_and_other_lies(tmp_path: Path) -> None:
    """A few bytes that claim to be 3.6 gigapixels, text under an image's name, an empty file, values that are none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    not_a_number = io.BytesIO()
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(not_a_number, "TIFF")
    files = {"million pixels": bomb, "not an image": b"hello", "empty": b"", "not finite": not_a_number.getvalue()}
    for reason, data in files.items():
        (tmp_path / "x.jpg").write_bytes(data)
        with pytest.raises(UndecodableError, match=reason):
            read_photo(tmp_path / "x.jpg")
    (tmp_path / "x.jpg").unlink()
    with pytest.raises(UndecodableError, match="no such file"):
        read_photo(tmp_path / "x.jpg")


def test_arrays() -> None:
    """Bytes as they are; booleans, 16 bits and floats scaled; anything else refused, with what is wanted."""
    values = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert np.array_equal(read_array(values)[0], values)
    assert read_array(np.array([[True, False]]))[0][..., 0].tolist() == [[255, 0]]
    assert read_array(np.array([[65535, 257]], np.uint16))[0][..., 0].tolist() == [[255, 1]]
    assert read_array(np.array([[0.0, 0.5, 1.0]]))[0][..., 0].tolist() == [[0, 128, 255]]
    refused = {
        "height x width": np.zeros(3),
        "shape .0, 4, 3.": np.zeros((0, 4, 3)),
        "int64": np.zeros((2, 2), int),
        "from 0 to 255": np.array([[0.0, 255.0]]),
        "not finite": np.array([[np.nan]]),
    }
    for reason, array in refused.items():
        with pytest.raises(UndecodableError, match=reason):
            read_array(array)

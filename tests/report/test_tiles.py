"""Tiles: photos upright and cropped, pictures whole, and stand-ins for what is lost."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mindseye.report.theme import LIGHT
from mindseye.report.tiles import failure_tile, grey_tile, mosaic, photo_tile, picture_tile


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def halves(size: tuple[int, int]) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, (255, 0, 0))
    image.paste((0, 0, 255), (size[0] // 2, 0, *size))
    return image


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_photo_is_turned_as_its_exif_says(tmp_path: Path, suffix: str) -> None:
    """Orientation 6 (turn clockwise) brings the left half to the top, in the fast path for JPEG as well."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / f"turned.{suffix}"
    halves((400, 400)).save(path, exif=exif, quality=95) if suffix == "jpg" else halves((400, 400)).save(
        path, exif=exif
    )
    tile = pixels(photo_tile(str(path), 40))
    assert np.abs(tile[5, 20] - [255, 0, 0]).max() < 12
    assert np.abs(tile[35, 20] - [0, 0, 255]).max() < 12


def test_photo_is_cropped_to_its_centre(tmp_path: Path) -> None:
    """Of a photo three times as wide as high only the middle third is seen."""
    image = Image.new("RGB", (300, 100), (255, 0, 0))
    image.paste((0, 255, 0), (100, 0, 200, 100))
    image.save(tmp_path / "wide.png")
    tile = pixels(photo_tile(str(tmp_path / "wide.png"), 50))
    assert (tile[:, 3:-3] == [0, 255, 0]).all()
    assert (tile[:, :, 1] > tile[:, :, 0]).all()


def test_reduced_jpeg_looks_like_the_whole_one(tmp_path: Path) -> None:
    """Decoding a large JPEG at a fraction of its size changes the tile by a few grey values at most."""
    ramp = np.linspace(0, 255, 1600).astype(np.uint8)
    image = Image.fromarray(
        np.stack([np.tile(ramp, (1200, 1)), np.tile(ramp[:1200, None], (1, 1600))] * 2, -1)[..., :3]
    )
    image.save(tmp_path / "large.jpg", quality=95)
    image.save(tmp_path / "large.png")
    fast, slow = (pixels(photo_tile(str(tmp_path / f"large.{kind}"), 64)) for kind in ("jpg", "png"))
    assert np.abs(fast - slow).max() <= 6


@pytest.mark.parametrize("path", ["/gone/photo.jpg", "array-00003", "", "\udcff.png", "a\0b", "."])
def test_lost_photo_is_a_grey_tile(path: str) -> None:
    """A member that vanished, or never had a file, is a grey tile of the right size: never an error."""
    tile = photo_tile(path, 64)
    assert tile.size == (64, 64)
    assert tuple(pixels(tile)[0, 0]) == LIGHT.paint("raised")


def test_grey_tile_bears_the_name() -> None:
    """The name is written in the middle, and another name looks different."""
    first, second = pixels(grey_tile(96, "one.jpg")), pixels(grey_tile(96, "two.jpg"))
    assert (first != second).any()
    assert (first[:8] == LIGHT.paint("raised")).all()


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\xff\xd8\xff\xe0 cut off"])
def test_broken_photo_is_a_grey_tile(tmp_path: Path, content: bytes) -> None:
    """A file that is no longer an image is treated like one that is gone."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    assert tuple(pixels(photo_tile(str(path), 32))[0, 0]) == LIGHT.paint("raised")


def test_picture_of_the_tile_size_is_shown_to_the_bit(tmp_path: Path) -> None:
    """A picture painted at the size of its tile is neither scaled nor changed."""
    noise = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert np.array_equal(np.asarray(picture_tile(tmp_path, "a.png", 48)), noise)


def test_small_picture_is_enlarged_pixel_by_pixel(tmp_path: Path) -> None:
    """Three times as large, every pixel is a square of 3 px: nothing is smoothed away."""
    noise = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert np.array_equal(np.asarray(picture_tile(tmp_path, "a.png", 48)), noise.repeat(3, 0).repeat(3, 1))


def test_oblong_picture_is_shown_whole(tmp_path: Path) -> None:
    """A picture that is not square keeps both its ends, between two bars."""
    halves((60, 30)).save(tmp_path / "a.png")
    tile = pixels(picture_tile(tmp_path, "a.png", 60))
    assert (tile[:15] == LIGHT.paint("raised")).all()
    assert (tile[45:] == LIGHT.paint("raised")).all()
    assert (tile[30, 2] == [255, 0, 0]).all()
    assert (tile[30, 57] == [0, 0, 255]).all()


@pytest.mark.parametrize("relative", [None, "../run.json", "pictures/none.png"])
def test_missing_picture_is_a_grey_tile(tmp_path: Path, relative: str | None) -> None:
    """A facet without a picture, or whose file is gone, has a grey tile."""
    assert tuple(pixels(picture_tile(tmp_path, relative, 40))[0, 0]) == LIGHT.paint("raised")


def test_failed_tile_gives_the_reason_in_the_colour_of_warnings() -> None:
    """Failure can be told from loss at a glance."""
    assert (pixels(failure_tile(200, "turned NaN")) == LIGHT.paint("warning")).all(-1).any()
    assert not (pixels(grey_tile(200, "turned NaN")) == LIGHT.paint("warning")).all(-1).any()


def test_mosaic_shows_members_row_by_row(tmp_path: Path) -> None:
    """Members fill a square from the upper left; a place without a member stays empty."""
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    for index, colour in enumerate(colours):
        Image.new("RGB", (20, 20), colour).save(tmp_path / f"{index}.png")
    tile = pixels(mosaic([str(tmp_path / f"{index}.png") for index in range(3)], 100, 2, 4))
    assert [tuple(tile[y, x]) for y, x in ((25, 25), (25, 75), (75, 25))] == colours
    assert tuple(tile[75, 75]) == LIGHT.paint("paper")
    assert tuple(tile[50, 25]) == LIGHT.paint("paper")
    assert tuple(tile[99, 0]) == colours[2]

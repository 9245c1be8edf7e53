"""The pictures of an atlas as files: WebP, which a page loads as it comes into view."""

import io
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import torch
from PIL import Image, ImageOps, features
from torch import Tensor

from mindseye.errors import UserError
from mindseye.report.heat import as_image
from mindseye.report.page.pictures import shrink
from mindseye.runs.files import write_bytes

QUALITY, EFFORT = 84, 4
TILE, GAP = 80, 4
SMALL = 128
FACET_COLUMNS = 5
"""Of the sheet of a facet's members."""


def write_webp(path: Path, image: Image.Image) -> None:
    """Write an image as WebP; the same image gives the same bytes.

    Raises:
        UserError: if it cannot be written, or Pillow was built without WebP.
    """
    if not features.check("webp"):
        raise UserError("an atlas keeps its pictures as WebP, and this Pillow was built without: pip install -U pillow")
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=EFFORT)
    write_bytes(path, buffer.getvalue())


def picture_of(image: Tensor) -> Image.Image:
    """A painted picture, [in_channels, height, width] in [0, 1]; of other than three planes the first."""
    return as_image((image.clamp(0, 1) * 255).round().to(torch.uint8))


def small_of(picture: Image.Image) -> Image.Image:
    """The small copy that sheets show."""
    return shrink(picture, SMALL)


def sheet_size(photos: int, columns: int) -> tuple[int, int]:
    """Width and height of a sheet of so many photos, in px."""
    rows = max(1, ceil(photos / columns))
    return columns * (TILE + GAP) - GAP, rows * (TILE + GAP) - GAP


def photo_sheet(squares: Sequence[Tensor], columns: int) -> Image.Image:
    """Photos or parts of photos, uint8 [in_channels, any, any], whole in tiles side by side; between them nothing."""
    step = TILE + GAP
    sheet = Image.new("RGBA", sheet_size(len(squares), columns), (0, 0, 0, 0))
    for place, square in enumerate(squares):
        row, column = divmod(place, columns)
        tile = as_image(square)
        way = Image.Resampling.NEAREST if 2 * max(tile.size) <= TILE else Image.Resampling.LANCZOS
        tile = ImageOps.contain(tile, (TILE, TILE), way)
        left, top = column * step + (TILE - tile.width) // 2, row * step + (TILE - tile.height) // 2
        sheet.paste(tile, (left, top))
    return sheet

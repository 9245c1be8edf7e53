"""Square tiles for the sheets: photos, the run's own pictures, and what is shown in place of a missing one."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageOps

from mindseye.photos.depth import UndecodableError
from mindseye.photos.pixels import read_photo, to_rgb
from mindseye.photos.tar import open_file
from mindseye.report.drawing import FAINT, PAPER, RAISED, WARNING, Paint, wrap
from mindseye.report.manifest import failure
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.runs.schema import PaintedEntry


def photo_tile(path: str, side: int, theme: Theme = LIGHT) -> Image.Image:
    """The photo at `path`, upright and centre-cropped to `side` px; a grey tile with its name where it is gone."""
    return crop_photo(path, side) or grey_tile(side, Path(path).name, theme)


def crop_photo(path: str, side: int) -> Image.Image | None:
    """The photo at `path`, upright and centre-cropped to `side` px; None where it is gone."""
    try:
        upright = _decode_small(path, 2 * side) or read_photo(Path(path))
    except UndecodableError:
        return None
    return ImageOps.fit(upright, (side, side), _resampling(min(upright.size), side))


def whole_photo(path: str, side: int) -> Image.Image | None:
    """The photo at `path`, upright and whole, of as many pixels as a square of `side` px; None where it is gone.

    A smaller one stays as it is.
    """
    try:
        upright = _decode_small(path, 2 * side) or read_photo(Path(path))
    except UndecodableError:
        return None
    share = side / math.sqrt(upright.width * upright.height)
    if share >= 1:
        return upright
    width, height = (max(1, round(share * length)) for length in upright.size)
    return upright.resize((width, height), Image.Resampling.LANCZOS)


def picture_tile(folder: Path, relative: str | None, side: int, theme: Theme = LIGHT) -> Image.Image:
    """The run's own picture at ``folder / relative``, whole, in a tile of ``side`` px; a grey tile where there is none."""
    if relative is None:
        return grey_tile(side, "no picture", theme)
    whole = own_picture(folder, relative)
    return grey_tile(side, Path(relative).name, theme) if whole is None else fit_tile(whole, side, theme)


def own_picture(folder: Path, relative: str | None) -> Image.Image | None:
    """The run's own picture at ``folder / relative``; None where there is none, or it would lie outside of the run."""
    if relative is None:
        return None
    try:
        path = (folder / relative).resolve()
        return read_photo(path) if path.is_relative_to(folder.resolve()) else None
    except (UndecodableError, OSError, ValueError):
        return None


def fit_tile(whole: Image.Image, side: int, theme: Theme = LIGHT) -> Image.Image:
    """An image of any shape, whole, in a tile of `side` px."""
    inside = ImageOps.contain(whole, (side, side), _resampling(max(whole.size), side))
    tile = Image.new("RGB", (side, side), theme.paint(RAISED))
    tile.paste(inside, ((side - inside.width) // 2, (side - inside.height) // 2))
    return tile


def grey_tile(side: int, text: str, theme: Theme = LIGHT, colour: Paint = FAINT) -> Image.Image:
    """A grey tile of `side` px with `text` in its middle."""
    grey = replace(theme, colours={**theme.colours, PAPER: theme.paint(RAISED)})
    tile = Sheet(side, side, grey)
    size = max(9, min(18, side // 8))
    rows = wrap(text, max(1, side - size), size, max(1, side // (2 * size)))
    for place, row in enumerate(rows):
        y = side / 2 + (place - (len(rows) - 1) / 2) * 1.5 * size
        tile.text(side / 2, y, row, size, colour=colour, anchor="mm", width=side)
    return tile.image


def failure_tile(side: int, reason: str, theme: Theme = LIGHT) -> Image.Image:
    """The tile of a picture that could not be painted, with the reason."""
    return grey_tile(side, f"failed: {reason}", theme, WARNING)


def mosaic(paths: Sequence[str], side: int, columns: int, gap: int, theme: Theme = LIGHT) -> Image.Image:
    """The first columns² photos in one square of ``side`` px; places without a photo stay empty."""
    square = Image.new("RGB", (side, side), theme.paint(PAPER))
    edges = [round(place * (side + gap) / columns) for place in range(columns + 1)]
    for index, path in enumerate(paths[: columns * columns]):
        top, left = edges[index // columns], edges[index % columns]
        cell = max(edges[index // columns + 1] - top, edges[index % columns + 1] - left) - gap
        square.paste(photo_tile(path, cell, theme), (left, top))
    return square


def picture_or_failure(folder: Path, entry: PaintedEntry, side: int, theme: Theme = LIGHT) -> Image.Image:
    """The tile of a painted picture; the reason where it could not be painted."""
    reason = failure(entry)
    return failure_tile(side, reason, theme) if reason else picture_tile(folder, entry.picture, side, theme)


def _decode_small(path: str, side: int) -> Image.Image | None:
    """A JPEG decoded straight to a half, quarter or eighth of its size, still at least `side` px: many times faster.

    None for any other format, and for a file with anything odd about it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_file(path) as file, Image.open(file) as image:
                if image.format != "JPEG":
                    return None
                image.draft("RGB", (side, side))
                return to_rgb(ImageOps.exif_transpose(image))
    except Exception:  # Pillow raises a dozen kinds; the reader that the run itself used then decides
        return None


def _resampling(side: int, target: int) -> Image.Resampling:
    """Nearest neighbour where a small picture is enlarged: its pixels are the result and must not be smoothed away."""
    return Image.Resampling.NEAREST if target >= 2 * side else Image.Resampling.LANCZOS

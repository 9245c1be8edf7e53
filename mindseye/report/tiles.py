"""Square tiles for the sheets: members, the run's own pictures, and what stands in for a lost one."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from mindseye.photos.depth import UndecodableError
from mindseye.photos.pixels import read_photo, to_rgb
from mindseye.photos.tar import open_file
from mindseye.report.drawing import FAINT, PAPER, RAISED, WARNING, Colour, font, wrap


def photo(path: str, side: int) -> Image.Image:
    """The photo at `path`, upright and centre-cropped to `side` px; a grey tile with its name where it is gone."""
    return square(path, side) or grey(side, Path(path).name)


def square(path: str, side: int) -> Image.Image | None:
    """The photo at `path`, upright and centre-cropped to `side` px; None where it is gone."""
    try:
        upright = _reduced(path, 2 * side) or read_photo(Path(path))
    except UndecodableError:
        return None
    return ImageOps.fit(upright, (side, side), _resampling(min(upright.size), side))


def picture(folder: Path, relative: object, side: int) -> Image.Image:
    """The run's own picture at `folder / relative`, whole, in a tile of `side` px; a grey tile where there is none."""
    if not isinstance(relative, str):
        return grey(side, "no picture")
    try:
        whole = read_photo(folder / relative)
    except UndecodableError:
        return grey(side, Path(relative).name)
    return framed(whole, side)


def framed(whole: Image.Image, side: int) -> Image.Image:
    """An image of any shape, whole, in a tile of `side` px."""
    inside = ImageOps.contain(whole, (side, side), _resampling(max(whole.size), side))
    tile = Image.new("RGB", (side, side), RAISED)
    tile.paste(inside, ((side - inside.width) // 2, (side - inside.height) // 2))
    return tile


def grey(side: int, text: str, colour: Colour = FAINT) -> Image.Image:
    """A grey tile of `side` px with `text` in its middle."""
    tile = Image.new("RGB", (side, side), RAISED)
    size = max(9, min(18, side // 8))
    rows = wrap(text, max(1, side - size), size, max(1, side // (2 * size)))
    ImageDraw.Draw(tile).multiline_text(
        (side / 2, side / 2), "\n".join(rows), colour, font(size), "mm", spacing=size // 3, align="center"
    )
    return tile


def failed(side: int, reason: str) -> Image.Image:
    """The tile of a facet whose painting failed, with the reason."""
    return grey(side, f"failed: {reason}", WARNING)


def mosaic(members: Sequence[Mapping[str, Any]], side: int, columns: int, gap: int) -> Image.Image:
    """The first columns² members in one square of `side` px; places without a member stay empty."""
    square = Image.new("RGB", (side, side), PAPER)
    edges = [round(place * (side + gap) / columns) for place in range(columns + 1)]
    for index, member in enumerate(members[: columns * columns]):
        top, left = edges[index // columns], edges[index % columns]
        cell = max(edges[index // columns + 1] - top, edges[index % columns + 1] - left) - gap
        square.paste(photo(str(member.get("path", "")), cell), (left, top))
    return square


def _reduced(path: str, side: int) -> Image.Image | None:
    """A JPEG decoded straight to a half, quarter or eighth of its size, still at least `side` px: many times faster.

    None for any other format, and for a file with anything odd about it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_file(path) as file, Image.open(file) as opened:
                if opened.format != "JPEG":
                    return None
                opened.draft("RGB", (side, side))
                return to_rgb(ImageOps.exif_transpose(opened))
    except Exception:  # Pillow raises a dozen kinds; the reader that the run itself used then decides
        return None


def _resampling(side: int, wanted: int) -> Image.Resampling:
    """Nearest neighbour where a small picture is enlarged: its pixels are the result and must not be smoothed away."""
    return Image.Resampling.NEAREST if wanted >= 2 * side else Image.Resampling.LANCZOS

"""Results as HTML for a notebook: tables and pictures under a root that keeps its styles and the notebook's apart.

Everything that is told is escaped, pictures are small copies inside of the HTML, and nothing is fetched or run.
"""

import numbers
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import torch
from markupsafe import Markup, escape
from PIL import Image
from torch import Tensor

from mindseye.report.heat import as_image
from mindseye.report.numbers import format_number
from mindseye.report.page.pictures import data_uri, read_any_photo, shrink
from mindseye.report.page.templates import style
from mindseye.report.typeface import printable

SIDE, TILE = 192, 96
MOST_ROWS, MOST_TILES, MOST_PICTURES = 40, 12, 48

Picture = Tensor | Image.Image | Path | None
"""A picture: [in_channels, height, width], in [0, 1] or uint8; an image; a file; None where there is none."""


def html_table(rows: Sequence[Mapping[str, object]], title: str) -> str:
    """Rows of the same keys as a table under a title; of many, the first."""
    return html_block(title, table(rows))


def html_strips(images: Mapping[str, Iterable[Picture]], title: str) -> str:
    """Pictures under a title, a strip of small tiles under each name; of many, the first.

    images: by name, such as tensors [n, in_channels, height, width].
    """
    return html_block(title, *(strip(some, name) for name, some in list(images.items())[:MOST_ROWS]))


def html_grid(pictures: Sequence[tuple[str, Picture]], title: str) -> str:
    """Pictures with a name below each, side by side under a title; of many, the first."""
    return html_block(title, grid(pictures))


def html_block(title: str, *parts: Markup) -> str:
    """Parts (see ``table``, ``strip`` and ``grid``) under a title, as a notebook shows them."""
    return wrap_in_root(Markup('<div class="me-name-of-result">{}</div>').format(printable(title)), *parts)


def page_link(page: Path) -> Markup:
    """A link to a page that lies on the disk, where there is one; a notebook follows it from the folder that it lies in."""
    if not page.is_file():
        return Markup("")
    near = os.path.relpath(page.absolute())
    address = page.absolute().as_uri() if near.startswith("..") else quote(Path(near).as_posix())
    shell = '<div class="me-faint me-end">The whole page: <a href="{}" target="_blank" rel="noopener">{}</a></div>'
    return Markup(shell).format(address, printable(str(page)))


def wrap_in_root(*parts: Markup) -> str:
    """Parts under the root that the styles hold for, with these styles."""
    styles = Markup("<style>{}</style>").format(style("front", "notebook"))
    whole = Markup('<div class="mindseye">{}{}</div>').format(styles, Markup("").join(parts))
    return str(whole)  # a Markup would escape what a caller puts before it


def table(rows: Sequence[Mapping[str, object]]) -> Markup:
    """Rows of the same keys, which are the headings; numbers stand to the right. Of many, the first."""
    if not rows:
        return Markup("")
    keys = list(rows[0])
    right = {key for key in keys if all(_is_number(row.get(key)) or row.get(key) is None for row in rows)}
    head = Markup("").join(_cell("th", printable(key), key in right) for key in keys)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(_cell("td", _text(row.get(key)), key in right) for key in keys))
        for row in rows[:MOST_ROWS]
    )
    shell = '<div class="me-scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{}'
    return Markup(shell).format(head, body, _more(len(rows) - MOST_ROWS))


def strip(pictures: Iterable[Picture], name: str = "") -> Markup:
    """Small tiles in a row, under a name where there is one. Of many, the first."""
    every = list(pictures)
    tiles = Markup("").join(_image(picture, TILE, "") for picture in every[:MOST_TILES])
    heading = Markup('<div class="me-below">{}</div>').format(printable(name)) if name else ""
    return Markup('{}<div class="me-tiles">{}</div>{}').format(heading, tiles, _more(len(every) - MOST_TILES))


def grid(pictures: Sequence[tuple[str, Picture]], side: int = SIDE) -> Markup:
    """Pictures of ``side`` px side by side, the name of each below it. Of many, the first."""
    shell = '<div class="me-tile" style="width:{}px">{}<div class="me-below">{}</div></div>'
    tiles = Markup("").join(
        Markup(shell).format(side, _image(picture, side, name), printable(name))
        for name, picture in pictures[:MOST_PICTURES]
    )
    return Markup('<div class="me-grid">{}</div>{}').format(tiles, _more(len(pictures) - MOST_PICTURES))


def _image(picture: Picture, side: int, name: str) -> Markup:
    image = _read(picture)
    if image is None:
        return Markup('<div class="me-none" style="width:{0}px;height:{0}px">no picture</div>').format(side)
    small = shrink(image, 2 * side)  # sharp on screens of twice the density
    scale = side / max(image.size)
    width, height = (max(1, round(scale * extent)) for extent in image.size)
    shell = '<img src="{}" width="{}" height="{}" style="width:{}px" alt="{}">'
    return Markup(shell).format(data_uri(small), width, height, width, printable(name))


def _read(picture: Picture) -> Image.Image | None:
    if isinstance(picture, Tensor):
        pixels = (
            picture if picture.dtype == torch.uint8 else (picture.float().clamp(0, 1) * 255).round().to(torch.uint8)
        )
        return as_image(pixels.detach().cpu())
    return read_any_photo(str(picture)) if isinstance(picture, Path) else picture


def _cell(tag: str, text: str | Markup, is_number: bool) -> Markup:
    kind = Markup(' class="me-number"') if is_number else ""
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), kind, text)


def _text(value: object) -> str | Markup:
    if value is None:
        return "–"
    if isinstance(value, Markup):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return format_number(float(value))
    if isinstance(value, list | tuple):
        return ", ".join(str(_text(part)) for part in value)
    return printable(str(value))


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _more(count: int) -> Markup:
    return Markup('<div class="me-faint">and {} more</div>').format(count) if count > 0 else escape("")

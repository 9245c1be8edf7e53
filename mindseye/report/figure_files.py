"""Figures as files: PNG at 300 dpi, none of its sides above 4000 px, and SVG or PDF beside it."""

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from PIL import Image

from mindseye.report.drawing import DPI, LARGEST
from mindseye.report.sheet import Sheet
from mindseye.report.theme import FigureStyle
from mindseye.report.vector import vector_file
from mindseye.runs.files import PNG_EFFORT, write_bytes

Entry = TypeVar("Entry")


def write_sheet(path: Path, sheet: Sheet, style: FigureStyle) -> list[Path]:
    """Write a figure as PNG, and beside it in the other formats of a style; the paths.

    path: of the PNG. A figure that is too large all the same is made smaller.

    Raises:
        UserError: if one cannot be written.
    """
    image, buffer = sheet.image, io.BytesIO()
    if max(image.size) > LARGEST:
        scale = LARGEST / max(image.size)
        width, height = (max(1, round(scale * side)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    image.save(buffer, "PNG", compress_level=PNG_EFFORT, dpi=(DPI, DPI))
    write_bytes(path, buffer.getvalue())
    paths = [path]
    for kind in style.formats:
        paths.append(path.with_suffix(f".{kind}"))
        write_bytes(paths[-1], vector_file(sheet, kind))
    return paths


def draw_pages(entries: Sequence[Entry], draw: Callable[[Sequence[Entry]], Sheet]) -> Iterator[Sheet]:
    """A figure over some entries; several, each over a part of them, where one would be larger than 4000 px."""
    whole = draw(entries)
    parts = min(max(-(-max(whole.width, whole.height) // LARGEST), 1), len(entries))
    if parts < 2:
        yield whole
        return
    while True:
        bounds = [round(place * len(entries) / parts) for place in range(parts + 1)]
        pages = [draw(entries[start:end]) for start, end in pairwise(bounds)]
        if parts >= len(entries) or all(max(page.width, page.height) <= LARGEST for page in pages):
            yield from pages
            return
        parts += 1

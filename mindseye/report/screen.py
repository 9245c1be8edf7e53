"""The first screen of a run in a notebook: the same that its page opens with, as HTML that holds its pictures itself."""

import html
from pathlib import Path

from mindseye.errors import UserError
from mindseye.report.manifest import Json
from mindseye.report.page.front import Held, front_of, paths_of_map
from mindseye.report.page.pictures import data_uri, own_picture
from mindseye.report.page.templates import render, style
from mindseye.report.tiles import framed, square
from mindseye.runs.folder import PAGE, RunFolder

SIDE, THUMBNAIL = 224, 48
MOST, MOST_ON_MAP = 24, 40


def first_screen(run_dir: Path) -> str:
    """The run's pictures at a glance, as HTML that needs nothing beside itself: its facets and the map of its photos.

    At most 24 pictures are shown. A folder that holds no readable run gives the one line that says so.
    """
    try:
        manifest = RunFolder(run_dir).read()
    except UserError as error:
        return f"<p>{html.escape(str(error))}</p>"
    front = front_of(run_dir, manifest, lambda place, entry: _held(run_dir, entry), MOST, MOST_ON_MAP)
    tiles = {photo: square(path, THUMBNAIL) for photo, path in paths_of_map(manifest, front.map).items()}
    photos = {photo: data_uri(tile) for photo, tile in tiles.items() if tile is not None}
    page = run_dir / PAGE
    return render(
        "notebook.html",
        front=front,
        photos=photos,
        live=False,
        style=style("front"),
        page=f"more in {page}" if page.is_file() else f"figures in {run_dir}",
    )


def _held(run_dir: Path, entry: Json) -> Held | None:
    """The picture, reduced: a notebook keeps every byte of it."""
    image = own_picture(run_dir, entry.get("picture"))
    if image is None:
        return None
    return Held(data_uri(framed(image, SIDE) if max(image.size) > SIDE else image))

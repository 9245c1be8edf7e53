"""The first screen of a run in a notebook: the same that its page opens with, as HTML that holds its pictures itself."""

from pathlib import Path

from markupsafe import Markup, escape

from mindseye.errors import UserError
from mindseye.report.html import page_link, wrap_in_root
from mindseye.report.manifest import Entry
from mindseye.report.page.cards import PageImage
from mindseye.report.page.front import front_of, map_photos
from mindseye.report.page.pictures import data_uri
from mindseye.report.page.templates import render
from mindseye.report.tiles import crop_photo, fit_tile, own_picture
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
        return wrap_in_root(escape(str(error)))
    front = front_of(run_dir, manifest, lambda place, entry: _picture(run_dir, entry), MOST, MOST_ON_MAP)
    tiles = {photo: crop_photo(path, THUMBNAIL) for photo, path in map_photos(manifest, front.map).items()}
    photos = {photo: data_uri(tile) for photo, tile in tiles.items() if tile is not None}
    link = page_link(run_dir / PAGE) or Markup('<div class="me-faint me-end">figures in {}</div>').format(str(run_dir))
    return wrap_in_root(Markup(render("notebook.html", front=front, photos=photos, live=False)), link)


def _picture(run_dir: Path, entry: Entry) -> PageImage | None:
    """The picture, reduced: a notebook keeps every byte of it."""
    image = own_picture(run_dir, entry.picture)
    if image is None:
        return None
    return PageImage(data_uri(fit_tile(image, SIDE) if max(image.size) > SIDE else image))

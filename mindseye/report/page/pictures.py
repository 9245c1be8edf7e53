"""The pictures of a page: small copies of a run's files, which the page holds itself."""

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, features

from mindseye.photos.depth import UndecodableError
from mindseye.photos.pixels import read_photo
from mindseye.report.manifest import Entry
from mindseye.runs.schema import Manifest

QUALITY, EFFORT = 80, 1
"""WebP's own default takes three times as long for a sixth less."""
BYTES = 0.25
"""Of a pixel at that quality: 0.12 to 0.29 in pictures of facets and classes, 0.43 in inversions."""

# Bytes, before they are written as text (4/3 as many), for all pictures of a kind together.
PICTURES, STARTS, STEPS, WHERE, PHOTOS = 2.2e6, 0.4e6, 1.7e6, 0.6e6, 1.1e6
MOST_STEPS = 1600
STRIP = 6


@dataclass(frozen=True)
class Sizes:
    """Sides in px of the copies: smaller the more there are, so that a page stays small enough to be sent.

    snapshots: how many steps of each picture are shown.
    """

    picture: int
    start: int
    step: int
    where: int
    member: int
    photo: int
    snapshots: int


def choose_sizes(manifest: Manifest, members: int, photos: int) -> Sizes:
    """The sizes for a run. members, photos: how many photos are members of a facet, and how many are not."""
    entries: list[Entry] = [*manifest.facets, *manifest.pictures]
    beside = sum(1 + len(channel.facets) for layer in manifest.layers for channel in layer.channel_pictures)
    snapshots = max(2, MOST_STEPS // max(len(entries), 1))
    kept = sum(min(len(entry.steps), snapshots) for entry in entries)
    maps = sum(4 for facet in manifest.facets if facet.where)
    return Sizes(
        picture=fit_side(PICTURES, len(entries) + beside, 112, 512),
        start=fit_side(STARTS, len(entries), 64, 192),
        step=fit_side(STEPS, kept, 80, 256),
        where=fit_side(WHERE, maps, 64, 192),
        member=fit_side(PHOTOS, members, 72, 320),
        photo=fit_side(PHOTOS / 2, photos, 48, 320),
        snapshots=snapshots,
    )


def fit_side(budget: float, count: int, least: int, most: int) -> int:
    """The side in px at which so many pictures fill the budget together, within bounds."""
    return round(min(max(math.sqrt(budget / max(count, 1) / BYTES), least), most))


class PageImages:
    """Pictures of a page by number. uris: each as a data URI."""

    def __init__(self) -> None:
        self.uris: list[str] = []

    def add(self, image: Image.Image | None, side: int) -> int | None:
        """Keep a copy of a picture, at most `side` px wide and high; its number, None where there is no picture."""
        if image is None:
            return None
        self.uris.append(data_uri(shrink(image, side)))
        return len(self.uris) - 1

    def uri(self, number: int | None) -> str | None:
        """The picture of this number."""
        return None if number is None else self.uris[number]


def read_any_photo(path: str) -> Image.Image | None:
    """A photo, upright and whole; None where it is gone."""
    try:
        return read_photo(Path(path))
    except UndecodableError:
        return None


def data_uri(image: Image.Image) -> str:
    """A picture as text that a page can hold: WebP, or JPEG where Pillow was built without it."""
    kind = "webp" if features.check("webp") else "jpeg"
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, kind, quality=QUALITY, method=EFFORT)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def shrink(image: Image.Image, side: int) -> Image.Image:
    """A picture, at most ``side`` px wide and high. A smaller one stays as it is: browsers enlarge it without smoothing."""
    if max(image.size) <= side:
        return image
    return ImageOps.contain(image, (side, side), Image.Resampling.LANCZOS)

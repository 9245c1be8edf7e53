"""What the page says of each picture: of a facet, or of a named objective."""

import colorsys
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mindseye.report.drawing import facet_colour, printable
from mindseye.report.manifest import (
    Json,
    channels,
    failure,
    label,
    members,
    number,
    objective_name,
    photo_path,
    steps,
)
from mindseye.report.numbers import Reading, loss_terms, sightings
from mindseye.report.page.measures import judged_label, numbers_of
from mindseye.report.page.photos import Photos
from mindseye.report.page.pictures import Sizes, Store, any_photo, own_picture
from mindseye.report.thinning import thinned
from mindseye.report.where import where_tiles

Content = dict[str, Any]


@dataclass(frozen=True)
class Shelf:
    """Where the pictures of a page come from and where they go. judges: their names, in the order of their numbers."""

    folder: Path
    manifest: Json
    sizes: Sizes
    store: Store
    photos: Photos
    judges: list[str]

    def picture(self, relative: object, side: int) -> int | None:
        """Keep a picture of the run; its number."""
        return self.store.add(own_picture(self.folder, relative), side)

    def judge(self, name: str) -> int:
        """The number of a judge."""
        if name not in self.judges:
            self.judges.append(name)
        return self.judges.index(name)


def item_of(entry: Json, shelf: Shelf) -> Content:
    """A facet or objective as the page's script reads it: pictures, photos and judges are numbers, shares have four digits."""
    sizes = shelf.sizes
    return {
        "number": number(entry),
        "name": item_name(entry),
        "label": label(entry) or printable(judged_label(entry)),
        "hue": hue(number(entry)),
        "facts": facts(entry),
        "failure": failure(entry),
        "picture": shelf.picture(entry.get("picture"), sizes.picture),
        "start": shelf.picture(entry.get("start"), sizes.start),
        "steps": [
            [step, shelf.picture(path, sizes.step)] for step, path in thinned(sorted(steps(entry).items()), sizes.snapshots)
        ],
        "photo": _source(entry, shelf),
        "where": [shelf.store.add(tile, sizes.where) for tile in where_tiles(shelf.folder, shelf.manifest, entry, sizes.where)],
        "members": [
            [shelf.photos.member(str(member.get("path", ""))), short(member.get("weight"))] for member in members(entry)
        ],
        "channels": [[str(channel.get("channel", "–")), short(channel.get("share"))] for channel in channels(entry)],
        "numbers": [
            [found.measure, None if found.judge is None else shelf.judge(found.judge), *_three(found.reading)]
            for found in numbers_of(entry)
        ],
        "sees": [
            [sighting.judge, sighting.wanted, [[name, short(p)] for name, p in sighting.sees]]
            for sighting in sightings(entry)
            if sighting.sees
        ],
        "loss": [[name, short(start), short(end)] for name, (start, end) in loss_terms(entry).items()],
    }  # fmt: skip


def item_name(entry: Json) -> str:
    """``facet 3``, or what the objective is called."""
    return objective_name(entry) if "objective" in entry else f"facet {number(entry)}"


def facts(entry: Json) -> list[tuple[str, str]]:
    """What is known of a facet beside its pictures: a few words, and what they mean."""
    known = (
        ("size", "{:.0f} photos", "So many photos of the set belong to this facet."),
        (
            "effective_members",
            "{:.1f} effective members",
            "How many photos the target really rests on: 1 / Σ w². Near 1, the target is a single photo.",
        ),
        (
            "silhouette",
            "silhouette {:.2f}",
            "How clearly the facet's photos stand apart from all others, from −1 to 1. Above 0.5 is clear, below 0.25 is weak.",
        ),
    )
    return [
        (form.format(entry[key]), words)
        for key, form, words in known
        if isinstance(entry.get(key), int | float)
    ]  # fmt: skip


def hue(index: int) -> tuple[int, int]:
    """A facet's colour as hue in degrees and lightness in per cent, so that a page can darken it on white."""
    red, green, blue = (part / 255 for part in facet_colour(index))
    degrees, lightness, _ = colorsys.rgb_to_hls(red, green, blue)
    return round(360 * degrees), round(100 * lightness)


def _source(entry: Json, shelf: Shelf) -> Content | None:
    """The photo that a picture was painted from or into."""
    path = photo_path(entry)
    if path is None:
        return None
    return {"name": printable(Path(path).name), "picture": shelf.store.add(any_photo(path), shelf.sizes.picture)}


def _three(found: Reading) -> tuple[float | None, ...]:
    return tuple(short(value) for value in (found.picture, found.members, found.start))


def short(value: object) -> float | None:
    """A number with four digits that count."""
    return float(f"{value:.4g}") if isinstance(value, int | float) and math.isfinite(value) else None

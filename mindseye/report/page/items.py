"""What the page says of each picture: of a facet, or of a named objective."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mindseye.report.drawing import sample_evenly
from mindseye.report.glossary import TERMS
from mindseye.report.manifest import Entry, facet_label, failure, objective_name, snapshots
from mindseye.report.numbers import Reading, loss_terms, predictions, round_digits
from mindseye.report.page.measures import judged_label, judged_labels, numbers_of
from mindseye.report.page.photos import Photos
from mindseye.report.page.pictures import PageImages, Sizes, read_any_photo
from mindseye.report.tiles import own_picture
from mindseye.report.typeface import printable
from mindseye.report.where import where_tiles
from mindseye.runs.schema import FacetEntry, Manifest, MemberEntry
from mindseye.wording import counted

Content = dict[str, Any]


@dataclass(frozen=True)
class PageContext:
    """What the parts of a page share: the run, and the pictures, photos and judges that are named by number.

    judges: their names, in the order of their numbers.
    """

    folder: Path
    manifest: Manifest
    sizes: Sizes
    images: PageImages
    photos: Photos
    judges: list[str]

    def picture(self, relative: str | None, side: int) -> int | None:
        """Keep a picture of the run; its number."""
        return self.images.add(own_picture(self.folder, relative), side)

    def judge(self, name: str) -> int:
        """The number of a judge."""
        if name not in self.judges:
            self.judges.append(name)
        return self.judges.index(name)


def item_of(entry: Entry, page: PageContext) -> Content:
    """A facet or objective as the page's script reads it: pictures, photos and judges are numbers, shares have four digits."""
    sizes = page.sizes
    facet = entry if isinstance(entry, FacetEntry) else FacetEntry()
    kept = sample_evenly(sorted(snapshots(entry).items()), sizes.snapshots)
    where = where_tiles(page.folder, page.manifest, facet, sizes.where)
    return {
        "number": entry.index,
        "name": item_name(entry),
        "label": facet_label(entry) or printable(judged_label(entry)),
        "facts": facts(facet),
        "values": [round_digits(value) for value in (facet.size or None, facet.silhouette, facet.effective_members)],
        "file": inside(entry.picture),
        "failure": failure(entry),
        "picture": page.picture(entry.picture, sizes.picture),
        "start": page.picture(entry.start, sizes.start),
        "steps": [[step, page.picture(path, sizes.step)] for step, path in kept],
        "photo": _source(entry, page),
        "where": [page.images.add(tile, sizes.where) for tile in where],
        "members": _members(entry.members, page),
        "channels": [[str(channel.channel), round_digits(channel.share)] for channel in facet.channels],
        "numbers": [
            [number.measure, None if number.judge is None else page.judge(number.judge), *_three(number.reading)]
            for number in numbers_of(entry)
        ],
        "wanted": [[page.judge(judge), printable(label)] for judge, label in judged_labels(entry).items()],
        "sees": [
            [prediction.judge, prediction.target, [[label, round_digits(p)] for label, p in prediction.labels]]
            for prediction in predictions(entry.measures)
            if prediction.labels
        ],
        "loss": [[name, round_digits(start), round_digits(end)] for name, (start, end) in loss_terms(entry).items()],
    }


def inside(path: str | None) -> str | None:
    """A path of run.json, where it leads to a file inside the run's folder as written; a page links to no other."""
    if path is None or path.startswith("/") or ".." in path.split("/"):
        return None
    return printable(path)


def item_name(entry: Entry) -> str:
    """``facet 3``, or what the objective is called."""
    return f"facet {entry.index}" if isinstance(entry, FacetEntry) else objective_name(entry)


def facts(facet: FacetEntry) -> list[tuple[str, str]]:
    """What is known of a facet beside its pictures: a few words, and what they mean."""
    known = [(counted(facet.size, "photos"), TERMS["facet"].words)] if facet.size else []
    if facet.effective_members is not None:
        term = TERMS["effective_members"]
        known.append((f"{facet.effective_members:.1f} {term.name}", term.words))
    if facet.silhouette is not None:
        term = TERMS["silhouette"]
        known.append((f"{term.name} {facet.silhouette:.2f}", term.words))
    return known


def _source(entry: Entry, page: PageContext) -> Content | None:
    """The photo that a picture was painted from or into."""
    if isinstance(entry, FacetEntry) or entry.photo is None:
        return None
    picture = page.images.add(read_any_photo(entry.photo), page.sizes.picture)
    return {"name": printable(Path(entry.photo).name), "picture": picture}


def _members(members: Sequence[MemberEntry], page: PageContext) -> list[list[Any]]:
    return [[page.photos.member(member.path), round_digits(member.weight)] for member in members]


def _three(numbers: Reading) -> tuple[float | None, ...]:
    return tuple(round_digits(value) for value in (numbers.picture, numbers.members, numbers.start))

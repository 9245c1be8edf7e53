"""The photos of a page, by number: their names, and thumbnails of those that are still there."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from mindseye.report.page.pictures import STRIP, Sizes, data_uri
from mindseye.report.tiles import crop_photo, whole_photo
from mindseye.report.typeface import printable
from mindseye.runs.schema import MemberEntry

MOST = 2000
"""Photos with a thumbnail; of more, members come first, then others spread evenly over the set."""


class Photos:
    """The images of a run in its own order, then any others that come up."""

    def __init__(self, root: str, paths: Sequence[str]) -> None:
        self.root, self.paths = root, list(paths)
        self._numbers = {path: number for number, path in reversed(list(enumerate(paths)))}
        self._members: set[int] = set()

    def member(self, path: str) -> int:
        """The number of a photo that is shown beside a picture, larger than others."""
        if path not in self._numbers:
            self._numbers[path] = len(self.paths)
            self.paths.append(path)
        self._members.add(self._numbers[path])
        return self._numbers[path]

    def counts(self) -> tuple[int, int]:
        """How many are members, and how many of the others get a thumbnail."""
        return len(self._members), min(len(self.paths), MOST) - min(len(self._members), MOST)

    def names(self) -> list[str]:
        """What each is called: its place in the run's folder, or its file's name."""
        return [self._name(path) for path in self.paths]

    def thumbnails(self, sizes: Sizes) -> list[str | None]:
        """A data URI of each, None for those that are gone and for those beyond ``MOST``."""
        chosen = self.chosen()
        sides = (sizes.member if number in self._members else sizes.photo for number in range(len(self.paths)))
        return [
            _thumbnail(path, side) if number in chosen else None
            for (number, path), side in zip(enumerate(self.paths), sides, strict=True)
        ]

    def chosen(self) -> set[int]:
        """Those that get a thumbnail, if they are still there."""
        others = [number for number in range(len(self.paths)) if number not in self._members]
        room = self.counts()[1]
        spread = {others[place * len(others) // room] for place in range(room)}
        return set(sorted(self._members)[:MOST]) | spread

    def _name(self, path: str) -> str:
        if self.root and Path(path).is_relative_to(self.root):
            return printable(Path(path).relative_to(self.root).as_posix())
        return printable(Path(path).name)


def photo_strip(members: Sequence[MemberEntry], side: int) -> Image.Image | None:
    """The nearest members of a facet in a row, ``side`` px each; None where the photo of none is left."""
    tiles = [tile for member in members[:STRIP] if (tile := crop_photo(member.path, side)) is not None]
    if not tiles:
        return None
    row = Image.new("RGB", (side * len(tiles), side))
    for place, tile in enumerate(tiles):
        row.paste(tile, (place * side, 0))
    return row


def _thumbnail(path: str, side: int) -> str | None:
    tile = whole_photo(path, side)
    return None if tile is None else data_uri(tile)

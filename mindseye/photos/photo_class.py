"""A class of images, and a collection of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindseye.photos.photo_set import Source


@dataclass(frozen=True)
class PhotoClass:
    """A class of a collection.

    name: as it stands on disk (a folder's name, a WordNet id), one harmless component of a path. title: its name for people,
    the same where it has no other. photos: what ``find_photos`` takes; nothing is decoded yet.
    """

    name: str
    title: str
    photos: Source


class Collection(list[PhotoClass]):
    """The classes of a collection, by name. root: where they lie. notes: what was chosen or left aside on the way."""

    def __init__(self, classes: Sequence[PhotoClass], root: Path, notes: Sequence[str] = ()) -> None:
        super().__init__(sorted(classes, key=lambda one: one.name))
        self.root = root
        self.notes = tuple(notes)

"""Collections of classes: a folder of class folders, ImageNet as torchvision lays it out, or tar shards."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindseye.errors import UserError, one_line
from mindseye.labels import imagenet_name
from mindseye.photos.photo_set import Source
from mindseye.photos.tar import COMPRESSED, is_archive
from mindseye.photos.webdataset import classes_of_shards

SPLITS = ("train", "val")
OTHER_SPLITS = {"test", "meta", "devkit"}


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
        super().__init__(sorted(classes, key=lambda photo_class: photo_class.name))
        self.root = root
        self.notes = tuple(notes)


def open_collection(root: str | os.PathLike[str]) -> Collection:
    """The classes that a folder or an archive holds.

    root: a folder of class folders; a folder with ``train/`` and ``val/`` of such folders (torchvision's layout of ImageNet;
    ``train`` is taken, ``val`` where it stands alone); a tar shard, or a folder of them, with samples named as WebDataset
    names them (see ``classes_of_shards``). Classes that are called by a WordNet id of ImageNet-1k get its name as title.
    ``select_classes`` picks some of them.

    Raises:
        UserError: if there is no such place, or it is no collection.
    """
    return _open(Path(os.path.abspath(os.fsdecode(root))))  # noqa: PTH100


def _open(root: Path) -> Collection:
    if root.name.lower().endswith(COMPRESSED) and root.is_file():
        raise UserError(f"{str(root)!r} is compressed; photos are read in place: uncompress it to a plain .tar")
    if is_archive(root):
        return _shard_collection([root], root)
    folders, shards = _folders_and_shards(root)
    split = _split(folders)
    if split is not None:
        other = [folder.name for folder in folders if folder != split]
        inner = _open(split)
        aside = [f"{root} has {split.name} and {', '.join(other)}: {split.name} is taken"] if other else []
        return Collection(inner, split, [*aside, *inner.notes])
    if folders:
        aside = [f"{root} has class folders: its {len(shards)} archives are left aside"] if shards else []
        return Collection([_class(folder.name, str(folder)) for folder in folders], root, aside)
    if shards:
        return _shard_collection(shards, root)
    raise UserError(f"{str(root)!r} is no collection: it holds neither class folders nor tar shards")


def _shard_collection(shards: Sequence[Path], root: Path) -> Collection:
    classes, notes = classes_of_shards(shards)
    return Collection([_class(name, photos) for name, photos in classes.items()], root, notes)


def _class(name: str, photos: Source) -> PhotoClass:
    return PhotoClass(name, imagenet_name(name) or name, photos)


def _folders_and_shards(root: Path) -> tuple[list[Path], list[Path]]:
    """The visible sub-folders and the archives of a folder, by name."""
    try:
        visible = sorted(path for path in root.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise UserError(f"no collection {str(root)!r} ({one_line(error)})") from error
    return [path for path in visible if path.is_dir()], [path for path in visible if is_archive(path)]


def _split(folders: Sequence[Path]) -> Path | None:
    """``train`` or ``val``, where a folder holds these alone and they hold classes: a class may be called train, too."""
    by_name = {folder.name: folder for folder in folders}
    if not by_name or not set(by_name) <= {*SPLITS, *OTHER_SPLITS}:
        return None
    for name in SPLITS:
        if name in by_name and any(_folders_and_shards(by_name[name])):
            return by_name[name]
    return None

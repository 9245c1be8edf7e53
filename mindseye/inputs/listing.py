"""Which images there are: a folder, a list of paths or a list of arrays, in an order that is always the same."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mindseye.errors import UserError
from mindseye.inputs.pixels import file_problem, is_image, one_line

# Endings of files that are clearly no photos: nobody wants to hear that they were left out.
TEXTS = {".csv", ".doc", ".docx", ".htm", ".html", ".json", ".jsonl", ".license", ".log", ".md", ".pdf", ".rst", ".rtf"}
TABLES = {".tsv", ".txt", ".url", ".xls", ".xlsx", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".db"}
CODE = {".css", ".ipynb", ".js", ".m", ".py", ".pyc", ".sh", ".lnk", ".lock", ".tmp", ".bak", ".gz", ".tar", ".zip"}
DATA = {".bin", ".dat", ".mat", ".npy", ".npz", ".parquet", ".pkl", ".pt", ".pth", ".safetensors"}
OTHER_SUFFIXES = TEXTS | TABLES | CODE | DATA


@dataclass(frozen=True)
class Skipped:
    """An image that was left out. path: absolute, or the name of an array. reason: in a few words."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class Entry:
    """An image that was found. path: absolute, or ``array-00000``. label: its sub-folder. array: values, if no file."""

    path: str
    label: str | None = None
    array: Any = None

    @property
    def source(self) -> Any:
        """What ``decode`` reads: the path or the array."""
        return self.path if self.array is None else self.array


@dataclass(frozen=True)
class Listing:
    """The images of a source, and those that were left out already. root: the folder that they share, "" for arrays."""

    root: str
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]


def list_images(source: Any, recursive: bool = False) -> Listing:
    """List the images of a folder, of a list of paths (or one path), or of a list of arrays. None is decoded yet.

    A folder is read in natural order of the names (2 before 10); hidden files count as absent, and what is clearly no
    image (``notes.txt``) too. Anything else that cannot be an image is listed as skipped. ``recursive`` reads the
    sub-folders, each once however often links lead there; an image's label is then its folder's path below the root
    (the root's own name for images right in it). Lists keep the order that they are given in.

    Raises:
        UserError: if the source does not exist, is of another kind, or holds no image at all.
    """
    if isinstance(source, str | os.PathLike):
        path = _absolute(source)
        problem = None if _is_folder(path) else file_problem(path)
        if problem is not None:
            raise UserError(f"no folder {str(path)!r} ({problem})")
        listing = _from_folder(path, recursive) if _is_folder(path) else _from_paths([path])
    elif isinstance(source, Sequence) or (isinstance(source, np.ndarray) and source.ndim == 4):
        listing = _from_list(source)
    else:
        raise UserError(f"images must be a folder, a list of paths or a list of arrays, not {type(source).__name__}")
    if not listing.entries:
        raise UserError(f"no images in {listing.root!r}{_why_none(listing, recursive)}")
    return listing


def natural_key(path: Path) -> tuple[Any, ...]:
    """Sorts ``img2`` before ``img10``, folder by folder; names that differ in leading zeros only keep one order."""
    parts = [
        tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part)
        for name in path.parts
    ]
    return (parts, str(path))


def _from_folder(root: Path, recursive: bool) -> Listing:
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    paths = _walk(root, skipped) if recursive else _visible(root)
    for path in sorted(paths, key=natural_key):
        problem = _problem(path)
        if problem is None:
            entries.append(Entry(str(path), _label(path, root) if recursive else None))
        elif problem:
            skipped.append(Skipped(str(path), problem))
    return Listing(str(root), tuple(entries), tuple(skipped))


def _from_list(source: Any) -> Listing:
    are_paths = [isinstance(item, str | os.PathLike) for item in source]
    if not are_paths:
        raise UserError("an empty list of images")
    if all(are_paths):
        return _from_paths([_absolute(item) for item in source])
    if any(are_paths):
        raise UserError("a list of images holds paths or arrays, not both")
    return Listing("", tuple(Entry(f"array-{index:05d}", array=array) for index, array in enumerate(source)), ())


def _from_paths(paths: list[Path]) -> Listing:
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    seen: set[Path] = set()
    for path in paths:
        problem = "listed twice" if path in seen else file_problem(path)
        seen.add(path)
        if problem is None:
            entries.append(Entry(str(path)))
        else:
            skipped.append(Skipped(str(path), problem))
    return Listing(_common_folder(paths), tuple(entries), tuple(skipped))


def _common_folder(paths: list[Path]) -> str:
    try:
        return os.path.commonpath([path.parent for path in paths])
    except ValueError:  # on several drives
        return str(paths[0].parent)


def _absolute(path: str | os.PathLike[str]) -> Path:
    # Without "..", but with the links that the user sees: Path has no method for that.
    return Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100


def _visible(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise UserError(f"cannot read the folder {str(folder)!r}: {one_line(error)}") from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # in a folder whose names may be read, but not entered
        return False


def _walk(root: Path, skipped: list[Skipped]) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    folders = [root]
    while folders:
        folder = folders.pop(0)
        try:
            status = folder.stat()
            found = _visible(folder)
        except (OSError, UserError):
            skipped.append(Skipped(str(folder), "a folder that cannot be read"))
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        below = sorted((path for path in found if _is_folder(path)), key=natural_key)
        # Real folders come before links to them, so that an image is listed where it lies.
        folders = [path for path in below if not path.is_symlink()] + folders
        folders += [path for path in below if path.is_symlink()]
        yield from (path for path in found if not _is_folder(path))


def _problem(path: Path) -> str | None:
    """None for an image, an empty text for what is clearly none, else the reason for leaving it out."""
    suffix = path.suffix.lower()
    if suffix in OTHER_SUFFIXES:
        return ""
    problem = file_problem(path)
    if _is_folder(path):
        return problem if suffix in _image_suffixes() else ""
    if problem is None and suffix not in _image_suffixes() and not is_image(path):
        return "not an image that Pillow knows"
    return problem


@cache
def _image_suffixes() -> frozenset[str]:
    Image.init()
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in Image.OPEN)


def _label(path: Path, root: Path) -> str:
    return root.name if path.parent == root else path.parent.relative_to(root).as_posix()


def _why_none(listing: Listing, recursive: bool) -> str:
    if listing.skipped:
        first = listing.skipped[0]
        return f": {len(listing.skipped)} skipped, the first ({Path(first.path).name!r}) as {first.reason}"
    if not recursive and any(_is_folder(path) for path in _visible(Path(listing.root))):
        return "; --recursive reads its sub-folders"
    return ""

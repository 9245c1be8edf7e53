"""Which photos there are: a folder, an archive, a list of paths or of arrays, in an order that is always the same."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from mindseye.errors import UserError, one_line
from mindseye.photos.file_kinds import OTHER_SUFFIXES, file_problem, image_suffixes, is_image, natural_key, unknown_kind
from mindseye.photos.folder import Skipped, is_folder, is_run, visible, walk
from mindseye.photos.tar import COMPRESSED, SEPARATOR, Member, find_member, is_archive, read_index
from mindseye.wording import did_you_mean, near_paths


@dataclass(frozen=True, eq=False)
class Entry:
    """An image that was found.

    path: absolute, ``ARCHIVE.tar!NAME``, or ``array-00000``. label: its sub-folder. array: values, if no file. member: where
    it lies, if in an archive.
    """

    path: str
    label: str | None = None
    array: Any = None
    member: Member | None = None

    @property
    def source(self) -> Any:
        """What ``decode`` reads: the path, the member or the array."""
        if self.array is not None:
            return self.array
        return self.path if self.member is None else self.member


def missing_photo(entry: Entry, reason: str) -> UserError:
    """What is said of a photo that cannot be read any more."""
    return UserError(f"{entry.path!r} has changed or gone since it was first read: {reason}")


@dataclass(frozen=True)
class Listing:
    """The photos of a source, and those that were left out already. root: the folder or archive they share, "" for arrays."""

    root: str
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]


def list_photos(source: Any, recursive: bool = False) -> Listing:
    """List the photos of a folder, a tar archive, a list of paths (or one path), or a list of arrays. None is decoded yet.

    A folder is read in natural order of the names (2 before 10); hidden files count as absent, and what is clearly no
    image (``notes.txt``) too. Anything else that cannot be an image is listed as skipped. ``recursive`` reads the
    sub-folders, each once however often links lead there, but not those of runs; an image's label is then its folder's path
    below the root (the root's own name for images right in it). Lists keep the order that they are given in.

    An archive (``.tar``) is read where it lies, all of it, by the endings of its files' names; with ``recursive`` the
    folders in those names are the labels. In a list, ``ARCHIVE.tar!NAME`` or a ``Member`` is a photo in an archive.

    Raises:
        UserError: if the source does not exist, is of another kind or a run's, or holds no photo at all.
    """
    if isinstance(source, str | os.PathLike) and find_member(source) is None:
        path = _absolute(source)
        if path.name.lower().endswith(COMPRESSED):
            raise UserError(
                f"{str(path)!r} is a compressed archive; photos are read in place: uncompress it to a plain .tar"
            )
        if is_archive(path):
            listing = _from_archive(path, recursive)
            if not listing.entries:
                raise UserError(f"no photos in {listing.root!r}{_first_skipped(listing)}")
            return listing
        problem = None if is_folder(path) else file_problem(path)
        if problem is not None:
            near = did_you_mean(near_paths(path))
            raise UserError(f"no folder {str(path)!r} ({problem}){'; ' + near if near else ''}")
        if is_run(path):
            raise UserError(
                f"{str(path)!r} is the folder of a run, whose pictures are painted: name that of the photos"
            )
        listing = _from_folder(path, recursive) if is_folder(path) else _from_paths([path])
    elif isinstance(source, str | os.PathLike):
        listing = _from_paths([source])
    elif isinstance(source, Sequence) or (isinstance(source, np.ndarray) and source.ndim == 4):
        listing = _from_list(source)
    else:
        raise UserError(f"photos must be a folder, a list of paths or a list of arrays, not {type(source).__name__}")
    if not listing.entries:
        raise UserError(f"no photos in {listing.root!r}{_why_none(listing, recursive)}")
    return listing


def _from_folder(root: Path, recursive: bool) -> Listing:
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    paths = walk(root, skipped) if recursive else visible(root)
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
        raise UserError("an empty list of photos")
    if all(are_paths):
        return _from_paths(source)
    if any(are_paths):
        raise UserError("a list of photos holds paths or arrays, not both")
    return Listing("", tuple(Entry(f"array-{index:05d}", array=array) for index, array in enumerate(source)), ())


def _from_archive(path: Path, recursive: bool) -> Listing:
    try:
        index = read_index(path)
    except OSError as error:
        raise UserError(f"cannot read the archive {str(path)!r}: {one_line(error)}") from error
    entries: list[Entry] = []
    skipped = [Skipped(f"{path}{SEPARATOR}{name}" if name else str(path), reason) for name, reason in index.refused]
    for member in sorted(index.members.values(), key=lambda member: natural_key(PurePosixPath(member.name))):
        problem = _member_problem(member)
        if problem is None:
            folder = str(PurePosixPath(member.name).parent)
            label = path.stem if folder == "." else folder
            entries.append(Entry(os.fspath(member), label if recursive else None, member=member))
        elif problem:
            skipped.append(Skipped(os.fspath(member), problem))
    return Listing(str(path), tuple(entries), tuple(skipped))


def _member_problem(member: Member) -> str | None:
    """As ``_problem``, for a file in an archive, by its name alone."""
    name = PurePosixPath(member.name)
    suffix = name.suffix.lower()
    if name.name.startswith(".") or suffix in OTHER_SUFFIXES:
        return ""
    known = suffix in image_suffixes()
    return file_problem(member) if known else unknown_kind(suffix) or "no image, by its name"


def _from_paths(paths: Sequence[str | os.PathLike[str]]) -> Listing:
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    seen: dict[str, None] = {}
    for given in paths:
        member = find_member(given)
        path = str(_absolute(given)) if member is None else os.fspath(member)
        problem = "listed twice" if path in seen else file_problem(member or path)
        seen[path] = None
        if problem is None:
            entries.append(Entry(path, member=member))
        else:
            skipped.append(Skipped(path, problem))
    if not entries and len(skipped) == 1:
        near = did_you_mean(near_paths(Path(skipped[0].path)))
        raise UserError(
            f"photo {os.fspath(paths[0])!r} cannot be read: {skipped[0].reason}{'; ' + near if near else ''}"
        )
    return Listing(_common_folder([Path(path) for path in seen]), tuple(entries), tuple(skipped))


def _common_folder(paths: list[Path]) -> str:
    try:
        return os.path.commonpath([path.parent for path in paths])
    except ValueError:  # on several drives
        return str(paths[0].parent)


def _absolute(path: str | os.PathLike[str]) -> Path:
    # Without "..", but with the links that the user sees: Path has no method for that.
    return Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100


def _problem(path: Path) -> str | None:
    """None for an image, an empty text for what is clearly none, else the reason for leaving it out."""
    suffix = path.suffix.lower()
    if suffix in OTHER_SUFFIXES:
        return ""
    problem = file_problem(path)
    if is_folder(path):
        return problem if suffix in image_suffixes() else ""
    if problem is None and suffix not in image_suffixes() and not is_image(path):
        return unknown_kind(suffix) or "not an image that Pillow knows"
    return problem


def _label(path: Path, root: Path) -> str:
    return root.name if path.parent == root else path.parent.relative_to(root).as_posix()


def _why_none(listing: Listing, recursive: bool) -> str:
    if listing.skipped:
        return _first_skipped(listing)
    if not recursive and any(is_folder(path) for path in visible(Path(listing.root))):
        return "; --recursive reads its sub-folders"
    return ""


def _first_skipped(listing: Listing) -> str:
    if not listing.skipped:
        return ""
    first = listing.skipped[0]
    return f": {len(listing.skipped)} skipped, the first ({Path(first.path).name!r}) as {first.reason}"

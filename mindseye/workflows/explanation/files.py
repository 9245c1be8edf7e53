"""The photos that are explained, what their files are called, and what an earlier run left."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b, file_digest
from pathlib import Path, PurePosixPath

from mindseye.errors import UserError
from mindseye.photos.fingerprint import entries_digest
from mindseye.photos.folder import Skipped
from mindseye.photos.listing import Listing, list_photos
from mindseye.photos.photo_set import Source
from mindseye.photos.tar import open_file
from mindseye.report.theme import FORMATS
from mindseye.runs.folder import RunFolder, file_name

KIND = "explain"
TABLE = "table.md"


def list_sources(photos: Source, recursive: bool) -> Listing:
    """The photos of a file, a folder, a list of both, or a list of arrays.

    Raises:
        UserError: if there is none.
    """
    if not isinstance(photos, list | tuple) or not all(isinstance(photo, str | os.PathLike) for photo in photos):
        return list_photos(photos, recursive)
    paths: list[str] = []
    skipped: list[Skipped] = []
    for photo in photos:
        if os.path.isdir(photo):  # noqa: PTH112, as Path.is_dir raises for names that no system allows
            inside = list_photos(photo, recursive)
            paths += [entry.path for entry in inside.entries]
            skipped += inside.skipped
        else:
            paths.append(os.fspath(photo))
    listing = list_photos(paths)
    return replace(listing, skipped=(*skipped, *listing.skipped))


def photos_digest(listing: Listing) -> str:
    """A fingerprint of what the photos are: their paths, and all that their files hold."""
    digest = blake2b(entries_digest(listing.entries).encode(), digest_size=8)
    for entry in listing.entries:
        with suppress(OSError):  # decoding will say what is wrong with it
            if entry.array is None:
                with open_file(entry.source) as file:
                    digest.update(file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def unique_names(words: Sequence[str]) -> list[str]:
    """Harmless names of files, one for each of some words, no two alike even where upper and lower case count as one."""
    taken: set[str] = set()
    names = []
    for word in words:
        plain = name = file_name(word)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def photo_names(listing: Listing) -> dict[str, str]:
    """What each photo's files are called, by its path: its own name without the ending."""
    paths = [entry.path for entry in listing.entries]
    return dict(zip(paths, unique_names([Path(path).stem for path in paths]), strict=True))


def clear_maps(folder: RunFolder) -> None:
    """Remove the maps and figures that an earlier run of ``explain`` left, where there is one; other files stay."""
    with suppress(UserError):
        manifest = folder.read()
        if manifest.kind == KIND:
            for photo in manifest.photos:
                files = [name for entry in photo.maps for name in (entry.map, entry.picture, entry.overlay)]
                vectors = [str(Path(str(photo.figure)).with_suffix(f".{kind}")) for kind in FORMATS]
                for name in (*vectors, *files):
                    _remove(folder.path, str(name))
            (folder.path / TABLE).unlink(missing_ok=True)


def _remove(folder: Path, name: str) -> None:
    """Remove a file of the folder, or of a folder in it, with a name as ``explain`` gives: run.json may have been changed."""
    place = PurePosixPath(name)
    is_inside = not place.is_absolute() and len(place.parts) <= 2 and ".." not in place.parts
    if is_inside and place.suffix in (".npy", *(f".{kind}" for kind in FORMATS)):
        (folder / name).unlink(missing_ok=True)

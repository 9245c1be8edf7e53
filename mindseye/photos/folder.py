"""Folders of photos, read through: what is in them and below them, and which of them are no photos' but a run's."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mindseye.errors import UserError, one_line
from mindseye.photos.file_kinds import natural_key

RUN = "run.json"
"""What a run leaves in its folder, by which that is known."""


@dataclass(frozen=True)
class Skipped:
    """An image that was left out. path: absolute, or the name of an array. reason: in a few words."""

    path: str
    reason: str


def visible(folder: Path) -> list[Path]:
    """What is in a folder and not hidden.

    Raises:
        UserError: if it cannot be read.
    """
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise UserError(f"cannot read the folder {str(folder)!r}: {one_line(error)}") from error


def is_folder(path: Path) -> bool:
    """Whether a path is that of a folder, as far as can be told."""
    try:
        return path.is_dir()
    except OSError:  # in a folder whose names may be read, but not entered
        return False


def is_run(folder: Path) -> bool:
    """Whether it is a folder that a run has written its pictures to."""
    try:
        return (folder / RUN).is_file()
    except OSError:
        return False


def walk(root: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """All files of a folder and of the folders below it, each folder once however often links lead there.

    skipped: is told of folders that cannot be read, and of those of runs.
    """
    seen: set[tuple[int, int]] = set()
    folders = [root]
    while folders:
        folder = folders.pop(0)
        try:
            status = folder.stat()
            paths = visible(folder)
        except (OSError, UserError):
            skipped.append(Skipped(str(folder), "a folder that cannot be read"))
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        if is_run(folder):
            skipped.append(Skipped(str(folder), "the folder of a run, whose pictures are painted"))
            continue
        below = sorted((path for path in paths if is_folder(path)), key=natural_key)
        # Real folders come before links to them, so that an image is listed where it lies.
        folders = [path for path in below if not path.is_symlink()] + folders
        folders += [path for path in below if path.is_symlink()]
        yield from (path for path in paths if not is_folder(path))

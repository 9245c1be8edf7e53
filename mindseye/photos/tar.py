"""Photos inside tar archives, read where they lie: nothing is unpacked, and a member's name is never a path on disk.

A photo in an archive is called ``ARCHIVE.tar!NAME``. An archive's headers are read once; a member is then its offset and
size, as ``tarfile`` states them.
"""

import io
import os
import posixpath
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SEPARATOR = "!"
SUFFIX = ".tar"
COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tar.lz4")
LARGEST_MEMBER = 2**30
KEPT_INDEXES = 64

_INSIDE = re.compile(re.escape(SUFFIX + SEPARATOR), re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive, which stands where a path to a photo is wanted.

    archive: its whole path. name: in the archive, normalised. offset, size: of the content, in bytes. changed: the
    archive's modification time in ns when it was listed.
    """

    archive: str
    name: str
    offset: int
    size: int
    changed: int

    def __fspath__(self) -> str:
        return self.archive + SEPARATOR + self.name

    def open(self) -> io.BytesIO:
        """The content, in memory.

        Raises:
            OSError: if it cannot be read, or the archive is not the one that was listed.
        """
        if self.size > LARGEST_MEMBER:
            raise OSError(f"more than {LARGEST_MEMBER // 2**20} MB")
        with Path(self.archive).open("rb") as file:
            if os.fstat(file.fileno()).st_mtime_ns != self.changed:
                raise OSError(f"{Path(self.archive).name} has changed since it was listed")
            file.seek(self.offset)
            content = file.read(self.size)
        if len(content) < self.size:
            raise OSError(f"{Path(self.archive).name} ends within it")
        return io.BytesIO(content)


@dataclass(frozen=True)
class Index:
    """What an archive holds. members: by name, in its order. refused: names that are left out, and why."""

    members: Mapping[str, Member]
    refused: tuple[tuple[str, str], ...]


def is_archive(path: Path) -> bool:
    """Whether a path is that of a plain tar archive, by its name and kind."""
    return path.suffix.lower() == SUFFIX and path.is_file()


def read_index(path: Path) -> Index:
    """The files of a plain tar archive; kept in memory for as long as the archive stays as it is.

    Links, devices and sparse files are left out; so are names that lead out of the archive or hold control characters.
    Of several files of one name the last counts, as when unpacking. An archive that is cut off gives what came before.

    Raises:
        OSError: if it cannot be read, or is no plain tar archive.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100
    status = absolute.stat()
    return _index(str(absolute), status.st_mtime_ns, status.st_size)


def find_member(path: str | os.PathLike[str]) -> Member | None:
    """The member that a path ``ARCHIVE.tar!NAME`` means; None for any other path, or if there is none."""
    if isinstance(path, Member):
        return path
    text = os.fsdecode(path)
    for mark in _INSIDE.finditer(text):
        archive, name = Path(text[: mark.end() - len(SEPARATOR)]), text[mark.end() :]
        try:
            if archive.is_file():
                return read_index(archive).members.get(name)
        except (OSError, ValueError):
            return None
    return None


def open_file(path: str | os.PathLike[str]) -> io.BytesIO | io.BufferedReader:
    """A file, or a member of an archive, for reading.

    Raises:
        OSError: if it cannot be read.
    """
    member = find_member(path)
    return Path(path).open("rb") if member is None else member.open()


@lru_cache(maxsize=KEPT_INDEXES)
def _index(path: str, changed: int, size: int) -> Index:
    members: dict[str, Member] = {}
    refused: list[tuple[str, str]] = []
    for info in _headers(path, refused):
        name = posixpath.normpath(info.name)
        if name.startswith("/") or ".." in name.split("/") or _CONTROL.search(name):
            refused.append((_CONTROL.sub("?", info.name), "a name that no file of an archive should have"))
        elif info.offset_data + info.size > size:
            refused.append((name, "the archive ends within it"))
        else:
            members.pop(name, None)
            members[name] = Member(path, name, info.offset_data, info.size, changed)
    return Index(members, tuple(refused))


def _headers(path: str, refused: list[tuple[str, str]]) -> Iterator[tarfile.TarInfo]:
    try:
        with tarfile.open(path, "r:") as archive:
            for info in _read_headers(archive, refused):
                if info.isreg() and not info.issparse():
                    yield info
                archive.members = []  # type: ignore[attr-defined]  # it would keep them all, at half a kilobyte each
    except tarfile.TarError as error:
        raise OSError("not a plain tar archive") from error


def _read_headers(archive: tarfile.TarFile, refused: list[tuple[str, str]]) -> Iterator[tarfile.TarInfo]:
    """The headers up to the end, or up to where the archive is cut off or damaged."""
    while True:
        try:
            info = archive.next()
        except (tarfile.TarError, ValueError, OverflowError) as error:
            refused.append(("", f"the archive is cut off or damaged ({error})"))
            return
        if info is None:
            return
        yield info

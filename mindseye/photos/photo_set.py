"""The photo set: photos as squares of bytes, decoded once, in a fixed order, while the caller computes."""

import os
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.photos.decode import View, decode
from mindseye.photos.decode_pool import decode_all
from mindseye.photos.depth import UndecodableError
from mindseye.photos.fingerprint import content_digest, entries_digest
from mindseye.photos.folder import Skipped
from mindseye.photos.listing import Entry, Listing, list_photos, missing_photo
from mindseye.photos.photo_memory import PhotoMemory
from mindseye.preprocessing import Preprocessing

Source = str | os.PathLike[str] | Sequence[Any] | npt.NDArray[Any]
Progress = Callable[[int, int], None]

KEPT_BYTES = 512 * 2**20


def find_photos(source: Source, recursive: bool = False) -> "PhotoSet":
    """The photos of a folder, an archive, a list of paths or a list of arrays; none is decoded yet. See ``list_photos``.

    Arrays are uint8, uint16, bool, or floats in [0, 1], as [height, width] or [height, width, bands].

    Raises:
        UserError: if the source does not exist, is of another kind, or holds no photo at all.
    """
    return PhotoSet(list_photos(source, recursive))


class PhotoSet:
    """Photos in a fixed order.

    At first they are those that were listed. The first pass (``batches``) leaves only those that decode; from then on
    an index is a photo's place among them and does not change. Photos are squares as the last pass saw them.

    root: the folder that the photos share, "" for arrays. skipped: what was left out, when listed or decoded, and why.
    remarks: {path: how a photo was read}, where it does not say so itself. kept_bytes: how much memory decoded photos may
    keep.
    """

    def __init__(self, listing: Listing, kept_bytes: int = KEPT_BYTES) -> None:
        self.root = listing.root
        self.skipped: list[Skipped] = list(listing.skipped)
        self.remarks: dict[str, str] = {}
        self._set_entries(list(listing.entries))
        self._checked = False
        self._view: View | None = None
        self._memory = PhotoMemory(kept_bytes)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def paths(self) -> list[str]:
        """Path of each photo, by index: absolute, or ``array-00000``."""
        return self._paths

    def digest(self) -> str:
        """A fingerprint of what is listed: the paths, and the values of arrays."""
        return entries_digest(self._entries)

    def contents(self) -> list[str]:
        """A fingerprint of each photo's content, by index: of a file's bytes, wherever it lies, or of an array's values.

        Raises:
            UserError: if a photo has gone since it was first read.
        """
        return [content_digest(entry) for entry in self._entries]

    @property
    def labels(self) -> list[str] | None:
        """Sub-folder of each photo, by index; None where no sub-folders were read."""
        labels = [entry.label for entry in self._entries if entry.label is not None]
        return labels if len(labels) == len(self._entries) else None

    def batches(
        self,
        preprocessing: Preprocessing,
        side: int,
        in_channels: int,
        batch_size: int = 32,
        workers: int | None = None,
        progress: Progress | None = None,
    ) -> Iterator[tuple[list[int], Tensor]]:
        """Go through all photos: pairs of indices and uint8 [b, in_channels, side, side], b at most ``batch_size``.

        workers: processes that decode ahead while the caller computes; by default as many as there are cores, none for
        a small set or for arrays. They are gone when the generator ends or is closed. progress: told after each photo
        how many of how many are done. A first pass that is broken off leaves the set as it was.

        Raises:
            UserError: if no photo decodes, if a worker dies, or, in a later pass, if a photo does not decode any more.
        """
        batches_with_paths = self.named_batches(View(preprocessing, side, in_channels), batch_size, workers, progress)
        with closing(batches_with_paths):
            for _, indices, photos in batches_with_paths:
                yield indices, photos

    def named_batches(
        self,
        view: View,
        batch_size: int,
        workers: int | None = None,
        progress: Progress | None = None,
        known: Container[str] = (),
    ) -> Generator[tuple[list[str], list[int], Tensor], None, None]:
        """As ``batches``, with the paths before the indices.

        known: paths of photos that are known to decode and are not asked for: they have their indices, and are in no batch.
        """
        self._set_view(view)
        readable: list[Entry] = []
        skipped: list[Skipped] = []
        indices: list[int] = []
        batch: list[Tensor] = []
        sources = [entry.source for entry in self._entries if entry.path not in known]
        with closing(decode_all(sources, view, workers)) as decoding:
            for entry in self._entries:
                decoded = None if entry.path in known else next(decoding)
                if isinstance(decoded, str) and self._checked:
                    raise missing_photo(entry, decoded)
                if isinstance(decoded, str):
                    skipped.append(Skipped(entry.path, decoded))
                else:
                    readable.append(entry)
                if isinstance(decoded, tuple):
                    pixels, remark = decoded
                    if remark:
                        self.remarks[entry.path] = remark
                    self._memory.keep(len(readable) - 1, pixels, len(self))
                    indices.append(len(readable) - 1)
                    batch.append(pixels)
                if progress is not None:
                    progress(len(readable) + len(skipped), len(self._entries))
                if len(batch) == batch_size:
                    yield [readable[index].path for index in indices], indices, torch.stack(batch)
                    indices, batch = [], []
        if not readable:
            first = skipped[0]
            raise UserError(f"none of {len(skipped)} photos can be read; {Path(first.path).name!r}: {first.reason}")
        self._set_entries(readable)
        self._checked = True
        self.skipped += skipped
        if batch:
            yield [readable[index].path for index in indices], indices, torch.stack(batch)

    def notes(self) -> list[str]:
        """What was decided for photos that do not say how they are to be read, a line for each kind."""
        by_remark: dict[str, list[str]] = {}
        for path, remark in self.remarks.items():
            by_remark.setdefault(remark, []).append(Path(path).name)
        return [_note(names, remark) for remark, names in by_remark.items()]

    def sources(self) -> dict[str, Any]:
        """What each photo is read from, by its path: the path, a member of an archive, or an array."""
        return {entry.path: entry.source for entry in self._entries}

    def restore(self, paths: Sequence[str], preprocessing: Preprocessing, side: int, in_channels: int) -> None:
        """Take the set up as an earlier pass left it: these photos decode, in this order, and are seen in this way.

        Raises:
            UserError: if one of them is not listed any more.
        """
        by_path = {entry.path: entry for entry in self._entries}
        missing = [path for path in paths if path not in by_path]
        if missing:
            raise missing_photo(Entry(missing[0]), "no such file")
        self._set_view(View(preprocessing, side, in_channels))
        self._set_entries([by_path[path] for path in paths])
        self._checked = True

    def load(self, indices: Sequence[int]) -> Tensor:
        """The photos with these indices: uint8 [len(indices), in_channels, side, side], from memory or decoded again.

        Raises:
            UserError: if a photo has changed or gone since it was first read.
            RuntimeError: before the first pass.
        """
        if self._view is None or not self._checked:
            raise RuntimeError("photos are loaded after a pass over the set, or after restore()")
        if not len(indices):
            return torch.empty(0, self._view.in_channels, self._view.side, self._view.side, dtype=torch.uint8)
        return torch.stack([self._photo(int(index), self._view) for index in indices])

    def forget(self) -> None:
        """Let go of the decoded photos in memory; they are decoded again where they are wanted again."""
        self._memory.clear()

    def _photo(self, index: int, view: View) -> Tensor:
        kept = self._memory.find(index)
        if kept is not None:
            return kept
        entry = self._entries[index]
        try:
            photo = decode(entry.source, view)
        except UndecodableError as reason:
            raise missing_photo(entry, str(reason)) from reason
        self._memory.keep(index, photo, len(self))
        return photo

    def _set_entries(self, entries: list[Entry]) -> None:
        self._entries = entries
        # Once, not at every look: who names photo after photo would otherwise list all of them for each.
        self._paths = [entry.path for entry in entries]

    def _set_view(self, view: View) -> None:
        if view != self._view:
            self._memory.clear()
        self._view = view


def _note(names: Sequence[str], remark: str) -> str:
    if len(names) == 1:
        return f"photo {names[0]!r} {remark}"
    return f"{len(names)} photos, the first {names[0]!r}: each {remark}"

"""A run while it goes on: its manifest and its pictures, kept in the folder as they come."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

from mindseye.errors import UserError
from mindseye.optimize.painted import Painted
from mindseye.runs.entries import failures, picture_metadata, record_painted
from mindseye.runs.files import read_picture, write_picture
from mindseye.runs.folder import FINISHED, RunFolder
from mindseye.runs.schema import Manifest, PaintedEntry, StepEntry


@dataclass(frozen=True)
class Record:
    """What has happened so far. say: shows one line. seconds: of each stage, filled by whoever measures them."""

    folder: RunFolder
    manifest: Manifest
    say: Callable[[str], None]
    seconds: Mapping[str, float]

    def note(self, *lines: str) -> None:
        """Keep and show what was lowered or chosen on the way, each line once."""
        for line in lines:
            if line not in self.manifest.notes:
                self.manifest.notes.append(line)
                self.say(f"note: {line}")

    def save(self, status: str) -> None:
        """Write the manifest."""
        self.manifest.status = status
        self.manifest.seconds = dict(self.seconds)
        self.folder.write(self.manifest)

    def finish(self) -> None:
        """The manifest's last word; what only an interrupted run needs is dropped."""
        self.folder.drop_state()
        self.save("partial" if failures(self.manifest) else "done")

    def picture(self, path: str, channels: int) -> Tensor:
        """A kept picture, [1, channels, side, side] in [0, 1]."""
        return read_picture(self.folder.path / path)[None, :channels]

    def images(self, entry: PaintedEntry, channels: int) -> dict[str, Tensor]:
        """The kept ``picture`` and ``start`` of an entry that was painted, as ``picture`` gives them."""
        kept = {"picture": entry.picture, "start": entry.start}
        return {role: self.picture(path, channels) for role, path in kept.items() if path is not None}

    def keep_step(self, step: int, pictures: Iterable[tuple[PaintedEntry, str, Tensor]], about: str) -> None:
        """Keep snapshots of pictures: the entry of each, the path relative to the run, the image. about: what they show."""
        for entry, path, image in pictures:
            self._write(path, image, about)
            if path not in [kept.picture for kept in entry.steps]:
                entry.steps.append(StepEntry(step, path))
        self.save("running")

    def keep_painted(self, entry: PaintedEntry, painted: Painted, picture: str, start: str, about: str) -> None:
        """Keep an entry's picture and start, and how the painting ended."""
        self._write(start, painted.start, about)
        if painted.reason is None:
            self._write(picture, painted.image, about)
        record_painted(entry, painted, picture, start)

    def _write(self, path: str, image: Tensor, about: str) -> None:
        write_picture(self.folder.path / path, image, picture_metadata(self.manifest, about))


def open_manifest(folder: RunFolder, fresh: Manifest, force: bool) -> Manifest:
    """The manifest of the run in a folder: the one that is there, or a fresh one.

    fresh: of the run that is asked for; its ``kind``, ``options`` and ``recipe`` must be those of the one that is there.

    Raises:
        UserError: if the folder holds another run and is not to be replaced.
    """
    if force:
        folder.clear()
    if not folder.exists():
        return fresh
    manifest = folder.read()
    there, here = ({"kind": run.kind, "recipe": run.recipe} | run.options for run in (manifest, fresh))
    differing = [key for key in here | there if here.get(key) != there.get(key)]
    if differing:
        raise UserError(
            f"{folder.path} holds a run with another {', '.join(differing)}; choose another --out, or --force to replace it"
        )
    return manifest


def is_finished(manifest: Manifest) -> bool:
    """Whether nothing is left to paint."""
    return manifest.status in FINISHED

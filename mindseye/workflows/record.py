"""A run while it goes on: its manifest and its pictures, kept in the folder as they come."""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from mindseye.optimize.painted import Painted
from mindseye.report.progress import Progress
from mindseye.runs.entries import failures, picture_metadata, record_painted
from mindseye.runs.files import read_picture, write_picture
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import Manifest, PaintedEntry, StepEntry
from mindseye.workflows.paint import SAVE_SECONDS


@dataclass(frozen=True)
class Record:
    """What has happened so far. save_seconds: how often the state of a painting is written, from which it can go on."""

    folder: RunFolder
    manifest: Manifest
    progress: Progress
    save_seconds: float = SAVE_SECONDS

    def note(self, *lines: str) -> None:
        """Keep and show what was lowered or chosen on the way, each line once."""
        for line in lines:
            if line not in self.manifest.notes:
                self.manifest.notes.append(line)
                self.progress.say(f"note: {line}")

    def save(self, status: str) -> None:
        """Write the manifest."""
        self.manifest.status = status
        self.manifest.seconds = dict(self.progress.seconds)
        self.folder.write(self.manifest)

    def finish(self) -> None:
        """The manifest's last word; what only an interrupted run needs is dropped."""
        self.folder.drop_state()
        self.save("partial" if failures(self.manifest) else "done")

    def images(self, entry: PaintedEntry, in_channels: int) -> dict[str, Tensor]:
        """Picture and start of an entry as the folder has them, [1, in_channels, side, side] in [0, 1]."""
        paths = {"picture": entry.picture, "start": entry.start}
        return {role: read_picture(self.folder.path / path)[None, :in_channels] for role, path in paths.items() if path}

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

"""The run folder: one job and everything it leaves."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mindseye.errors import UserError
from mindseye.photos.folder import RUN
from mindseye.runs.files import UNFINISHED, remove
from mindseye.runs.schema import Manifest
from mindseye.wording import did_you_mean, near_paths

MANIFEST = RUN
EXAMPLES = "examples.json"
"""What ``examples`` leaves in place of a manifest."""
FACETS = "facets.safetensors"
STATE = "state"
PAGE = "report.html"
FINISHED = ("done", "partial")
OURS = ("pictures", "starts", "steps", "where", "films", "figures", STATE, FACETS, PAGE, MANIFEST)
"""What a run leaves and ``--force`` removes; the manifest last, so that a folder is a run's until nothing of it is left."""
LOCK = ".lock"


@dataclass(frozen=True)
class RunFolder:
    """Paths and manifest of a run."""

    path: Path

    @property
    def facets(self) -> Path:
        """Embedding and facet of every image, and the targets."""
        return self.path / FACETS

    def picture(self, layer: str, facet: int) -> str:
        """The path of a facet's picture, relative to the run."""
        return f"pictures/{file_name(layer)}/facet-{facet:02d}.png"

    def start(self, layer: str, facet: int) -> str:
        """The path of a facet's start, relative to the run."""
        return f"starts/{file_name(layer)}/facet-{facet:02d}.png"

    def step(self, layer: str, facet: int, step: int) -> str:
        """The path of a facet's picture at a step, relative to the run."""
        return f"steps/{file_name(layer)}/facet-{facet:02d}/step-{step:05d}.png"

    def where(self, layer: str, facet: int) -> str:
        """The path of the maps of where a facet lives in its members, relative to the run."""
        return f"where/{file_name(layer)}/facet-{facet:02d}.npy"

    def of_channel(self, role: str, layer: str, channel: int, facet: int | None = None) -> str:
        """The path of a channel's picture or start, or of one of its facets', relative to the run. role: as for objectives."""
        suffix = "" if facet is None else f"-facet-{facet:02d}"
        return f"{role}/{file_name(layer)}/channel-{channel:04d}{suffix}.png"

    def of_objective(self, role: str, index: int, words: str) -> str:
        """The path of an objective's picture or start, relative to the run. role: ``pictures`` or ``starts``."""
        return f"{role}/{index:02d}-{file_name(words)}.png"

    def objective_step(self, index: int, words: str, step: int) -> str:
        """The path of an objective's picture at a step, relative to the run."""
        return f"steps/{index:02d}-{file_name(words)}/step-{step:05d}.png"

    def painting_state(self, layer: str) -> Path:
        """The stem of the files that an interrupted painting of a layer continues from."""
        return self.path / STATE / file_name(layer)

    def drop_state(self) -> None:
        """Forget what only an interrupted run needs."""
        shutil.rmtree(self.path / STATE, ignore_errors=True)

    def exists(self) -> bool:
        """Whether a run has been started here."""
        return (self.path / MANIFEST).is_file()

    def keeps_results(self) -> bool:
        """Whether a run has left anything here besides what it was asked for."""
        return any((self.path / name).exists() for name in OURS if name not in (MANIFEST, STATE))

    def read(self) -> Manifest:
        """The manifest.

        Raises:
            UserError: if there is none, it is damaged, or a newer mindseye wrote it.
        """
        try:
            return Manifest.read(self.path / MANIFEST)
        except FileNotFoundError as error:
            near = did_you_mean(near_paths(self.path))
            raise UserError(
                f"{self.path} is no run folder: it has no {MANIFEST}{'; ' + near if near else ''}"
            ) from error

    def write(self, manifest: Manifest) -> None:
        """Write the manifest, whole or not at all."""
        manifest.write(self.path / MANIFEST)

    def refuse_others_files(self) -> None:
        """See to it that a run which begins here neither writes over a user's own files nor removes them later.

        Raises:
            UserError: if something bears a name that a run gives, and no run has been at work here.
        """
        if self.exists() or (self.path / LOCK).exists():  # a run that was killed at its beginning left its lock
            return
        there = [name for name in OURS if os.path.lexists(self.path / name)]
        if there:
            raise UserError(
                f"{self.path} holds '{there[0]}' of your own, a name that a run gives to what it writes and replaces; "
                "choose another --out"
            )

    def clear(self) -> None:
        """Remove what a run left, where there is one; files that are not a run's stay."""
        if not self.exists():
            return
        for name in OURS:
            remove(self.path / name)

    def remove_empty(self) -> None:
        """Remove the folder where nothing is in it but its lock, which this process holds."""
        if [path.name for path in self.path.iterdir()] == [LOCK]:
            (self.path / LOCK).unlink()
            self.path.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process; the lock ends with the process, however it ends.

        Raises:
            UserError: if another process works here, or the folder cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / LOCK).open("a")
        except OSError as error:
            raise UserError(
                f"cannot make the run folder {self.path}: {error.strerror}; choose another --out"
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UserError(
                    f"another mindseye process is working in {self.path}; wait for it or choose another --out"
                ) from error
            for part in self.path.rglob(f".*{UNFINISHED}"):
                part.unlink(missing_ok=True)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)  # closing it would leave it with processes that were forked meanwhile


def file_name(text: str) -> str:
    """A layer's address as a harmless file name (``layer4.2.relu#1`` stays readable)."""
    name = re.sub(r"[^\w.#@=+-]", "_", text)[:120]
    return name if name.strip(".") else "_"


def joined(names: Sequence[str], kind: str) -> str:
    """What several are called in a path: one by its name, more by how many they are (``3-layers``)."""
    return names[0] if len(names) == 1 else f"{len(names)}-{kind}"


def default_path(images: str, model: str, layer: str) -> Path:
    """``runs/FOLDER-MODEL-LAYER``."""
    words = [file_name(part) for part in (Path(images).name or "images", model.split("/")[-1], layer)]
    return Path("runs") / "-".join(words)

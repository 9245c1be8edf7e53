"""A finished run as a value: where it is, what failed, and how it shows itself in a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindseye.report.screen import first_screen
from mindseye.runs.entries import failures
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import Manifest, PaintedEntry


@dataclass(frozen=True)
class Run:
    """A run folder, as `mindseye.visualize` and the other painting functions return it."""

    path: Path

    @property
    def manifest(self) -> Manifest:
        """run.json, read anew.

        Raises:
            UserError: if the folder no longer holds a readable run.
        """
        return RunFolder(self.path).read()

    @property
    def pictures(self) -> dict[str, list[Path]]:
        """Per layer, the pictures of the facets that were painted; of named objectives, the pictures of each."""
        manifest = self.manifest
        paths: dict[str, list[Path]] = {}
        for layer in manifest.layers:
            paths.setdefault(layer.layer, []).extend(self._painted(layer.facets))
        for picture in manifest.pictures:
            paths.setdefault(picture.objective, []).extend(self._painted([picture]))
        return paths

    @property
    def failures(self) -> list[str]:
        """One line per picture that failed."""
        return failures(self.manifest)

    def _painted(self, entries: Sequence[PaintedEntry]) -> list[Path]:
        return [self.path / entry.picture for entry in entries if entry.picture]

    def _repr_html_(self) -> str:
        return first_screen(self.path)

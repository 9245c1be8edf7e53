"""A finished run as a value: where it is, what failed, and how it shows itself in a notebook."""

from dataclasses import dataclass
from pathlib import Path

from mindseye.report.manifest import Json, facets, layer_name, layers, pictures
from mindseye.report.screen import first_screen
from mindseye.runs.entries import failures
from mindseye.runs.folder import Manifest, RunFolder


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
        found: dict[str, list[Path]] = {}
        for layer in layers(manifest):
            found.setdefault(layer_name(layer), []).extend(self._painted(facets(layer)))
        for one in pictures(manifest):
            found.setdefault(str(one.get("objective")), []).extend(self._painted([one]))
        return found

    @property
    def failures(self) -> list[str]:
        """One line per picture that failed."""
        return failures(self.manifest)

    def _painted(self, entries: list[Json]) -> list[Path]:
        return [self.path / entry["picture"] for entry in entries if entry.get("picture")]

    def _repr_html_(self) -> str:
        return first_screen(self.path)

"""What ``mindseye.explain`` has found, as values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mindseye.report.frame import frame
from mindseye.report.html import grid, html_block, page_link, table
from mindseye.report.markdown import check_table
from mindseye.runs.entries import number_of
from mindseye.runs.folder import PAGE, RunFolder
from mindseye.runs.schema import Manifest
from mindseye.wording import counted


@dataclass(frozen=True)
class Map:
    """One map: where in a photo a target is, by one method and network.

    photo: its path, or ``array-00000``. target: what is explained; ``score``: its value for the photo. array: the map
    itself, float32 [side, side], in the coordinates of the photo as the network sees it. picture: its heat map.
    overlay: that over the photo.
    """

    photo: str
    model: str
    method: str
    target: str
    score: float
    array: Path
    picture: Path
    overlay: Path

    def load(self) -> npt.NDArray[np.float32]:
        """The map [side, side]."""
        values: npt.NDArray[np.float32] = np.load(self.array, allow_pickle=False)
        return values


@dataclass(frozen=True)
class Explanations:
    """What ``mindseye.explain`` found.

    path: the folder. figures: one per photo, all methods and networks side by side. refused: per network, the methods that
    it does not allow, and why. failures: one line per photo that could not be read and map that could not be made.
    table: the checks, "" where none were asked for. notes: what is worth knowing.
    """

    path: Path
    maps: list[Map]
    figures: list[Path]
    refused: dict[str, dict[str, str]]
    failures: list[str]
    table: str
    notes: list[str]

    @property
    def manifest(self) -> Manifest:
        """All that run.json says, read anew.

        Raises:
            UserError: if the folder no longer holds a readable run.
        """
        return RunFolder(self.path).read()

    def to_frame(self) -> Any:
        """A pandas table: a row per map, with the value of what is explained.

        Raises:
            UserError: if pandas is not installed.
        """
        columns = ("photo", "model", "method", "target", "score")
        return frame([{name: getattr(entry, name) for name in columns} for entry in self.maps])

    def _repr_html_(self) -> str:
        networks = list(dict.fromkeys(entry.model for entry in self.maps))
        of = {name: f" of {name}" if len(networks) > 1 else "" for name in networks}
        tiles = [
            (f"{Path(entry.photo).name}: {entry.method}{of[entry.model]}, {entry.target}", entry.overlay)
            for entry in self.maps
        ]
        failures = table([{"failed": line} for line in self.failures])
        return html_block(
            f"{counted(len(self.maps), 'maps')} in {self.path}", grid(tiles), failures, page_link(self.path / PAGE)
        )


def explanations_of(path: Path, manifest: Manifest) -> Explanations:
    """The values of a finished run of ``explain``. path: its folder. manifest: its run.json."""
    failures = [f"{skipped.path}: {skipped.reason}" for skipped in manifest.skipped]
    maps = []
    for photo in manifest.photos:
        for entry in photo.maps:
            if entry.map is None or entry.picture is None or entry.overlay is None:
                failures.append(f"{photo.path} {entry.method} of {entry.model}: {entry.reason}")
                continue
            maps.append(
                Map(
                    photo=photo.path,
                    model=entry.model,
                    method=entry.method,
                    target=entry.target,
                    score=number_of(entry.numbers["score"]),
                    array=path / entry.map,
                    picture=path / entry.picture,
                    overlay=path / entry.overlay,
                )
            )
    return Explanations(
        path=path,
        maps=maps,
        figures=[path / photo.figure for photo in manifest.photos if photo.figure],
        refused={model.name: model.refused for model in manifest.models},
        failures=failures,
        table=check_table(manifest) if manifest.options["check"] else "",
        notes=manifest.notes,
    )

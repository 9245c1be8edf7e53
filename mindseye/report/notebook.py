"""A run as a value: its layers, facets and pictures, its numbers as a table, and how it shows itself in a notebook."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mindseye.errors import UserError
from mindseye.measure.summary import ROLES
from mindseye.report.frame import frame
from mindseye.report.html import html_grid
from mindseye.report.manifest import deepest_layer, facet_label
from mindseye.report.screen import first_screen
from mindseye.runs.entries import failures
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import (
    ChannelPictureEntry,
    FacetEntry,
    LayerEntry,
    Manifest,
    PaintedEntry,
)
from mindseye.wording import counted, did_you_mean

if TYPE_CHECKING:
    from pandas import DataFrame

FACET_COLUMNS = ("label", "size", "silhouette", "effective_members", "activation")
"""What a table says of a facet beside its picture's numbers."""


@dataclass(frozen=True)
class RunLayer:
    """One layer of a run. entry: all that run.json says of it."""

    path: Path
    entry: LayerEntry

    @property
    def name(self) -> str:
        """Its address."""
        return self.entry.layer

    @property
    def facets(self) -> list[FacetEntry]:
        """Its facets: members, channels, numbers, and the paths of their pictures within the run."""
        return self.entry.facets

    @property
    def pictures(self) -> list[Path]:
        """The pictures of the facets that were painted, in the order of the facets."""
        return _painted(self.path, self.facets)

    def _repr_html_(self) -> str:
        names = [f"facet {facet.index} {facet_label(facet)}".strip() for facet in self.facets]
        files = [self.path / facet.picture if facet.picture else None for facet in self.facets]
        return html_grid(list(zip(names, files, strict=True)), f"{self.name}: {counted(len(names), 'facets')}")


@dataclass(frozen=True)
class Run:
    """A run folder, as ``mindseye.visualize`` and the other painting functions return it.

    Everything is read from the folder when it is asked for, so that a run that goes on, or was evaluated since, says so.
    """

    path: Path

    @property
    def manifest(self) -> Manifest:
        """All that run.json says.

        Raises:
            UserError: if the folder no longer holds a readable run.
        """
        return RunFolder(self.path).read()

    @property
    def layers(self) -> list[RunLayer]:
        """The layers of the run, early to late; none of a run of named objectives."""
        return [RunLayer(self.path, layer) for layer in self.manifest.layers]

    def __getitem__(self, address: str) -> RunLayer:
        """The layer with this address.

        Raises:
            UserError: if the run has no such layer, with the nearest that it has.
        """
        by_name = {layer.name: layer for layer in self.layers}
        if address not in by_name:
            there = f"it has {', '.join(by_name)}" if by_name else "it has none: it painted named objectives"
            near = difflib.get_close_matches(str(address), by_name, n=4, cutoff=0.4)
            raise UserError(f"{self.path} has no layer {address!r}; {did_you_mean(near) or there}")
        return by_name[address]

    @property
    def facets(self) -> list[FacetEntry]:
        """The facets of the deepest layer; none of a run of named objectives."""
        return deepest_layer(self.manifest).facets

    @property
    def pictures(self) -> dict[str, list[Path]]:
        """Per layer, the pictures of the facets that were painted; of named objectives, the pictures of each."""
        manifest = self.manifest
        paths: dict[str, list[Path]] = {}
        for layer in manifest.layers:
            paths.setdefault(layer.layer, []).extend(_painted(self.path, layer.facets))
        for picture in manifest.pictures:
            paths.setdefault(picture.objective, []).extend(_painted(self.path, [picture]))
        return paths

    @property
    def failures(self) -> list[str]:
        """One line per picture that failed."""
        return failures(self.manifest)

    def to_frame(self) -> "DataFrame":
        """A table with a row for each picture of the run and its numbers.

        Columns: ``layer``, ``channel`` (of ``inspect``), ``facet``, ``objective``, ``variant``, ``photo``, as far as the run has
        them; ``status``, ``reason``, ``picture`` (a path); the facet's ``label``, ``size``, ``silhouette``, ``effective_members``;
        then every number of the picture: ``loss.TERM.start`` and ``.end``, and its measures as ``FAMILY.MEASURE``, or
        ``FAMILY.JUDGE.MEASURE`` where judges gave it. The same number of the members and of the start ends in ``.members`` and
        ``.start``. A number that was not taken, or is not finite, is NaN.

        Raises:
            UserError: if pandas is not installed.
        """
        rows = [_row(self.path, about, entry) for about, entry in _entries(self.manifest)]
        return frame(rows).dropna(axis="columns", how="all")

    def _repr_html_(self) -> str:
        return first_screen(self.path)


def _painted(folder: Path, entries: Sequence[PaintedEntry]) -> list[Path]:
    return [folder / entry.picture for entry in entries if entry.picture]


def _entries(manifest: Manifest) -> Iterator[tuple[dict[str, Any], PaintedEntry]]:
    """Every picture of a run, and what it is of."""
    for layer in manifest.layers:
        for facet in layer.facets:
            yield {"layer": layer.layer, "channel": None, "facet": facet.index}, facet
        for channel in layer.channel_pictures:
            about = {"layer": layer.layer, "channel": channel.channel, "facet": None}
            yield about, channel
            yield from ((about | {"facet": facet.index}, facet) for facet in channel.facets)
    for picture in manifest.pictures:
        yield {"objective": picture.objective, "variant": picture.variant, "photo": picture.photo}, picture


def _row(folder: Path, about: Mapping[str, Any], entry: PaintedEntry) -> dict[str, Any]:
    row = {**about, "status": entry.status, "reason": entry.reason}
    row["picture"] = str(folder / entry.picture) if entry.picture else None
    if isinstance(entry, FacetEntry):
        row |= {name: getattr(entry, name) for name in FACET_COLUMNS}
    if isinstance(entry, ChannelPictureEntry):
        row |= {"silhouette": entry.silhouette}
    for term, ends in entry.loss.items():
        row |= {f"loss.{term}.{end}": value for end, value in zip(("start", "end"), ends, strict=False)}
    return row | _flatten(entry.measures or {})


def _flatten(measures: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Nested measures as one level: names joined by dots, the role last, that of the picture left out. Lists are left out."""
    flat: dict[str, Any] = {}
    for name, value in measures.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, (*path, str(name)))
        elif not isinstance(value, list):
            roles = [part for part in path if part in ROLES]
            parts = [*(part for part in path if part not in ROLES), str(name)]
            flat[".".join([*parts, *(role for role in roles if role != "picture")])] = value
    return flat

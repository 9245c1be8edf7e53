"""An atlas as a value: ``atlas["layer3.5"][320]`` is all that is known of a channel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mindseye.errors import UserError
from mindseye.photos.pixels import read_photo
from mindseye.report.frame import frame
from mindseye.report.html import grid, html_block, page_link, strip
from mindseye.runs.atlas import Answers, AtlasFolder, channel_stem
from mindseye.runs.schema import AtlasChannel, AtlasChannelRecord, AtlasLayer, AtlasRecord
from mindseye.wording import counted
from mindseye.workflows.batch.status import BatchStatus, Failure, read_status

SHOWN = 12
"""Pictures of a layer in a notebook."""


class MissingError(UserError, KeyError):
    """Something that an atlas does not have; a KeyError too, as mappings raise it."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class ChannelPage:
    """A channel of an atlas.

    numbers: entanglement and the like. record: photos along its range, facets, relatives, what feeds it; None as long as it is
    not painted. answers: [photos], its mean over positions.
    """

    atlas: Path
    layer: str
    numbers: AtlasChannel
    record: AtlasChannelRecord | None
    answers: NDArray[np.float64]

    @property
    def channel(self) -> int:
        """Its number in the layer."""
        return self.numbers.channel

    @property
    def page(self) -> Path:
        """Its page."""
        return self.atlas / f"{channel_stem(self.layer, self.channel)}.html"

    @property
    def picture(self) -> Image.Image | None:
        """Its plain picture, None where there is none."""
        return self._read(None if self.record is None else self.record.picture)

    @property
    def pictures(self) -> list[Image.Image | None]:
        """The pictures of its facets."""
        return [] if self.record is None else [self._read(facet.picture) for facet in self.record.facets]

    def _read(self, file: str | None) -> Image.Image | None:
        return None if file is None else read_photo(self.atlas / file)

    def _repr_html_(self) -> str:
        facets = self.record.facets if self.record else []
        pictures = zip(facets, self.pictures, strict=True)
        named = [(facet.label or f"facet {place}", picture) for place, (facet, picture) in enumerate(pictures)]
        pictures_of_all = grid([("plain", self.picture), *named])
        return html_block(f"{self.layer}:{self.channel}", pictures_of_all, page_link(self.page))


class AtlasLayerPages(Mapping[int, ChannelPage]):
    """The channels of a layer that have a page, by number. entry: what is known of the layer."""

    def __init__(self, atlas: "Atlas", entry: AtlasLayer) -> None:
        self._atlas, self.entry = atlas, entry
        self._entries = {own.channel: own for own in entry.entries}

    @property
    def answers(self) -> NDArray[np.float64]:
        """The mean over positions of every channel in every photo, [photos, channels]."""
        return self._atlas.answers.values(self.entry.layer)

    @property
    def pictures(self) -> list[Image.Image | None]:
        """Of the whole collection's facets at this layer, in the order of ``entry.groups``; none before they are painted."""
        record = self._atlas.folder.collection(self.entry.layer)
        facets = [] if record is None else record.facets
        return [None if own.picture is None else read_photo(self._atlas.path / own.picture) for own in facets]

    def __getitem__(self, channel: int) -> ChannelPage:
        if channel not in self._entries:
            there = f"{len(self)} of {self.entry.channels}"
            raise MissingError(
                f"channel {channel!r} of layer {self.entry.layer!r} is not in this atlas, which has {there}"
            )
        record = self._atlas.folder.channel(self.entry.layer, channel)
        return ChannelPage(self._atlas.path, self.entry.layer, self._entries[channel], record, self.answers[:, channel])

    def __iter__(self) -> Iterator[int]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Atlas(Mapping[str, AtlasLayerPages]):
    """An atlas in a folder: its layers by address.

    path: the folder. failures: what failed when it was last worked on.
    """

    def __init__(self, path: str | Path, failures: tuple[Failure, ...] = ()) -> None:
        """Open the atlas in a folder, whole or still growing.

        Raises:
            UserError: if there is none.
        """
        self.path = Path(path)
        self.folder = AtlasFolder(self.path)
        self.record: AtlasRecord = self.folder.read()
        self.failures = failures

    @property
    def page(self) -> Path:
        """Its first page."""
        return self.path / "index.html"

    @property
    def status(self) -> BatchStatus:
        """How far it is, read anew."""
        return read_status(self.path)

    @cached_property
    def answers(self) -> Answers:
        """What all channels of its layers answer to the photos."""
        return self.folder.answers()

    @property
    def photos(self) -> tuple[str, ...]:
        """Paths of the photos, in the order of all values."""
        return tuple(self.record.images.paths)

    def to_frame(self) -> Any:
        """A pandas table: a row per channel, with its numbers."""
        rows = [
            {"layer": layer.layer, **{name: value for name, value in vars(entry).items() if name != "place"}}
            for layer in self.record.layers
            for entry in layer.entries
        ]
        return frame(rows)

    def __getitem__(self, layer: str) -> AtlasLayerPages:
        entry = next((own for own in self.record.layers if own.layer == layer), None)
        if entry is None:
            raise MissingError(f"layer {layer!r} is not in this atlas: it has {', '.join(self)}")
        return AtlasLayerPages(self, entry)

    def __iter__(self) -> Iterator[str]:
        return iter([layer.layer for layer in self.record.layers])

    def __len__(self) -> int:
        return len(self.record.layers)

    def __repr__(self) -> str:
        shown = sum(len(layer.entries) for layer in self.record.layers)
        size = f"{counted(len(self), 'layers')}, {counted(shown, 'channels')}"
        return f"Atlas({str(self.path)!r}, {self.record.model.name}, {size})"

    def _repr_html_(self) -> str:
        strips = [
            strip([page.picture for page in islice(layer.values(), SHOWN)], address) for address, layer in self.items()
        ]
        return html_block(self.record.title, *strips, page_link(self.page))

"""What layers there are, and what a layer answers to photos, as values that show themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mindseye.facets.activations import normalise_photos
from mindseye.facets.extraction import BATCH, extract
from mindseye.layers.layer import Layer, Survey, list_outputs
from mindseye.models.load import Model
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.frame import frame
from mindseye.report.html import html_table
from mindseye.report.progress import Progress
from mindseye.report.tables import layer_table
from mindseye.wording import counted

Floats = NDArray[np.float32]


class Layers(Sequence[Layer]):
    """Every layer of a network that fires; printed, or shown in a notebook, as a table."""

    def __init__(self, model: Model, layers: Survey) -> None:
        self._model, self._layers = model, list_outputs(layers)
        self._network = layers

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, index: Any) -> Any:
        return self._layers[index]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._layers)

    @property
    def addresses(self) -> list[str]:
        """The address of each."""
        return [layer.address for layer in self._layers]

    def matching(self, text: str) -> str:
        """The table of those whose address or kind contains a text."""
        return layer_table(self._model, self._network, text)

    def describe(self) -> str:
        """What the network takes and gives as far as it was tried, what is worth knowing, and which modules cannot be read."""
        lines = [self._model.findings.describe()]
        lines += [f"note: {note}" for note in [*self._model.findings.notes, *self._network.notes]]
        unreadable = self._network.unreadable.items()
        return "\n".join(
            lines + [f"not listed: {address!r} {reason}" for address, reason in unreadable if "@" not in address]
        )

    def to_frame(self) -> Any:
        """A pandas table, a row per layer."""
        return frame([_row(layer) for layer in self._layers])

    def __str__(self) -> str:
        return self.matching("")

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html_table([_row(layer) for layer in self._layers], f"{self._model.name}: {len(self)} layers")


@dataclass(frozen=True, eq=False)
class Activations:
    """What a layer answers to photos.

    layer: which. values: [photos, channels], the mean over positions. paths: of the photos, in the same order, those that
    do not decode left out. maps: [photos, channels, rows, columns], or [photos, channels, positions] of a layer without rows
    and columns; None where they were not asked for.
    """

    layer: Layer
    values: Floats
    paths: tuple[str, ...]
    maps: Floats | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=bool(copy) or None)

    def to_frame(self) -> Any:
        """A pandas table: a row per photo, a column per channel."""
        rows = [dict(enumerate(map(float, values))) for values in self.values]
        return frame(rows, index=list(self.paths))

    def __repr__(self) -> str:
        return f"Activations({self.layer.address!r}, {counted(len(self), 'photos')}, {counted(self.layer.channels, 'channels')})"

    def _repr_html_(self) -> str:
        strongest = self.values.argmax(1)
        rows = [
            {"photo": path, "strongest channel": int(channel), "its mean": float(values[channel])}
            for path, channel, values in zip(self.paths, strongest, self.values, strict=True)
        ]
        return html_table(rows, repr(self))


def layers_of(session: NetworkSession) -> Layers:
    """Every layer that fires in a network."""
    with session.using() as used:
        return Layers(used.model, used.network)


def read_activations(
    session: NetworkSession, photos: PhotoSet, layer: Layer, maps: bool, progress: Progress
) -> Activations:
    """The activations of photos at a layer; the means from the store where they are there."""
    store = session.store(progress.say)
    with progress.stage("extract", len(photos), "photos") as advance:
        means = extract(session.model, [layer], photos, session.view, session.device, store, advance, progress.say)
    values = means[layer.address].numpy()
    return Activations(layer, values, tuple(photos.paths), _maps(session, photos, layer, progress) if maps else None)


@torch.no_grad()
def _maps(session: NetworkSession, photos: PhotoSet, layer: Layer, progress: Progress) -> Floats:
    rows: dict[int, Floats] = {}
    model = session.model
    with progress.stage("maps", len(photos), "photos") as advance, session.reader([layer]) as read:
        for indices, images in photos.batches(model.preprocessing, session.view, model.in_channels, BATCH):
            activation = (
                read(normalise_photos(images, model.preprocessing, session.device))[layer.address].float().cpu()
            )
            rows |= dict(zip(indices, activation.numpy(), strict=True))
            advance(len(indices))
    stacked: Floats = np.stack([rows[index] for index in sorted(rows)])
    grid = layer.rows_and_columns
    return stacked if grid is None else stacked.reshape(*stacked.shape[:2], *grid)


def _row(layer: Layer) -> dict[str, Any]:
    return {
        "layer": layer.address,
        "kind": layer.kind,
        "shape": " x ".join(map(str, layer.shape)),
        "channels": layer.channels,
        "positions": layer.positions,
        "cost": f"{layer.cost:.1%}",
    }

"""Where things are in an atlas's folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.extremes import Extremes
from mindseye.runs.files import read_tensors, write_tensors
from mindseye.runs.folder import file_name
from mindseye.runs.schema import AtlasChannelRecord, AtlasCollectionRecord, AtlasRecord

RECORD, ANSWERS = "atlas.json", "answers.safetensors"
EXTREMES = ("lowest", "lowest_at", "highest", "highest_at", "mean", "mean_at")


@dataclass(frozen=True)
class AtlasFolder:
    """An atlas's folder: atlas.json, the answers, and a folder of pages for each layer."""

    path: Path

    def exists(self) -> bool:
        """Whether there is an atlas, begun at least."""
        return (self.path / RECORD).is_file()

    def read(self) -> AtlasRecord:
        """What atlas.json says.

        Raises:
            UserError: if there is none, or it is damaged.
        """
        try:
            return AtlasRecord.read(self.path / RECORD)
        except FileNotFoundError as error:
            raise UserError(f"{self.path} is no atlas: it has no {RECORD}") from error

    def answers(self) -> "Answers":
        """What all channels answer to the photos.

        Raises:
            UserError: if the file is damaged.
        """
        return Answers(read_tensors(self.path / ANSWERS))

    def write(self, record: AtlasRecord, answers: "Answers") -> None:
        """Begin an atlas; atlas.json comes last."""
        write_tensors(self.path / ANSWERS, answers.tensors)
        record.write(self.path / RECORD)

    def channel(self, layer: str, channel: int) -> AtlasChannelRecord | None:
        """The record of a channel, None where it is not there yet."""
        try:
            return AtlasChannelRecord.read(self.path / f"{channel_stem(layer, channel)}.json")
        except FileNotFoundError:
            return None

    def collection(self, layer: str) -> AtlasCollectionRecord | None:
        """The record of the whole collection's facets at a layer, None where it is not there (yet)."""
        try:
            return AtlasCollectionRecord.read(self.path / f"{collection_stem(layer)}.json")
        except FileNotFoundError:
            return None


class Answers:
    """What the channels of each layer answer to the photos.

    tensors: {``LAYER/means``: [photos, all channels], ``LAYER/extremes/NAME``: [photos, channels with a page],
    ``LAYER/strongest``: [all channels, 2]}, the last in atlases of this version only.
    """

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors

    def means(self, layer: str) -> Tensor:
        """The mean over positions of every channel in every photo, [photos, channels]."""
        return self.tensors[f"{layer}/means"]

    def values(self, layer: str) -> NDArray[np.float64]:
        """The same as float64."""
        values: NDArray[np.float64] = self.means(layer).double().numpy()
        return values

    def extremes(self, layer: str, place: int) -> Extremes:
        """What the channel at a place among those with a page does in each photo, and where."""
        return Extremes(*(self.tensors[f"{layer}/extremes/{name}"][:, place] for name in EXTREMES))

    def strongest(self, layer: str, channel: int) -> tuple[int, int] | None:
        """The photo and the position in which a channel has its greatest value; None where it was not noted."""
        places = self.tensors.get(f"{layer}/strongest")
        if places is None:
            return None
        photo, position = places[channel].tolist()
        return photo, position

    def keep_strongest(self, layer: str, places: Tensor) -> None:
        """Keep them for all channels, [channels, 2]."""
        self.tensors[f"{layer}/strongest"] = places.contiguous()

    def keep_extremes(self, layer: str, extremes: list[Extremes]) -> None:
        """Keep those of all channels with a page."""
        for name in EXTREMES:
            columns = [getattr(own, name) for own in extremes]
            self.tensors[f"{layer}/extremes/{name}"] = torch.stack(columns, 1)


def channel_stem(layer: str, channel: int) -> str:
    """What a channel's files begin with, below the atlas: ``layer3.5/0320``."""
    return f"{file_name(layer)}/{channel:04d}"


def channel_name(layer: str, channel: int) -> str:
    """What a channel is called in the ledger: ``layer3.5:320``."""
    return f"{layer}:{channel}"


def collection_stem(layer: str) -> str:
    """What the files of the whole collection's facets at a layer begin with, below the atlas: ``layer3.5/collection``."""
    return f"{file_name(layer)}/collection"


def collection_name(layer: str) -> str:
    """What they are called in the ledger: ``layer3.5 collection``."""
    return f"{layer} collection"


def crop_file(layer: str, channel: int) -> str:
    """The file with the strongest photo of a channel that has no page: ``layer3.5/0320-photo.webp``."""
    return f"{channel_stem(layer, channel)}-photo.webp"

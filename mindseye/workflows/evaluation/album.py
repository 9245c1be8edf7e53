"""The photos that a run's pictures are looked for among: its own, and those of other folders."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.models.load import Model
from mindseye.photos.file_kinds import file_problem
from mindseye.photos.listing import list_photos
from mindseye.photos.photo_set import PhotoSet
from mindseye.runs.files import read_tensors
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import Manifest

BATCH = 32


@dataclass(frozen=True)
class Album:
    """A run's own photos, in its order, then others. How many of the others there are shows when they have been read.

    folder: the run's. clusters: the layer that its facets were found at. home: what its photos count as one folder under,
    None where each of their folders counts.
    """

    folder: RunFolder
    clusters: str
    home: str | None
    own: PhotoSet
    paths: tuple[str, ...]
    others: PhotoSet | None

    def __len__(self) -> int:
        return len(self.own) + (len(self.others) if self.others else 0)

    def batches(self, model: Model) -> Iterator[Iterator[tuple[list[int], Tensor]]]:
        """The batches of the run's photos, then those of the others, as the model wants them.

        Raises:
            UserError: if one of the run's photos does not decode any more.
        """
        side, channels = model.preprocessing.size, model.in_channels
        self.own.restore(self.paths, model.preprocessing, side, channels)
        yield self.own.batches(model.preprocessing, side, channels, BATCH)
        if self.others:
            yield self.others.batches(model.preprocessing, side, channels, BATCH)

    def folders(self) -> list[str]:
        """The folder of each photo, by index."""
        own = [self.home or str(Path(path).parent) for path in self.paths]
        return own + [str(Path(path).parent) for path in (self.others.paths if self.others else [])]

    def facets(self) -> Tensor:
        """The facet of each photo, [photos], -1 for those that were not clustered."""
        facets = torch.full((len(self),), -1)
        facets[: len(self.own)] = read_tensors(self.folder.facets)[f"{self.clusters}/facet"].long()
        return facets


def open_album(folder: RunFolder, manifest: Manifest, among: Sequence[str]) -> Album:
    """The album of a run and other photos, by path; none is decoded yet.

    Photos that the run knows are not counted twice. Its own are one folder, unless their sub-folders were labels.

    Raises:
        UserError: if a photo of the run is gone, naming it, or the run's photos were arrays.
    """
    paths, root, clusters = manifest.images.paths, manifest.images.root, manifest.clusters
    if not root:
        raise UserError("this run was painted from arrays, which are not kept; give photos as files to have it judged")
    if clusters is None:
        raise UserError(f"{folder.path} does not say at which layer its facets were found; paint it anew with --force")
    gone = next((path for path in paths if file_problem(path) is not None), None)
    if gone is not None:
        raise UserError(f"{gone!r}, a photo of this run, is gone; bring it back, or paint the run anew with --force")
    known = {os.path.realpath(path) for path in [*paths, *(skipped.path for skipped in manifest.skipped)]}
    others = {os.path.realpath(path): path for path in among}
    fresh = [path for real, path in others.items() if real not in known]
    labelled = any(facet.label for facet in manifest.facets)
    return Album(
        folder=folder,
        clusters=clusters.layer,
        home=None if labelled else root,
        own=PhotoSet(list_photos(paths), kept_bytes=0),
        paths=tuple(paths),
        others=PhotoSet(list_photos(fresh), kept_bytes=0) if fresh else None,
    )

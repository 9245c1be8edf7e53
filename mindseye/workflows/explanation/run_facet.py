"""A facet of a run, taken up again: its target, and what the run was painted from."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import torch

from mindseye.errors import UserError
from mindseye.facets.target import Target, check_channels
from mindseye.runs.files import read_tensors
from mindseye.runs.folder import MANIFEST, RunFolder
from mindseye.runs.schema import Manifest


@dataclass(frozen=True)
class RunFacet:
    """One facet of a run.

    folder: the run's. layer: an address, with ``target`` that of all its facets. index: the facet's. size: side in px of
    the pictures. spec, weights, checkpoint: of the network that was painted; spec is None for a module that was given.
    digest: of the network's weights.
    """

    folder: Path
    layer: str
    index: int
    target: Target
    size: int
    spec: str | None
    weights: str | None
    checkpoint: str | None
    digest: str

    @property
    def name(self) -> str:
        """How figures call it."""
        return f"facet {self.index} of {self.folder.absolute().name} at {self.layer}"

    def fingerprint(self) -> str:
        """Of the facet's target: a run that was painted anew may have others."""
        own = self.target.select([self.index])
        parts = (own.mean.float().contiguous(), own.channels.contiguous())
        return blake2b(b"".join(part.numpy().tobytes() for part in parts), digest_size=8).hexdigest()


def find_facet(words: str) -> RunFacet:
    """The facet that ``RUN/2`` names: number 2 of the run in the folder RUN, at its deepest layer; ``RUN/LAYER/2`` at another.

    Raises:
        UserError: if there is no such run, layer or facet, with those that there are, or the run is damaged.
    """
    place, _, number = words.rpartition("/")
    if not place or not number.isdecimal():
        raise UserError(f"facet {words!r} names no facet of a run: write 'facet:RUN/2', or 'facet:RUN/LAYER/2'")
    path = Path(place)
    folder = next((parent for parent in (path, *path.parents) if (parent / MANIFEST).is_file()), path)
    manifest = RunFolder(folder).read()
    try:
        return _facet(folder, manifest, str(path.relative_to(folder)), int(number))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UserError(f"{folder / MANIFEST} is damaged: its facets cannot be read ({error!r})") from error


def _facet(folder: Path, manifest: Manifest, address: str, index: int) -> RunFacet:
    layers = {layer.layer: layer for layer in manifest.layers}
    if not layers:
        raise UserError(f"{folder} has no facets: take a run of 'mindseye visualize'")
    chosen = [*layers][-1] if address == "." else address
    if chosen not in layers:
        raise UserError(f"{folder} has no layer {chosen!r}; it has {', '.join(layers)}")
    entries = layers[chosen].facets
    if index >= len(entries):
        raise UserError(f"facet {index} is not in {folder}: its facets are 0-{len(entries) - 1}")
    kept = read_tensors(RunFolder(folder).facets)
    ranks = kept[f"{chosen}/target"]
    channels = [[channel.channel for channel in entry.channels] for entry in entries]
    for row in channels:
        check_channels(row, chosen, ranks.shape[1])
    options = manifest.options
    return RunFacet(
        folder=folder,
        layer=chosen,
        index=index,
        target=Target(chosen, ranks, torch.tensor(channels)),
        size=int(options["size"]),
        spec=manifest.model.spec,
        weights=options["weights"],
        checkpoint=options["checkpoint"],
        digest=options["weights_digest"],
    )

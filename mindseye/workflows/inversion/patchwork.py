"""Photos rebuilt from patches of others: searched in one pass over a folder, pasted one by one, kept as they come.

``Patchwork.run`` is the whole of it: search, paste, measure, figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.patches import Nearest, Windows, nearest_positions, paste, windows
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.layers.receptive_field import receptive_field
from mindseye.measure.pictures import objective_measures
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.photo import Reconstruction
from mindseye.optimize.painted import Painted
from mindseye.optimize.random import START, RandomKeys
from mindseye.optimize.session import NetworkSession
from mindseye.photos.fingerprint import photo_digest
from mindseye.photos.photo_set import PhotoSet
from mindseye.runs.entries import describe_skipped
from mindseye.runs.schema import PictureEntry
from mindseye.workflows.finish import finish_run
from mindseye.workflows.record import Record

BATCH = 32


@dataclass(frozen=True)
class PatchRequest:
    """One picture that is asked for: a photo, [channels, side, side] in [0, 1], at a layer.

    words: how it is called. about: what else its entry in run.json says.
    """

    words: str
    photo: Tensor
    layer: Layer
    about: Mapping[str, object] = field(default_factory=dict)


class Patchwork:
    """One run from photos to the pictures that patches of others make of them.

    A picture's ``start`` is made of the very same patches in another, random order: what they give without the layer's word
    on where each belongs.
    """

    def __init__(
        self, session: NetworkSession, photos: PhotoSet, requests: Sequence[PatchRequest], record: Record
    ) -> None:
        """photos: whose patches are taken."""
        self.session, self.photos, self.requests, self.record = session, photos, requests, record
        self.folder, self.manifest, self.progress = record.folder, record.manifest, record.progress

    def run(self) -> None:
        """Search, paste, measure, draw. What an interrupted run has done is not done again."""
        if not self.manifest.pictures:
            self.manifest.pictures = [
                PictureEntry(index=index, objective=request.words, **request.about)  # type: ignore[arg-type]
                for index, request in enumerate(self.requests)
            ]
            self.record.save("running")
        waiting = [entry for entry in self.manifest.pictures if entry.status == "todo"]
        if waiting:
            self.rebuild(waiting)
        finish_run(self.record)

    def rebuild(self, waiting: Sequence[PictureEntry]) -> None:
        """The pictures of some entries, one after the other."""
        requests = [self.requests[entry.index] for entry in waiting]
        layers = {request.layer.address: request.layer for request in requests}
        windows_by_layer = self.windows(list(layers.values()))
        with self.session.reader(list(layers.values())) as read:
            nearest = self.search(read, requests)
            with self.progress.stage("paste", len(waiting), "pictures") as advance:
                for entry, request, patches in zip(waiting, requests, nearest, strict=True):
                    self.keep(read, entry, request, patches, windows_by_layer[request.layer.address])
                    advance(1)

    def windows(self, layers: Sequence[Layer]) -> dict[str, Windows]:
        """The pixels that each layer's positions stand for, by address."""
        model, view = self.session.model, self.session.view
        by_layer = {}
        with self.progress.stage("receptive", len(layers), "layers") as advance:
            for layer in layers:
                field_of_view = receptive_field(model.network, layer, view, model.in_channels)
                by_layer[layer.address] = windows(field_of_view, view)
                advance(1)
        return by_layer

    def search(self, read: Reader, requests: Sequence[PatchRequest]) -> list[Nearest]:
        """The nearest position of all other photos to every position of each photo that is asked for."""
        session, photos, model = self.session, self.photos, self.session.model
        batches = photos.batches(model.preprocessing, session.view, model.in_channels, BATCH)
        # A photo at several layers is compared with the others once.
        distinct = {photo_digest(request.photo): request.photo for request in requests}
        pixels = torch.stack(list(distinct.values())).mul(255).round().byte()
        with self.progress.stage("search", len(photos), "photos") as advance:
            nearest = nearest_positions(read, model.preprocessing, pixels, batches, session.device, advance)
        places = {digest: place for place, digest in enumerate(distinct)}
        patches = [nearest[request.layer.address][places[photo_digest(request.photo)]] for request in requests]
        for request, own in zip(requests, patches, strict=True):
            if (own.photo < 0).any():
                raise UserError(f"--patches holds no photo but {request.words} itself: give a folder with others")
        self.manifest.patches = {"folder": photos.root, "count": len(photos)}
        self.manifest.skipped = describe_skipped(photos)
        for skipped in photos.skipped:
            self.progress.say(f"skipped {skipped.path}: {skipped.reason}")
        self.record.note(*photos.notes())
        return patches

    def keep(self, read: Reader, entry: PictureEntry, request: PatchRequest, nearest: Nearest, where: Windows) -> None:
        """Paste a picture, measure it, and keep it with its numbers."""
        photos, words = self.photos, request.words
        order = RandomKeys(self.session.seed, (words,)).uniform(START, "patches", len(nearest.photo))[0].argsort()
        picture, start = (
            paste(patches, where, lambda photo: photos.load([photo])[0].float() / 255)
            for patches in (nearest, nearest.moved(order))
        )
        entry.patches = {
            "photos": len(nearest.photos),
            "positions": len(nearest.photo),
            "cosine": float(nearest.cosine.mean()),
            "window": [where.height, where.width],
        }
        entry.measures = self.measures(read, request, {"picture": picture, "start": start})
        kept, beside = (self.folder.of_objective(role, entry.index, words) for role in ("pictures", "starts"))
        self.record.keep_painted(entry, Painted(picture, start, {}, None), kept, beside, words)
        self.record.save("running")

    def measures(
        self, read: Reader, request: PatchRequest, images: dict[str, Tensor]
    ) -> dict[str, dict[str, dict[str, float]]]:
        """How far picture and start are from the photo at the layer, as for an inversion."""
        device, preprocessing = self.session.device, self.session.model.preprocessing
        with torch.no_grad():
            goal = read(preprocessing.normalise(request.photo[None].to(device)))[request.layer.address]
        objective: Objective = -Reconstruction(request.layer.address, goal)
        roles = {role: image[None].to(device) for role, image in images.items()}
        return objective_measures(read, preprocessing, objective, roles)

"""Photos rebuilt from patches of others: searched in one pass over a folder, pasted one by one, kept as they come.

``Patchwork.run`` is the whole of it: search, paste, measure, figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.patches import Nearest, Windows, nearest_positions, paste, windows
from mindseye.layers.reader import Reader
from mindseye.layers.receptive_field import receptive_field
from mindseye.layers.survey import Layer
from mindseye.measure.pictures import objective_measures
from mindseye.models.load import Model
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.photo import Reconstruction
from mindseye.optimize.painted import Painted
from mindseye.optimize.random import START, RandomKeys
from mindseye.photos.photo import photo_digest
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.figures import write_figures
from mindseye.report.page import leave_page
from mindseye.report.progress import Progress
from mindseye.runs.folder import Manifest
from mindseye.runs.record import Record
from mindseye.workflows.objectives.commission import fresh_entry

BATCH = 32


@dataclass(frozen=True)
class Rebuilt:
    """One picture that is asked for: a photo, [channels, side, side] in [0, 1], at a layer; its name, and where it lies."""

    words: str
    photo: Tensor
    layer: Layer
    path: str | None


@dataclass(frozen=True)
class Mosaic:
    """Everything that decides what the pictures look like. photos: whose patches are taken. view: side of all pictures."""

    model: Model
    photos: PhotoSet
    wanted: Sequence[Rebuilt]
    seed: int
    device: torch.device
    view: int


class Patchwork:
    """One run from photos to the pictures that patches of others make of them.

    A picture's ``start`` is made of the very same patches in another, random order: what they give without the layer's word
    on where each belongs.
    """

    def __init__(self, mosaic: Mosaic, record: Record, progress: Progress) -> None:
        self.mosaic, self.record, self.progress = mosaic, record, progress
        self.folder, self.manifest = record.folder, record.manifest

    def run(self) -> None:
        """Search, paste, measure, draw. What an interrupted run has done is not done again."""
        if not self.manifest["pictures"]:
            wanted = enumerate(self.mosaic.wanted)
            self.manifest["pictures"] = [fresh_entry(index, one.words, {"photo": one.path}) for index, one in wanted]
            self.record.save("running")
        waiting = [entry for entry in self.manifest["pictures"] if entry["status"] == "todo"]
        if waiting:
            self.rebuild(waiting)
        self.record.finish()
        with self.progress.stage("figures", 1, "set") as advance:
            write_figures(self.folder.path)
            advance(1)
        leave_page(self.folder.path, self.progress)

    def rebuild(self, waiting: Sequence[Manifest]) -> None:
        """The pictures of some entries, one after the other."""
        wanted = [self.mosaic.wanted[entry["index"]] for entry in waiting]
        layers = {one.layer.address: one.layer for one in wanted}
        where = self.stand_for(list(layers.values()))
        with Reader(self.mosaic.model.network, list(layers.values())) as read:
            found = self.search(read, wanted)
            with self.progress.stage("paste", len(waiting), "pictures") as advance:
                for entry, one, nearest in zip(waiting, wanted, found, strict=True):
                    self.keep(read, entry, one, nearest, where[one.layer.address])
                    advance(1)

    def stand_for(self, layers: Sequence[Layer]) -> dict[str, Windows]:
        """The pixels that each layer's positions stand for, by address."""
        model, view = self.mosaic.model, self.mosaic.view
        with self.progress.stage("receptive", len(layers), "layers") as advance:
            found = {}
            for layer in layers:
                field = receptive_field(model.network, layer, view, model.in_channels)
                found[layer.address] = windows(field, view)
                advance(1)
        return found

    def search(self, read: Reader, wanted: Sequence[Rebuilt]) -> list[Nearest]:
        """The nearest position of all other photos to every position of each wanted one."""
        mosaic, photos = self.mosaic, self.mosaic.photos
        batches = photos.batches(mosaic.model.preprocessing, mosaic.view, mosaic.model.in_channels, BATCH)
        # A photo at several layers is held against the others once.
        distinct = {photo_digest(one.photo): one.photo for one in wanted}
        pixels = torch.stack(list(distinct.values())).mul(255).round().byte()
        with self.progress.stage("search", len(photos), "photos") as advance:
            nearest = nearest_positions(read, mosaic.model.preprocessing, pixels, batches, mosaic.device, advance)
        places = {digest: place for place, digest in enumerate(distinct)}
        found = [nearest[one.layer.address][places[photo_digest(one.photo)]] for one in wanted]
        for one, patches in zip(wanted, found, strict=True):
            if (patches.photo < 0).any():
                raise UserError(f"--patches holds no photo but {one.words} itself: give a folder with others")
        self.manifest["patches"] = {"folder": photos.root, "count": len(photos)}
        self.manifest["skipped"] = [{"path": skipped.path, "reason": skipped.reason} for skipped in photos.skipped]
        for skipped in photos.skipped:
            self.progress.say(f"skipped {skipped.path}: {skipped.reason}")
        self.record.note(*photos.notes())
        return found

    def keep(self, read: Reader, entry: Manifest, one: Rebuilt, nearest: Nearest, where: Windows) -> None:
        """Paste a picture, measure it, and keep it with its numbers."""
        photos, words = self.mosaic.photos, one.words
        order = RandomKeys(self.mosaic.seed, (words,)).uniform(START, "patches", len(nearest.photo))[0].argsort()
        picture, start = (
            paste(patches, where, lambda photo: photos.load([photo])[0].float() / 255)
            for patches in (nearest, nearest.moved(order))
        )
        entry["patches"] = {
            "photos": len(nearest.photos),
            "positions": len(nearest.photo),
            "cosine": float(nearest.cosine.mean()),
            "window": [where.height, where.width],
        }
        entry["measures"] = self.measures(read, one, {"picture": picture, "start": start})
        kept, beside = (self.folder.of_objective(role, entry["index"], words) for role in ("pictures", "starts"))
        self.record.keep_painted(entry, Painted(picture, start, {}, None), kept, beside, words)
        self.record.save("running")

    def measures(self, read: Reader, one: Rebuilt, images: dict[str, Tensor]) -> dict[str, dict[str, dict[str, float]]]:
        """How far picture and start are from the photo at the layer, as for an inversion."""
        device, preprocessing = self.mosaic.device, self.mosaic.model.preprocessing
        with torch.no_grad():
            goal = read(preprocessing.normalise(one.photo[None].to(device)))[one.layer.address]
        objective: Objective = -Reconstruction(one.layer.address, goal)
        roles = {role: image[None].to(device) for role, image in images.items()}
        return objective_measures(read, preprocessing, objective, roles)

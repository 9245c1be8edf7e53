"""What a worker of an atlas keeps for all its channels."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from mindseye.facets.activations import normalise_photos
from mindseye.facets.unit_facets import UnitFacets
from mindseye.layers.layer import Layer
from mindseye.layers.receptive_field import ReceptiveField, receptive_field
from mindseye.measure.likeness import correlations, nearest_channels
from mindseye.measure.selectivity import Floats
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet
from mindseye.runs.atlas import Answers, AtlasFolder
from mindseye.runs.schema import AtlasRecord, Feeding, Relative
from mindseye.workflows.atlas.choice import FacetChoice
from mindseye.workflows.atlas.facets import find_channel_facets
from mindseye.workflows.atlas.feeding import PHOTOS, find_feeding
from mindseye.workflows.facets.find import mean_slope
from mindseye.workflows.facets.job import FacetJob

RELATIVES = 6


@dataclass
class AtlasContext:
    """What is the same for all channels.

    painter, preparing, finishing: the network, for each of the three threads. painting: the folder of a pack's painting, by
    number. batch_size: pictures painted at once. save_seconds: how often the state of a painting is written.
    """

    folder: AtlasFolder
    record: AtlasRecord
    answers: Answers
    photos: PhotoSet
    painter: NetworkSession
    preparing: NetworkSession
    finishing: NetworkSession
    painting: Callable[[int], Path]
    batch_size: int
    save_seconds: float
    _facets: dict[tuple[str, int], UnitFacets] = field(default_factory=dict)
    _fields: dict[str, ReceptiveField] = field(default_factory=dict)
    _slope: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def facets_of(self, layer: str, channel: int) -> UnitFacets:
        """The facets of a channel; asked for by the thread that prepares and, of a pack's other channels, by that which paints."""
        with self._lock:
            key = (layer, channel)
            if key not in self._facets:
                means = self.answers.means(layer)
                recipe, seed = self.preparing.recipe, self.preparing.seed
                facets: FacetChoice = "auto" if isinstance(self.record.facets, str) else self.record.facets
                self._facets[key] = find_channel_facets(means, channel, facets, recipe, seed)
            return self._facets[key]

    def job(self, layer: Layer, channel: int) -> FacetJob:
        """The painting of a channel's facets."""
        return FacetJob(self.painter, self.photos, [layer], layer, 1, name=f"{layer.address}:{channel}")

    def job_for_preparing(self, job: FacetJob) -> FacetJob:
        """The same with the network of the thread that prepares."""
        return replace(job, session=self.preparing)

    def slope(self, job: FacetJob) -> float:
        """The mean slope of the photos' spectrum, measured once."""
        if self._slope is None:
            self._slope = mean_slope(job)
        return self._slope

    def field_of(self, layer: Layer) -> ReceptiveField:
        """What each position of a layer sees, found once."""
        if layer.address not in self._fields:
            model, side = self.preparing.model, self.preparing.view
            self._fields[layer.address] = receptive_field(model.network, layer, side, model.in_channels)
        return self._fields[layer.address]

    def relatives(self, layer: str, channel: int) -> list[Relative]:
        """The channels with the most alike answers: of this layer, then of the others."""
        own: Floats = self.answers.values(layer)[:, [channel]]
        near: list[Relative] = []
        far: list[Relative] = []
        for entry in self.record.layers:
            alike = correlations(own, self.answers.values(entry.layer))[0]
            is_same = entry.layer == layer
            places = nearest_channels(alike, RELATIVES, [channel] if is_same else [])
            (near if is_same else far).extend(Relative(entry.layer, place, float(alike[place])) for place in places)
        far.sort(key=lambda relative: -relative.r)
        return near + far[:RELATIVES]

    def feeding(self, layer: Layer, channel: int) -> Feeding | None:
        """What feeds a channel, over the photos that excite it most; None at the first layer of the atlas."""
        addresses = [entry.layer for entry in self.record.layers]
        place = addresses.index(layer.address)
        if place == 0:
            return None
        session, before = self.preparing, self.preparing.layer(addresses[place - 1])
        values = self.answers.values(layer.address)[:, channel]
        photos = np.argsort(-values, kind="stable")[:PHOTOS].tolist()
        images = normalise_photos(self.photos.load(photos), session.model.preprocessing, session.device)
        means = self.answers.means(before.address).double().mean(0)
        return find_feeding(session, before, layer, channel, means.to(torch.float32), images)

"""The facets of the whole collection at one layer on their way through a worker: their targets, and their pictures."""

from dataclasses import dataclass

import numpy as np

from mindseye.facets.clustering import Facet, effective_members
from mindseye.layers.layer import Layer
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.painted import Painted
from mindseye.report.progress import Progress
from mindseye.runs.atlas import collection_name, collection_stem
from mindseye.runs.schema import AtlasCollectionRecord, CollectionFacet, PhotoGroup
from mindseye.wording import counted
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.atlas.kept_pictures import KeptPictures
from mindseye.workflows.batch.executor import Ended, Status
from mindseye.workflows.batch.item import PackItem
from mindseye.workflows.facets.find import facet_order, gather_targets
from mindseye.workflows.facets.job import FacetJob


@dataclass
class _Prepared:
    """Facets that can be painted. kept: their pictures so far."""

    order: FacetOrder
    kept: KeptPictures


class AtlasCollectionItem(PackItem):
    """The facets of the whole collection at a layer, painted as ``visualize`` paints them, with the atlas's recipe."""

    def __init__(self, context: AtlasContext, layer: Layer, pack: int) -> None:
        super().__init__(collection_name(layer.address))
        self.context, self.layer = context, layer
        self.groups = context.record.of_layer(layer.address).groups
        self._state = context.painting(pack) / "collection"
        self._prepared: _Prepared | None = None

    @property
    def facets(self) -> list[Facet]:
        """What is painted."""
        return [_facet_of(number, group) for number, group in enumerate(self.groups)]

    @property
    def waits(self) -> bool:
        """See ``PackItem.waits``."""
        return self._prepared is not None and self.ended is None

    @property
    def order(self) -> FacetOrder:
        """The order of the pictures."""
        return self._ready().order

    @property
    def waiting(self) -> list[int]:
        """The pictures that are not painted yet, by number."""
        return self._ready().kept.missing(range(len(self.groups)))

    def keep(self, painted: dict[int, Painted]) -> None:
        """See ``AtlasChannelItem.keep``."""
        self._ready().kept.keep(painted)

    def forget(self) -> None:
        """See ``PackItem.forget``."""
        self._prepared = None

    def _ready(self) -> _Prepared:
        if self._prepared is None:
            raise RuntimeError(f"{self.name} is not prepared")
        return self._prepared

    def _prepare(self) -> None:
        context, layer = self.context, self.layer
        if context.folder.collection(layer.address) is not None:
            return  # killed between its record and the ledger
        facets = self.facets
        job = FacetJob(context.painter, context.photos, [layer], layer, len(facets), name=self.name)
        targets = gather_targets(
            context.job_for_preparing(job), facets, Progress(quiet=True), [layer], slope=context.slope(job)
        )
        kept = KeptPictures(self._state)
        kept.load(range(len(facets)))
        self._prepared = _Prepared(facet_order(job, layer, targets), kept)

    def _finish(self) -> None:
        if self._prepared is None:
            return
        kept, folder, stem = self._prepared.kept, self.context.folder.path, collection_stem(self.layer.address)
        record = AtlasCollectionRecord(self.layer.address)
        for number in range(len(self.groups)):
            file, reason = f"{stem}-{number:02d}.webp", kept.reason(number)
            if reason is None:
                kept.write(number, folder / file)
            record.facets.append(CollectionFacet(None if reason else file, reason))
        record.write(folder / f"{stem}.json")
        kept.remove(range(len(self.groups)))

    def _conclude(self) -> None:
        record = self.context.folder.collection(self.layer.address)
        if record is None:
            raise RuntimeError(f"{self.name} left no record")
        pictures, lost = len(record.facets), record.failures
        if not lost:
            self.ended = Ended(self.name, "done", pictures=pictures)
            return
        reason = f"{len(lost)} of {counted(pictures, 'pictures')} failed: {lost[0]}"
        status: Status = "partial" if len(lost) < pictures else "failed"
        self.ended = Ended(self.name, status, reason, "\n".join(lost), pictures=pictures - len(lost))


def _facet_of(number: int, group: PhotoGroup) -> Facet:
    weights = np.array(group.weights)
    return Facet(number, group.photos, [], group.weights, group.size, None, effective_members(weights))

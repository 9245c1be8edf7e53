"""The facets of the whole collection at one layer on their way through a worker: their targets, and their pictures."""

import numpy as np

from mindseye.facets.clustering import Facet, effective_members
from mindseye.layers.layer import Layer
from mindseye.report.progress import Progress
from mindseye.runs.atlas import collection_name, collection_stem
from mindseye.runs.schema import AtlasCollectionRecord, CollectionFacet, PhotoGroup
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.atlas.item import AtlasPackItem, PreparedPictures
from mindseye.workflows.atlas.kept_pictures import KeptPictures
from mindseye.workflows.facets.find import facet_order, gather_targets
from mindseye.workflows.facets.job import FacetJob


class AtlasCollectionItem(AtlasPackItem[PreparedPictures]):
    """The facets of the whole collection at a layer, painted as ``visualize`` paints them, with the atlas's recipe."""

    def __init__(self, context: AtlasContext, layer: Layer, pack: int) -> None:
        super().__init__(context, layer, collection_name(layer.address))
        self.groups = context.record.of_layer(layer.address).groups
        self._state = context.painting(pack) / "collection"

    @property
    def facets(self) -> list[Facet]:
        """What is painted."""
        return [_facet_of(number, group) for number, group in enumerate(self.groups)]

    def _find_record(self) -> AtlasCollectionRecord | None:
        return self.context.folder.collection(self.layer.address)

    def _gather(self) -> PreparedPictures:
        context, layer, facets = self.context, self.layer, self.facets
        job = FacetJob(context.painter, context.photos, [layer], layer, len(facets), name=self.name)
        targets = gather_targets(
            context.job_for_preparing(job), facets, Progress(quiet=True), [layer], slope=context.slope(job)
        )
        return PreparedPictures(facet_order(job, layer, targets), KeptPictures(self._state, range(len(facets))))

    def _write(self, ready: PreparedPictures) -> None:
        kept, folder, stem = ready.kept, self.context.folder.path, collection_stem(self.layer.address)
        record = AtlasCollectionRecord(self.layer.address)
        for number in range(len(self.groups)):
            file, reason = f"{stem}-{number:02d}.webp", kept.reason(number)
            if reason is None:
                kept.write(number, folder / file)
            record.facets.append(CollectionFacet(None if reason else file, reason))
        record.write(folder / f"{stem}.json")


def _facet_of(number: int, group: PhotoGroup) -> Facet:
    weights = np.array(group.weights)
    return Facet(number, group.photos, [], group.weights, group.size, None, effective_members(weights))

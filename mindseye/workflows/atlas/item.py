"""What a channel and the facets of a collection have in common on their way through a worker."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TypeVar

from mindseye.layers.layer import Layer
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.painted import Painted
from mindseye.runs.schema import AtlasChannelRecord, AtlasCollectionRecord
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.atlas.kept_pictures import KeptPictures
from mindseye.workflows.batch.executor import ended_with
from mindseye.workflows.batch.item import PackItem


@dataclass
class PreparedPictures:
    """An item that can be painted. order: of its facets. kept: its pictures so far."""

    order: FacetOrder
    kept: KeptPictures


Prepared = TypeVar("Prepared", bound=PreparedPictures)


class AtlasPackItem(PackItem[Prepared]):
    """What stands at a layer of an atlas, from its photos to the record that is written last.

    ``_find_record``, ``_gather`` and ``_write`` are the item's own.
    """

    def __init__(self, context: AtlasContext, layer: Layer, name: str) -> None:
        super().__init__(name)
        self.context, self.layer = context, layer

    @property
    def order(self) -> FacetOrder:
        """The order of its facets' pictures.

        Raises:
            RuntimeError: where it was not prepared.
        """
        return self.prepared.order

    @property
    def waiting(self) -> list[int]:
        """The pictures that are not painted yet, by number."""
        return self.prepared.kept.missing

    def keep(self, painted: dict[int, Painted]) -> None:
        """Keep pictures as they came out, so that none is painted twice where the work is interrupted."""
        self.prepared.kept.keep(painted)

    def _prepare(self) -> None:
        if self._find_record() is not None:
            return  # killed between its record and the ledger
        self._prepared = self._gather()
        self._prepared.kept.load()

    def _finish(self) -> None:
        if self._prepared is not None:
            self._write(self._prepared)
            self._prepared.kept.remove()

    def _conclude(self) -> None:
        record = self._find_record()
        if record is None:
            raise RuntimeError(f"{self.name} left no record")
        lost = record.failures
        self.ended = ended_with(self.name, record.picture_count, record.picture_count - len(lost), lost)

    @abstractmethod
    def _find_record(self) -> AtlasChannelRecord | AtlasCollectionRecord | None:
        """The record that it has left; None where it is not done."""

    @abstractmethod
    def _gather(self) -> Prepared:
        """Everything before painting."""

    @abstractmethod
    def _write(self, ready: Prepared) -> None:
        """Write its files, the record last. ready: what was painted."""

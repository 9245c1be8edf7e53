"""The packs of an atlas: the pictures of several channels of a layer, painted together."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from mindseye.layers.layer import Layer
from mindseye.optimize.order import FacetOrder
from mindseye.runs.atlas import channel_name, collection_name
from mindseye.workflows.atlas.channel import PLAIN, AtlasChannelItem
from mindseye.workflows.atlas.collection import AtlasCollectionItem
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.batch.pack_painting import PackKeeper, Place, paint_places
from mindseye.workflows.batch.plan import Pack
from mindseye.workflows.facets.channel_order import channels_order

AtlasItem = AtlasChannelItem | AtlasCollectionItem
Painting = TypeVar("Painting", AtlasChannelItem, AtlasCollectionItem)


class AtlasPacks:
    """See ``batch.item.PackJobs``. A pack is the collection's facets at a layer, or some of its channels: these are painted in two
    parts, the plain pictures, then those of all their facets.
    """

    def __init__(self, context: AtlasContext, packs: Sequence[Pack]) -> None:
        self.context = context
        self._pack_of = {name: pack.number for pack in packs for name in pack.classes}
        self._place_of = {
            channel_name(layer.layer, entry.channel): (layer.layer, entry.channel)
            for layer in context.record.layers
            for entry in layer.entries
        }
        self._collections = {collection_name(layer.layer): layer.layer for layer in context.record.layers}

    def open(self, name: str) -> AtlasItem:
        """The channel of a name, or the collection's facets."""
        if name in self._collections:
            layer = self.context.preparing.layer(self._collections[name])
            return AtlasCollectionItem(self.context, layer, self._pack_of[name])
        address, channel = self._place_of[name]
        return AtlasChannelItem(self.context, self.context.preparing.layer(address), channel, self._pack_of[name])

    def paint(self, pack: Pack, items: Sequence[AtlasItem], check: Callable[[], None]) -> None:
        """Paint what is waiting of a pack."""
        for item in items:
            if isinstance(item, AtlasCollectionItem) and item.waits:
                places = {number: Place(item, number, number) for number in item.waiting}
                keeper = self._keeper(places, pack, "facets", check)
                paint_places(item.order, places, len(item.groups), self.context.batch_size, keeper)
        waiting = [item for item in items if isinstance(item, AtlasChannelItem) and item.waits]
        if not waiting:
            return
        self._paint_plain(pack, waiting, check)
        self._paint_facets(pack, [item for item in waiting if item.waits], check)

    def clear(self, pack: int) -> None:
        """See ``PackJobs.clear``."""
        folder = self.context.painting(pack)
        if folder.is_dir() and not any(folder.glob("*-*.safetensors")):
            shutil.rmtree(folder, ignore_errors=True)

    def _paint_plain(self, pack: Pack, items: Sequence[AtlasChannelItem], check: Callable[[], None]) -> None:
        layer, channels = self._channels(pack)
        order = channels_order(self.context.painter, layer, channels, pack.classes)
        places = {
            pack.classes.index(item.name): Place(item, PLAIN, pack.classes.index(item.name))
            for item in items
            if PLAIN in item.waiting
        }
        keeper = self._keeper(places, pack, "plain", check)
        paint_places(order, places, len(channels), self.context.batch_size, keeper)

    def _paint_facets(self, pack: Pack, items: Sequence[AtlasChannelItem], check: Callable[[], None]) -> None:
        """The facets of all channels of the pack have their places, whether they are waiting or not."""
        layer, channels = self._channels(pack)
        first: dict[str, int] = {}
        slots = 0
        for name, channel in zip(pack.classes, channels, strict=True):
            first[name] = slots
            slots += len(self.context.facets_of(layer.address, channel).facets)
        places: dict[int, Place[AtlasChannelItem]] = {}
        row = 0
        for item in items:
            for number in item.waiting:
                if number != PLAIN:
                    places[first[item.name] + number] = Place(item, number, row + number)
            row += len(item.order)
        if places:
            keeper = self._keeper(places, pack, "facets", check)
            order = FacetOrder.joined([item.order for item in items])
            paint_places(order, places, slots, self.context.batch_size, keeper)

    def _channels(self, pack: Pack) -> tuple[Layer, list[int]]:
        """The layer of a pack and all its channels, in the order of their places."""
        pairs = [self._place_of[name] for name in pack.classes]
        return self.context.painter.layer(pairs[0][0]), [channel for _, channel in pairs]

    def _keeper(
        self, places: Mapping[int, Place[Painting]], pack: Pack, part: str, check: Callable[[], None]
    ) -> PackKeeper[Painting]:
        state: Path = self.context.painting(pack.number) / part
        keeper = PackKeeper(places, state, lambda steps: check(), lambda item, painted: item.keep(painted))
        keeper.save_seconds = self.context.save_seconds
        return keeper

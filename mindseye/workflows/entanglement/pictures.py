"""The pictures of a layer's most and least entangled channels: each one plain, and one for each of its own facets."""

from collections.abc import Sequence

import numpy as np
import torch

from mindseye.layers.layer import Layer
from mindseye.optimize.loop import Painting
from mindseye.optimize.order import Order
from mindseye.optimize.painted import Painted
from mindseye.optimize.transforms.views import Views
from mindseye.report.progress import Advance
from mindseye.runs.entries import facet_from, number_of
from mindseye.runs.schema import ChannelExample, ChannelPictureEntry, FacetEntry, MemberEntry, PaintedEntry
from mindseye.workflows.facets.channel_order import channel_facets_order, channels_order
from mindseye.workflows.facets.find import gather_targets
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.paint import Keeper, paint

Pairs = Sequence[tuple[ChannelPictureEntry, FacetEntry | None]]


class ChannelPictures:
    """The ``channel_pictures`` of a run's layers, painted and measured; what has been is left alone."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.job, self.record, self.progress = flow, flow.job, flow.record, flow.progress
        self.session, self.folder, self.manifest = flow.session, flow.folder, flow.manifest

    def paint(self, layer: Layer) -> None:
        """The plain picture of each channel that is shown, as ``mindseye paint LAYER:CHANNEL`` paints it with this
        recipe, all in one batch."""
        entries = self._entries(layer)
        waiting = [place for place, entry in enumerate(entries) if entry.status == "todo"]
        if not waiting:
            return
        names = [_name(layer, entry) for entry in entries]
        channels = [entry.channel for entry in entries]
        order = channels_order(self.session, layer, channels, [f"{place} {name}" for place, name in enumerate(names)])
        self._paint("channels", layer, order, [(entry, None) for entry in entries], waiting)

    def paint_facets(self, layer: Layer) -> None:
        """A picture for each facet of these channels, see ``channel_facets_order``."""
        pairs = self._pairs(layer)
        waiting = [place for place, (_, facet) in enumerate(pairs) if facet.status == "todo"]
        if not waiting:
            return
        targets = gather_targets(self.job, [facet_from(facet) for _, facet in pairs], self.progress, [layer])
        order = channel_facets_order(
            self.job,
            layer,
            targets,
            [entry.channel for entry, _ in pairs],
            [number_of(entry.over_photos["deviation"]) for entry, _ in pairs],
        )
        self._paint("channel facets", layer, order, pairs, waiting)

    def measure(self, layer: Layer) -> None:
        """How strongly each of these pictures excites its channel, beside its start and the photos that it stands for."""
        session, plain = self.session, Views(self.session.view).plain
        shown: list[tuple[int, PaintedEntry, Sequence[ChannelExample | MemberEntry]]] = [
            *((entry.channel, entry, entry.examples) for entry in self._entries(layer)),
            *((entry.channel, facet, facet.members) for entry, facet in self._pairs(layer)),
        ]
        with torch.no_grad(), session.reader([layer]) as read:
            for channel, painted, photos in shown:
                if painted.status != "done" or painted.measures is not None:
                    continue
                means = {"members": float(np.mean([number_of(photo.activation) for photo in photos]))}
                for role, image in self.record.images(painted, session.model.in_channels).items():
                    seen = session.model.preprocessing.normalise(plain(image).to(session.device))
                    means[role] = float(read(seen)[layer.address][0, channel].float().mean())
                painted.measures = {"activation": means}
        self.record.save("running")

    def keep(self, layer: Layer, channel: ChannelPictureEntry, facet: FacetEntry | None, painted: Painted) -> None:
        """Keep the picture of a channel, or of one of its facets, as it came out."""
        index = None if facet is None else facet.index
        picture, start = (
            self.folder.of_channel(role, layer.address, channel.channel, index) for role in ("pictures", "starts")
        )
        name = _name(layer, channel) + ("" if index is None else f" facet {index}")
        self.record.keep_painted(facet or channel, painted, picture, start, name)
        if painted.reason is not None:
            self.progress.say(f"failed: {name}: {painted.reason}")

    def _paint(self, what: str, layer: Layer, order: Order, pairs: Pairs, waiting: Sequence[int]) -> None:
        """Paint channels, each of them or one of its facets."""
        steps = self.session.recipe.steps * len(waiting)
        with order.reader() as read, self.progress.stage(f"{what} {layer.address}", steps, "picture steps") as advance:

            def build(pictures: Sequence[int]) -> Painting:
                return order.painting(read, pictures)

            keeper = ChannelKeeper(self, layer, what, pairs, advance)
            paint(build, waiting, self.job.batch_size or max(len(waiting), 1), keeper)
        self.flow.note_compiled()

    def _entries(self, layer: Layer) -> list[ChannelPictureEntry]:
        return self.manifest.of_layer(layer.address).channel_pictures

    def _pairs(self, layer: Layer) -> list[tuple[ChannelPictureEntry, FacetEntry]]:
        """Each facet of the layer's shown channels, behind its channel's entry."""
        return [(entry, facet) for entry in self._entries(layer) for facet in entry.facets]


def _name(layer: Layer, entry: ChannelPictureEntry) -> str:
    return f"{layer.address}:{entry.channel}"


class ChannelKeeper(Keeper):
    """Keeps the pictures of a layer's channels, or of their facets, in the run folder."""

    def __init__(self, pictures: ChannelPictures, layer: Layer, what: str, pairs: Pairs, advance: Advance) -> None:
        super().__init__(advance)
        self.pictures, self.layer, self.pairs = pictures, layer, pairs
        self.state = pictures.folder.painting_state(f"{layer.address}@{what}")
        self.save_seconds = pictures.record.save_seconds

    def keep_painted(self, painted: dict[int, Painted]) -> None:
        for place, result in painted.items():
            self.pictures.keep(self.layer, *self.pairs[place], result)
        self.pictures.record.save("running")

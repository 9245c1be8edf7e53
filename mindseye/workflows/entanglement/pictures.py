"""The pictures of a layer's most and least entangled channels: each one plain, and one for each of its own facets."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from mindseye.facets.target import Target
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.loop import Painting
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.painted import Painted
from mindseye.optimize.transforms.views import Views
from mindseye.runs.folder import Manifest
from mindseye.runs.manifest import facet_from
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.found import compose, layers_read
from mindseye.workflows.objectives.commission import Order, Wanted
from mindseye.workflows.paint import paint

Build = Callable[[Sequence[int]], Painting]


class ChannelPictures:
    """The ``channel_pictures`` of a run's layers, painted and measured; what has been is left alone."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.job, self.record, self.progress = flow, flow.job, flow.record, flow.progress
        self.folder, self.manifest = flow.folder, flow.manifest

    def paint(self, layer: Layer) -> None:
        """The plain picture of each channel that is shown, as ``mindseye paint LAYER:CHANNEL`` paints it, all in one batch."""
        job, entries = self.job, self._entries(layer)
        waiting = [place for place, entry in enumerate(entries) if entry["status"] == "todo"]
        if not waiting:
            return
        recipe = replace(job.recipe, start="noise") if job.recipe.start == "weighted" else job.recipe
        order = Order(
            model=job.model,
            recipe=recipe,
            wanted=[
                Wanted(_name(layer, entry), Channel(layer.address, torch.tensor([entry["channel"]], device=job.device)))
                for entry in entries
            ],
            layers=[layer],
            palette=palette_of(recipe, None, job.model.in_channels),
            seed=job.seed,
            device=job.device,
            view=job.view,
            prior=job.prior,
            compiler=job.compiler,
        )
        with order.reader() as read:
            self._paint(
                "channels",
                layer,
                lambda pictures: order.painting(read, pictures),
                entries,
                [None] * len(entries),
                waiting,
            )

    def paint_facets(self, layer: Layer) -> None:
        """A picture for each facet of these channels: the facet's target, and of the dot product this channel alone.

        The dot product ``a t / t^2`` would lower a channel whose target is below zero, as that of a layer without an activation
        function may be, and outweigh all else where it is near zero. Here it is ``a / max(|t|, s)``, s being the channel's
        standard deviation over the photos: the same wherever the target is well above zero.
        """
        job, pairs = self.job, self._pairs(layer)
        waiting = [place for place, (_, facet) in enumerate(pairs) if facet["status"] == "todo"]
        if not waiting:
            return
        found = self.flow.gather([facet_from(facet) for _, facet in pairs], [layer])
        ranks = found.ranks[layer.address]
        own = torch.tensor([[entry["channel"]] for entry, _ in pairs])
        least = torch.tensor([entry["over_photos"]["deviation"] for entry, _ in pairs])
        sizes = ranks.mean(-1).abs().maximum(least[:, None])
        composition = compose(job, layer, found)
        composition = replace(
            composition,
            targets={**composition.targets, layer.address: Target(layer.address, ranks, own)},
            raised=Target(layer.address, sizes[..., None], own),
        )
        with job.painting_reader(layers_read(job, composition)) as read:
            entries, parents = [facet for _, facet in pairs], [entry for entry, _ in pairs]
            self._paint(
                "channel facets", layer, lambda pictures: composition.paint(read, pictures), entries, parents, waiting
            )

    def measure(self, layer: Layer) -> None:
        """How strongly each of these pictures excites its channel, beside its start and the photos that it stands for."""
        job, views = self.job, Views(self.job.view)
        shown = [(entry, entry, entry["examples"]) for entry in self._entries(layer)]
        shown += [(entry, facet, facet["members"]) for entry, facet in self._pairs(layer)]
        with torch.no_grad(), Reader(job.model.network, [layer]) as read:
            for entry, one, photos in shown:
                if one["status"] != "done" or "measures" in one:
                    continue
                found = {"members": float(np.mean([photo["activation"] for photo in photos]))}
                for role in ("picture", "start"):
                    image = views.plain(self.record.picture(one[role], job.model.in_channels)).to(job.device)
                    activation = read(job.model.preprocessing.normalise(image))[layer.address]
                    found[role] = float(activation[0, entry["channel"]].float().mean())
                one["measures"] = {"activation": found}
        self.record.save("running")

    def _paint(
        self,
        what: str,
        layer: Layer,
        build: Build,
        entries: Sequence[Manifest],
        parents: Sequence[Manifest | None],
        waiting: Sequence[int],
    ) -> None:
        """Paint entries, each with its parent where it is one of a channel's facets."""
        steps = self.job.recipe.steps * len(waiting)

        def keep(done: dict[int, Painted]) -> None:
            for place, painted in done.items():
                entry, parent = entries[place], parents[place]
                channel = (parent or entry)["channel"]
                facet = None if parent is None else entry["index"]
                picture, start = (
                    self.folder.of_channel(role, layer.address, channel, facet) for role in ("pictures", "starts")
                )
                name = _name(layer, parent or entry) + ("" if facet is None else f" facet {facet}")
                self.record.keep_painted(entry, painted, picture, start, name)
                if painted.reason is not None:
                    self.progress.say(f"failed: {name}: {painted.reason}")
            self.record.save("running")

        with self.progress.stage(f"{what} {layer.address}", steps, "steps") as advance:
            paint(
                build,
                waiting,
                self.job.batch_size or max(len(waiting), 1),
                self.folder.painting_state(f"{layer.address}@{what}"),
                1,
                lambda step, images: None,
                advance,
                keep,
            )
        self.flow.note_compiled()

    def _entries(self, layer: Layer) -> list[Manifest]:
        found: list[Manifest] = next(entry for entry in self.manifest["layers"] if entry["layer"] == layer.address)[
            "channel_pictures"
        ]
        return found

    def _pairs(self, layer: Layer) -> list[tuple[Manifest, Manifest]]:
        """Each facet of the layer's shown channels, behind its channel's entry."""
        return [(entry, facet) for entry in self._entries(layer) for facet in entry["facets"]]


def _name(layer: Layer, entry: Manifest) -> str:
    return f"{layer.address}:{entry['channel']}"

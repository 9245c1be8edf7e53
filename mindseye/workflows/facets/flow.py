"""The whole flow: a folder of photos in, the pictures of a layer's features out, kept in a run folder as it goes.

``Flow.run`` is the method in a few lines; each of its stages is a method below it, in the same order. What a stage
computes is in ``find``; here it is kept, and what an interrupted run has done is not done again.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mindseye.attribution.score import facet_score
from mindseye.facets.clustering import Facet
from mindseye.facets.target import Target, channel_shares
from mindseye.layers.layer import Layer
from mindseye.measure.pictures import dots
from mindseye.optimize.loop import Painting
from mindseye.optimize.painted import Painted
from mindseye.report.progress import Advance
from mindseye.runs.entries import common, describe_facet, describe_layer, describe_skipped, facet_from
from mindseye.runs.files import read_tensors, write_tensors
from mindseye.runs.schema import ClustersEntry, FacetEntry, ImagesEntry, LayerEntry
from mindseye.store.store import Store
from mindseye.wording import counted
from mindseye.workflows.facets.find import (
    FacetTargets,
    Means,
    blindness,
    extract_means,
    facet_order,
    gather_targets,
    group_photos,
    target_at,
)
from mindseye.workflows.facets.job import FacetJob
from mindseye.workflows.facets.measure import FacetMeasures, unfinished_note
from mindseye.workflows.facets.where import write_where
from mindseye.workflows.finish import finish_run
from mindseye.workflows.paint import Keeper, paint
from mindseye.workflows.record import Record


class Flow:
    """One run from photos to pictures. store: where activations are kept between runs."""

    def __init__(self, job: FacetJob, record: Record, store: Store | None = None) -> None:
        self.job, self.record, self.store = job, record, store
        self.session, self.progress = job.session, record.progress
        self.folder, self.manifest = record.folder, record.manifest
        self.means: Means | None = None
        """What ``extract`` gave, where this process has extracted anything."""
        self._tensors: dict[str, Tensor] = {}

    def run(self) -> None:
        """The method: activations, facets, targets, pictures, figures."""
        targets = self.prepare()
        for layer in self.job.layers:
            self.paint(layer, targets)
            self.measure(layer, targets)
        finish_run(self.record)

    def prepare(self) -> FacetTargets:
        """All that comes before painting."""
        if self.manifest.layers:
            facets, paints = self.restore(), any(self.waiting(layer) for layer in self.job.layers)
            return gather_targets(self.job, facets, self.progress, to_paint=paints)
        means = self.extract()
        targets = gather_targets(self.job, self.group(means), self.progress)
        self.record.note(*blindness(self.job, targets, means))
        self.describe(targets, means)
        return targets

    def restore(self) -> list[Facet]:
        """Take photos and facets up as the interrupted run left them."""
        model = self.session.model
        self.job.photos.restore(self.manifest.images.paths, model.preprocessing, self.session.view, model.in_channels)
        return [facet_from(entry) for entry in self.manifest.layers[0].facets]

    def extract(self) -> Means:
        """The mean over positions of every photo's activations at each layer; what the photos are, into the manifest."""
        photos = self.job.photos
        self.means = extract_means(self.job, self.progress, self.store)
        self.manifest.images = ImagesEntry(photos.root, len(photos), list(photos.paths))
        self.manifest.skipped = describe_skipped(photos)
        for skipped in photos.skipped:
            self.progress.say(f"skipped {skipped.path}: {skipped.reason}")
        self.record.note(*photos.notes())
        return self.means

    def group(self, means: Means) -> list[Facet]:
        """The facets; map and facet of every photo, into the folder."""
        job = self.job
        grouping = group_photos(job, means, self.progress)
        embedding, clustering = grouping.embedding, grouping.clustering
        self.record.note(*grouping.notes)
        self.manifest.clusters = ClustersEntry(
            job.cluster.address, embedding.method, embedding.perplexity, clustering.silhouette, grouping.chance
        )
        for address in {job.cluster.address, *(layer.address for layer in job.layers)}:
            self._tensors[f"{address}/embedding"] = torch.tensor(embedding.points)
            self._tensors[f"{address}/facet"] = torch.tensor(clustering.assignment)
        return grouping.facets

    def describe(self, targets: FacetTargets, means: Means) -> None:
        """Each facet's target at each layer and its top-k channels, into folder and manifest."""
        job, photos, layers = self.job, self.job.photos, []
        for layer in job.layers:
            target = target_at(job, layer.address, targets)
            top_k = self.session.recipe.top_k
            if job.channels is None and top_k > layer.channels:
                self.record.note(
                    f"layer {layer.address} has {counted(layer.channels, 'channels')}: top-k lowered from {top_k}"
                )
            self._tensors[f"{layer.address}/target"] = target.ranks
            photo_dots = [dots(target, facet.index, means[layer.address]) for facet in targets.facets]
            self._tensors[f"{layer.address}/photo_dots"] = torch.stack(photo_dots)
            # Of the channels that the run names alone: all channels of all photos would be many times the rest of the file.
            named = torch.tensor(sorted(set(target.channels.flatten().tolist())))
            self._tensors[f"{layer.address}/named_channels"] = named
            self._tensors[f"{layer.address}/named_means"] = means[layer.address][:, named]
            entry = describe_layer(layer)
            entry.facets = [
                describe_facet(facet, photos.paths, common(photos.labels, facet.members), channels, shares)
                for facet, channels, shares in zip(targets.facets, target.channels, channel_shares(target), strict=True)
            ]
            layers.append(entry)
        write_tensors(self.folder.facets, self._tensors)
        self.manifest.layers = layers
        self.record.save("running")

    def paint(self, layer: Layer, targets: FacetTargets) -> None:
        """All facets of a layer that wait for it in one batch, each from its own start towards its own target."""
        facets = self.waiting(layer)
        if not facets:
            return
        order, steps = facet_order(self.job, layer, targets), self.session.recipe.steps * len(facets)
        with order.reader() as read, self.progress.stage(f"paint {layer.address}", steps, "picture steps") as advance:

            def build(pictures: Sequence[int]) -> Painting:
                return order.painting(read, pictures)

            paint(build, facets, self.job.batch_size or len(facets), FacetKeeper(self, layer, advance))
        self.note_compiled()

    def waiting(self, layer: Layer) -> list[int]:
        """The facets that are still to be painted at a layer."""
        return [index for index, entry in enumerate(self.entry(layer).facets) if entry.status == "todo"]

    def measure(self, layer: Layer, targets: FacetTargets) -> None:
        """What the pictures are worth to the network itself, beside their members and starts; where facets live."""
        waiting = [entry for entry in self.entry(layer).facets if entry.status == "done" and entry.measures is None]
        if not waiting:
            return
        target, photo_dots = self.kept_target(layer)
        measures = FacetMeasures(self.session, layer, targets, target, photo_dots)
        in_channels = self.session.model.in_channels
        with (
            self.progress.stage(f"measure {layer.address}", len(waiting), "pictures") as advance,
            measures.reader() as read,
        ):
            for entry in waiting:
                entry.measures = measures.measure(read, entry.index, self.record.images(entry, in_channels))
                self.keep_where(layer, entry, target, targets)
                advance(1)
        self.note_unfinished(layer)
        self.record.save("running")

    def kept_target(self, layer: Layer) -> tuple[Target, Tensor]:
        """The target of all facets of a layer as the folder has it, and the photos' dot products with each."""
        kept = read_tensors(self.folder.facets)
        channels = [[channel.channel for channel in facet.channels] for facet in self.entry(layer).facets]
        target = Target(layer.address, kept[f"{layer.address}/target"], torch.tensor(channels))
        return target, kept[f"{layer.address}/photo_dots"]

    def keep_where(self, layer: Layer, entry: FacetEntry, target: Target, targets: FacetTargets) -> None:
        """Maps of where a facet lives in its nearest members, into the folder."""
        path = self.folder.where(layer.address, entry.index)
        score = facet_score(self.session.model, layer, target, entry.index)
        members = targets.members[entry.index]
        if write_where(self.folder.path / path, score, members, self.session.network, self.session.device):
            entry.where = path

    def note_unfinished(self, layer: Layer) -> None:
        """Whether a recipe that matches its targets has stopped before the pictures came as near as real photos."""
        recipe = self.session.recipe
        measured = [entry.measures for entry in self.entry(layer).facets if entry.measures is not None]
        if measured and not recipe.schedule("match").is_zero:
            self.record.note(*unfinished_note(layer.address, measured, recipe.steps))

    def note_compiled(self) -> None:
        """What came of compiling, where the recipe asks for it."""
        if self.session.compiler is not None:
            self.record.note(*self.session.compiler.verdicts)
            self.record.save("running")

    def entry(self, layer: Layer) -> LayerEntry:
        """What the manifest says of a layer."""
        return self.manifest.of_layer(layer.address)

    def keep_snapshot(self, layer: Layer, step: int, images: Mapping[int, Tensor]) -> None:
        """Keep the pictures of some facets as they are at a step."""
        facets = self.entry(layer).facets
        pictures = [(facets[index], self.folder.step(layer.address, index, step), images[index]) for index in images]
        self.record.keep_step(step, pictures, layer.address)

    def keep_painted(self, layer: Layer, painted: Mapping[int, Painted]) -> None:
        """Keep some pictures as they came out, by facet."""
        facets = self.entry(layer).facets
        for index, result in painted.items():
            picture, start = (paths(layer.address, index) for paths in (self.folder.picture, self.folder.start))
            self.record.keep_painted(facets[index], result, picture, start, layer.address)
            if result.reason is not None:
                self.progress.say(f"failed: {layer.address} facet {index}: {result.reason}")
        self.record.save("running")


class FacetKeeper(Keeper):
    """Keeps the pictures of a layer's facets in the run folder."""

    def __init__(self, flow: Flow, layer: Layer, advance: Advance) -> None:
        super().__init__(advance)
        self.flow, self.layer = flow, layer
        self.state = flow.folder.painting_state(layer.address)
        self.snapshots = flow.session.recipe.snapshots
        self.save_seconds = flow.record.save_seconds

    def keep_snapshot(self, step: int, images: dict[int, Tensor]) -> None:
        self.flow.keep_snapshot(self.layer, step, images)

    def keep_painted(self, painted: dict[int, Painted]) -> None:
        self.flow.keep_painted(self.layer, painted)

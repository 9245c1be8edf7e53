"""The whole flow: a folder of photos in, the pictures of a layer's features out.

``Flow.run`` is the method in a few lines; each of its stages is a method below it, in the same order.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mindseye.attribution.score import facet_score
from mindseye.facets.activations import facet_ranks
from mindseye.facets.clustering import Facet, find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.extraction import extract
from mindseye.facets.image import is_of_image
from mindseye.facets.target import Target, channel_shares
from mindseye.layers.reader import Reader
from mindseye.layers.survey import Layer, find_layer
from mindseye.measure.naturalness import spectrum_slope
from mindseye.measure.pictures import dots, facet_measures
from mindseye.optimize.compose import target_views
from mindseye.optimize.painted import Painted
from mindseye.optimize.transforms.views import Views
from mindseye.report.figures import write_figures
from mindseye.report.page import leave_page
from mindseye.report.progress import Progress
from mindseye.runs.files import read_tensors, write_tensors
from mindseye.runs.folder import Manifest
from mindseye.runs.manifest import common, describe_facet, describe_layer, facet_from
from mindseye.runs.record import Record
from mindseye.store.store import Store
from mindseye.workflows.facets.found import Found, compose, layers_read, matched_layers, target_at
from mindseye.workflows.facets.job import Job
from mindseye.workflows.facets.where import write_where
from mindseye.workflows.paint import paint

SLOPE_PHOTOS = 200


class Flow:
    """One run from photos to pictures, kept in its folder as it goes. store: where activations are kept between runs."""

    def __init__(self, job: Job, record: Record, progress: Progress, store: Store | None = None) -> None:
        self.job, self.record, self.progress, self.store = job, record, progress, store
        self.folder, self.manifest = record.folder, record.manifest
        self.activations: dict[str, Tensor] | None = None
        """What ``extract`` found, where this process has extracted anything."""
        self._tensors: dict[str, Tensor] = {}

    def run(self) -> None:
        """The method: activations, facets, targets, pictures, figures. What an interrupted run has done is not done again."""
        found = self.prepare()
        for layer in self.job.targets:
            self.paint(layer, found)
            self.measure(layer, found)
        self.finish()

    def prepare(self) -> Found:
        """Stages 1-6: all that comes before painting."""
        if self.manifest["layers"]:
            return self.gather(self.restore())
        means = self.extract()
        found = self.gather(self.find(means))
        self.aim(found, means)
        return found

    def restore(self) -> list[Facet]:
        """Take photos and facets up as the interrupted run found them."""
        job = self.job
        job.photos.restore(self.manifest["images"]["paths"], job.model.preprocessing, job.view, job.model.in_channels)
        return [facet_from(entry) for entry in self.manifest["layers"][0]["facets"]]

    def extract(self) -> dict[str, Tensor]:
        """Stage 1: the mean over positions of every photo's activations at each layer, {address: [photos, channels]}."""
        job = self.job
        layers = list({layer.address: layer for layer in [*job.targets, job.cluster]}.values())
        with self.progress.stage("extract", len(job.photos), "photos") as advance:
            say = self.progress.say
            means = extract(job.model, layers, job.photos, job.view, job.device, self.store, advance, say)
        self.manifest["images"] = {"root": job.photos.root, "count": len(job.photos), "paths": list(job.photos.paths)}
        self.manifest["skipped"] = [{"path": skipped.path, "reason": skipped.reason} for skipped in job.photos.skipped]
        for skipped in job.photos.skipped:
            self.progress.say(f"skipped {skipped.path}: {skipped.reason}")
        self.record.note(*job.photos.notes())
        self.activations = means
        return means

    def find(self, means: dict[str, Tensor]) -> list[Facet]:
        """Stages 2-4: embed the activations in a plane, cluster it, and weigh the members nearest to each centre."""
        job, recipe = self.job, self.job.recipe
        with self.progress.stage("cluster", len(job.photos), "photos") as advance:
            embedding = embed(means[job.cluster.address], job.seed)
            facets, clustering = find_facets(
                embedding.points, job.facets, recipe.members, job.seed, recipe.gamma, recipe.weighting
            )
            advance(len(job.photos))
        self.record.note(*embedding.notes, *clustering.notes)
        self.manifest["clusters"] = {
            "layer": job.cluster.address,
            "method": embedding.method,
            "perplexity": embedding.perplexity,
            "silhouette": clustering.silhouette,
        }
        for address in {job.cluster.address, *(layer.address for layer in job.targets)}:
            self._tensors[f"{address}/embedding"] = torch.tensor(embedding.points)
            self._tensors[f"{address}/facet"] = torch.tensor(clustering.assignment)
        return facets

    def gather(self, facets: list[Facet], targets: Sequence[Layer] | None = None) -> Found:
        """Stage 5: what each facet wants of every layer that will be matched, in one pass over the members.

        targets: the layers that are painted, by default the job's.
        """
        job = self.job
        members = [job.photos.load(facet.members) for facet in facets]
        weights = [torch.tensor(facet.weights) for facet in facets]
        painted = job.targets if targets is None else targets
        wanted = dict.fromkeys(address for layer in painted for address in [*matched_layers(job, layer), layer.address])
        layers = [find_layer(job.network, address) for address in wanted if not is_of_image(address)]
        with self.progress.stage("targets", len(facets), "facets") as advance, self._reader(layers) as read:
            ranks = facet_ranks(
                read,
                job.model.preprocessing,
                members,
                weights,
                job.device,
                target_views(job.recipe, job.view, job.seed, job.prefix),
                detail=job.recipe.match_detail > 0,
            )
            advance(len(facets))
        spread = range(0, len(job.photos), math.ceil(len(job.photos) / SLOPE_PHOTOS))
        slope = float(spectrum_slope(job.photos.load(spread).float() / 255).mean())
        return Found(facets, members, ranks, slope)

    def aim(self, found: Found, means: dict[str, Tensor]) -> None:
        """Stage 6: each facet's target at each layer and its top-k channels, into folder and manifest."""
        job, layers = self.job, []
        for layer in job.targets:
            target = target_at(job, layer.address, found.ranks)
            if job.channels is None and job.recipe.top_k > layer.channels:
                self.record.note(
                    f"layer {layer.address} has {layer.channels} channels: top-k lowered from {job.recipe.top_k}"
                )
            self._tensors[f"{layer.address}/target"] = target.ranks
            photo_dots = [dots(target, facet.index, means[layer.address]) for facet in found.facets]
            self._tensors[f"{layer.address}/photo_dots"] = torch.stack(photo_dots)
            entries = [
                describe_facet(facet, job.photos.paths, common(job.photos.labels, facet.members), channels, shares)
                for facet, channels, shares in zip(found.facets, target.channels, channel_shares(target), strict=True)
            ]
            layers.append(describe_layer(layer) | {"facets": entries})
        write_tensors(self.folder.facets, self._tensors)
        self.manifest["layers"] = layers
        self.record.save("running")

    def paint(self, layer: Layer, found: Found) -> None:
        """Stage 7: all facets of a layer in one batch, each from its own start towards its own target."""
        job, waiting = self.job, self.waiting(layer)
        if not waiting:
            return
        composition = compose(job, layer, found)
        with (
            job.painting_reader(layers_read(job, composition)) as read,
            self.progress.stage(f"paint {layer.address}", job.recipe.steps * len(waiting), "steps") as advance,
        ):
            paint(
                lambda pictures: composition.paint(read, pictures),
                waiting,
                job.batch_size or len(waiting),
                self.folder.painting_state(layer.address),
                job.recipe.snapshots,
                lambda step, images: self.keep_step(layer, step, images),
                advance,
                lambda done: self.keep_painted(layer, done),
            )
        self.note_compiled()

    def waiting(self, layer: Layer) -> list[int]:
        """The facets that are still to be painted at a layer."""
        return [index for index, entry in enumerate(self.entries(layer)) if entry["status"] == "todo"]

    def measure(self, layer: Layer, found: Found) -> None:
        """Stage 8: what the pictures are worth to the network itself, beside their members and starts; where facets live."""
        job, entries, members = self.job, self.entries(layer), found.members
        waiting = [entry for entry in entries if entry["status"] == "done" and "measures" not in entry]
        if not waiting:
            return
        kept = read_tensors(self.folder.facets)
        by_hand = [[channel["channel"] for channel in entry["channels"]] for entry in entries]
        target = Target(layer.address, kept[f"{layer.address}/target"], torch.tensor(by_hand))
        views = Views(job.view)
        goals = {
            address: found.ranks[address] for address in dict.fromkeys([*matched_layers(job, layer), layer.address])
        }
        with (
            self.progress.stage(f"measure {layer.address}", len(waiting), "pictures") as advance,
            self._reader([find_layer(job.network, address) for address in goals if not is_of_image(address)]) as read,
        ):
            for entry in waiting:
                roles = {
                    role: views.plain(self.record.picture(entry[role], job.model.in_channels)).to(job.device)
                    for role in ("picture", "start")
                }
                roles["members"] = (members[entry["index"]].float() / 255).to(job.device)
                photo_dots = kept[f"{layer.address}/photo_dots"][entry["index"]]
                entry["measures"] = facet_measures(
                    read, job.model.preprocessing, target, entry["index"], goals, roles, photo_dots, found.slope
                )
                where = self.folder.where(layer.address, entry["index"])
                score = facet_score(job.model, layer, target, entry["index"])
                if write_where(self.folder.path / where, score, members[entry["index"]], job.network, job.device):
                    entry["where"] = where
                advance(1)
        self.record.save("running")

    def finish(self) -> None:
        """Stage 9: the figures, and the manifest's last word."""
        with self.progress.stage("figures", 1, "set") as advance:
            write_figures(self.folder.path)
            advance(1)
        self.record.finish()
        leave_page(self.folder.path, self.progress)

    def note_compiled(self) -> None:
        """What came of compiling, where the recipe asks for it."""
        if self.job.compiler is not None:
            self.record.note(*self.job.compiler.verdicts)
            self.record.save("running")

    def entries(self, layer: Layer) -> list[Manifest]:
        """What the manifest says of the facets of a layer."""
        found: list[Manifest] = next(entry for entry in self.manifest["layers"] if entry["layer"] == layer.address)[
            "facets"
        ]
        return found

    def _reader(self, layers: Sequence[Layer]) -> Reader:
        return Reader(self.job.model.network, layers)

    def keep_step(self, layer: Layer, step: int, images: Mapping[int, Tensor]) -> None:
        """Keep the pictures of some facets as they are at a step."""
        entries = self.entries(layer)
        pictures = [(entries[index], self.folder.step(layer.address, index, step), images[index]) for index in images]
        self.record.keep_step(step, pictures, layer.address)

    def keep_painted(self, layer: Layer, done: Mapping[int, Painted]) -> None:
        """Keep some pictures as they came out, by facet."""
        entries = self.entries(layer)
        for index, painted in done.items():
            picture, start = (paths(layer.address, index) for paths in (self.folder.picture, self.folder.start))
            self.record.keep_painted(entries[index], painted, picture, start, layer.address)
            if painted.reason is not None:
                self.progress.say(f"failed: {layer.address} facet {index}: {painted.reason}")
        self.record.save("running")

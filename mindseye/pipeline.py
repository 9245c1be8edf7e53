"""The whole flow: a folder of photos in, the pictures of a layer's features out.

``Flow.run`` is the method in a few lines; each of its stages is a method below it, in the same order.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor

from mindseye.attribution.score import facet_score
from mindseye.facets.activations import facet_ranks, mean_activations, weighted_images
from mindseye.facets.clustering import Facet, find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.image import is_of_image
from mindseye.facets.target import Target, build_target, channel_shares
from mindseye.inputs.layers import INPUT, Layer, find_layer
from mindseye.inputs.reader import Reader
from mindseye.inputs.stages import stages_below
from mindseye.measure.naturalness import spectrum_slope
from mindseye.measure.pictures import dots, facet_measures, layer_distances
from mindseye.optimize.canvases import palette_of
from mindseye.optimize.compose import Composition, layers_to_match, target_views
from mindseye.optimize.transforms import Views
from mindseye.report.figures import write_figures
from mindseye.report.progress import Progress
from mindseye.runs.files import read_tensors, write_tensors
from mindseye.runs.folder import Manifest
from mindseye.runs.job import Job
from mindseye.runs.manifest import common, describe_facet, describe_layer, facet_from
from mindseye.runs.paint import Painted, paint
from mindseye.runs.record import Record
from mindseye.runs.where import write_where

EXTRACT_BATCH = 32
SLOPE_PHOTOS = 200


class Flow:
    """One run from photos to pictures, kept in its folder as it goes."""

    def __init__(self, job: Job, record: Record, progress: Progress) -> None:
        self.job, self.record, self.progress = job, record, progress
        self.folder, self.manifest = record.folder, record.manifest
        self.activations: dict[str, Tensor] | None = None
        """What ``extract`` has found, where this process has extracted anything."""
        self._tensors: dict[str, Tensor] = {}

    def run(self) -> None:
        """The method: activations, facets, targets, pictures, figures. What an interrupted run has done is not done again."""
        facets, members, ranks = self.begin()
        for layer in self.job.targets:
            self.paint(layer, facets, members, ranks)
            self.measure(layer, members, ranks)
        self.finish()

    def begin(self) -> tuple[list[Facet], list[Tensor], dict[str, Tensor]]:
        """Everything up to the first stroke: the facets, their members and the ranks of their targets, as ``gather`` has them."""
        if self.manifest["layers"]:
            facets = self.restore()
            return facets, *self.gather(facets)
        means = self.extract()
        facets = self.find(means)
        members, ranks = self.gather(facets)
        self.aim(facets, ranks, means)
        return facets, members, ranks

    def restore(self) -> list[Facet]:
        """Take photos and facets up as the interrupted run found them."""
        job = self.job
        job.photos.restore(self.manifest["images"]["paths"], job.model.preprocessing, job.view, job.model.channels)
        return [facet_from(entry) for entry in self.manifest["layers"][0]["facets"]]

    def extract(self) -> dict[str, Tensor]:
        """Stage 1: the mean over positions of every photo's activations at each layer, {address: [photos, channels]}."""
        job, means = self.job, self.means("extract")
        self.manifest["images"] = {"root": job.photos.root, "count": len(job.photos), "paths": list(job.photos.paths)}
        self.manifest["skipped"] = [{"path": skipped.path, "reason": skipped.reason} for skipped in job.photos.skipped]
        for skipped in job.photos.skipped:
            self.progress.say(f"skipped {skipped.path}: {skipped.reason}")
        self.activations = means
        return means

    def means(self, stage: str) -> dict[str, Tensor]:
        """One pass over the photos, under the name of a stage: {address: [photos, channels]}."""
        job = self.job
        layers = list({layer.address: layer for layer in [*job.targets, job.cluster]}.values())
        with self.progress.stage(stage, len(job.photos), "photos") as advance, self._reader(layers) as read:
            batches = job.photos.batches(job.model.preprocessing, job.view, job.model.channels, EXTRACT_BATCH)
            return mean_activations(read, job.model.preprocessing, batches, job.device, advance)

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

    def gather(self, facets: list[Facet]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Stage 5: one pass over the members for what each facet wants of every layer that will be matched.

        Returns the members of each facet, uint8 [members, channels, side, side], and {address: [facets, channels,
        positions]}.
        """
        members = [self.job.photos.load(facet.members) for facet in facets]
        return members, self.ranks("targets", self.job.targets, facets, members)

    def ranks(
        self, stage: str, targets: Sequence[Layer], facets: Sequence[Facet], members: Sequence[Tensor]
    ) -> dict[str, Tensor]:
        """What some facets want of every layer that will be matched for these target layers."""
        job = self.job
        weights = [torch.tensor(facet.weights) for facet in facets]
        wanted = dict.fromkeys(address for layer in targets for address in [*self.matched(layer), layer.address])
        layers = [find_layer(job.network, address) for address in wanted if not is_of_image(address)]
        with self.progress.stage(stage, len(facets), "facets") as advance, self._reader(layers) as read:
            ranks = facet_ranks(
                read,
                job.model.preprocessing,
                members,
                weights,
                job.device,
                target_views(job.recipe, job.view, job.seed),
                detail=job.recipe.match_detail > 0,
            )
            advance(len(facets))
        return ranks

    def aim(self, facets: list[Facet], ranks: dict[str, Tensor], means: dict[str, Tensor]) -> None:
        """Stage 6: each facet's target at each layer and its top-k channels, into folder and manifest."""
        layers = []
        for layer in self.job.targets:
            target = self._target(layer.address, ranks)
            self._tensors[f"{layer.address}/target"] = target.ranks
            photo_dots = [dots(target, facet.index, means[layer.address]) for facet in facets]
            self._tensors[f"{layer.address}/photo_dots"] = torch.stack(photo_dots)
            entries = [
                describe_facet(
                    facet, self.job.photos.paths, common(self.job.photos.labels, facet.members), channels, shares
                )
                for facet, channels, shares in zip(facets, target.channels, channel_shares(target), strict=True)
            ]
            layers.append(describe_layer(layer) | {"facets": entries})
        write_tensors(self.folder.facets, self._tensors)
        self.manifest["layers"] = layers
        self.record.save("running")

    def paint(self, layer: Layer, facets: list[Facet], members: list[Tensor], ranks: dict[str, Tensor]) -> None:
        """Stage 7: all facets of a layer in one batch, each from its own start towards its own target."""
        job, recipe, entries = self.job, self.job.recipe, self._entries(layer)
        waiting = [index for index, entry in enumerate(entries) if entry["status"] == "todo"]
        if not waiting:
            return
        targets = {address: self._target(address, ranks) for address in {*self.matched(layer), layer.address}}
        composition, reads = self.compose(layer, targets, facets, members)
        with (
            self._reader(reads) as read,
            self.progress.stage(f"paint {layer.address}", recipe.steps * len(waiting), "steps") as advance,
        ):
            paint(
                lambda pictures: composition.paint(read, pictures),
                waiting,
                job.batch_size or len(waiting),
                self.folder.painting_state(layer.address),
                recipe.snapshots,
                lambda index, step, image: self._keep_step(layer, entries[index], step, image),
                advance,
                lambda done: self._keep_painted(layer, entries, done),
            )

    def compose(
        self,
        layer: Layer,
        targets: Mapping[str, Target],
        facets: Sequence[Facet],
        members: Sequence[Tensor],
        raised: Target | None = None,
    ) -> tuple[Composition, list[Layer]]:
        """Everything about some facets' pictures but the pictures, and the layers that are read for them.

        targets: at the layer and at those that are matched for it, one entry per facet. raised: what the dot product reads,
        where that is not the target's own top-k.
        """
        job, recipe, matched = self.job, self.job.recipe, self.matched(layer)
        holds_down = not recipe.schedule("penalty").is_zero
        penalty = (job.penalty or layer.address.removesuffix(INPUT) + INPUT) if holds_down else None
        composition = Composition(
            recipe=recipe,
            preprocessing=job.model.preprocessing,
            targets=targets,
            target=layer.address,
            matched=matched,
            penalty=penalty,
            weighted=weighted_images(members, [torch.tensor(facet.weights) for facet in facets]),
            palette=palette_of(recipe, torch.cat(list(members)), job.model.channels),
            side=job.size,
            view=job.view,
            seed=job.seed,
            device=job.device,
            prior=job.prior,
            raised=raised,
        )
        addresses = dict.fromkeys([*matched, layer.address, *([penalty] if penalty else [])])
        return composition, [find_layer(job.network, address) for address in addresses if not is_of_image(address)]

    def measure(self, layer: Layer, members: list[Tensor], ranks: dict[str, Tensor]) -> None:
        """Stage 8: what the pictures are worth to the network itself, beside their members and starts; where facets live."""
        job, entries = self.job, self._entries(layer)
        waiting = [entry for entry in entries if entry["status"] == "done" and "measures" not in entry]
        if not waiting:
            return
        kept = read_tensors(self.folder.facets)
        by_hand = [[channel["channel"] for channel in entry["channels"]] for entry in entries]
        target = Target(layer.address, kept[f"{layer.address}/target"], torch.tensor(by_hand))
        views = Views(job.view)
        goals = {address: ranks[address] for address in dict.fromkeys([*self.matched(layer), layer.address])}
        with (
            self.progress.stage(f"measure {layer.address}", len(waiting), "pictures") as advance,
            self._reader([find_layer(job.network, address) for address in goals if not is_of_image(address)]) as read,
        ):
            for entry in waiting:
                roles = {
                    role: views.plain(self.record.picture(entry[role], job.model.channels)).to(job.device)
                    for role in ("picture", "start")
                }
                roles["members"] = (members[entry["index"]].float() / 255).to(job.device)
                photo_dots = kept[f"{layer.address}/photo_dots"][entry["index"]]
                entry["measures"] = facet_measures(
                    read, job.model.preprocessing, target, entry["index"], roles, photo_dots, self._folder_slope
                )
                where = self.folder.where(layer.address, entry["index"])
                score = facet_score(job.model, layer, target, entry["index"])
                if write_where(self.folder.path / where, score, members[entry["index"]], job.network, job.device):
                    entry["where"] = where
                distances = layer_distances(read, job.model.preprocessing, goals, entry["index"], roles)
                entry["measures"]["wasserstein"] = distances
                advance(1)
        self.record.save("running")

    def finish(self) -> None:
        """Stage 9: the figures, and the manifest's last word."""
        with self.progress.stage("figures", 1, "set") as advance:
            write_figures(self.folder.path)
            advance(1)
        self.record.finish()

    @cached_property
    def _folder_slope(self) -> float:
        """Mean ``spectrum_slope`` of photos spread over the whole set; the same for every layer."""
        photos = self.job.photos
        spread = range(0, len(photos), math.ceil(len(photos) / SLOPE_PHOTOS))
        return float(spectrum_slope(photos.load(spread).float() / 255).mean())

    def _entries(self, layer: Layer) -> list[Manifest]:
        found: list[Manifest] = next(entry for entry in self.manifest["layers"] if entry["layer"] == layer.address)[
            "facets"
        ]
        return found

    def _reader(self, layers: Sequence[Layer]) -> Reader:
        return Reader(self.job.model.network, layers)

    def matched(self, layer: Layer) -> list[str]:
        """The addresses whose sorted activations the recipe matches for the pictures of a layer."""
        below = stages_below(self.job.model.network, self.job.network, layer)
        return layers_to_match(self.job.recipe, layer.address, [stage.address for stage in below])

    def _target(self, address: str, ranks: dict[str, Tensor]) -> Target:
        width, top_k = ranks[address].shape[1], self.job.recipe.top_k
        is_painted = address in {layer.address for layer in self.job.targets}
        by_hand = self.job.channels if is_painted else None
        if by_hand is None and is_painted and top_k > width:
            self.record.note(f"layer {address} has {width} channels: top-k lowered from {top_k}")
        return build_target(address, ranks[address], top_k, by_hand)

    def _keep_step(self, layer: Layer, entry: Manifest, step: int, image: Tensor) -> None:
        path = self.folder.step(layer.address, entry["index"], step)
        self.record.keep_step(entry, path, step, image, layer.address)

    def _keep_painted(self, layer: Layer, entries: list[Manifest], done: dict[int, Painted]) -> None:
        for index, painted in done.items():
            picture, start = (paths(layer.address, index) for paths in (self.folder.picture, self.folder.start))
            self.record.keep_painted(entries[index], painted, picture, start, layer.address)
            if painted.reason is not None:
                self.progress.say(f"failed: {layer.address} facet {index}: {painted.reason}")
        self.record.save("running")

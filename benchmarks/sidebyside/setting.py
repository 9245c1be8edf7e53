"""One folder of photos as the painted layer sees it: what every method starts from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from mindseye.facets.activations import facet_ranks, mean_activations, weighted_images
from mindseye.facets.clustering import find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.image import is_of_image
from mindseye.facets.target import Target, build_target
from mindseye.layers.layer import INPUT, Layer, find_layer
from mindseye.layers.reader import Reader
from mindseye.measure.transfer import majority_label
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.compose import Composition, layers_to_match, target_views
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.listing import list_photos
from mindseye.photos.photo_set import PhotoSet, find_photos
from mindseye.workflows.facets.job import Job

YARDSTICK = "distribution"
BATCH = 32


@dataclass(frozen=True)
class Plan:
    """What a recipe wants of a folder. members: uint8, per facet. reads: the layers to be read while painting."""

    composition: Composition
    members: list[Tensor]
    facets: list[list[int]]
    reads: list[Layer]


class Setting:
    """A folder's facets and, for each recipe, their targets. All recipes share facets and members."""

    def __init__(self, job: Job, logits: Layer) -> None:
        """job: whose recipe is replaced by each method's. logits: where the painted network names its classes."""
        self.job, self.logits, (self.layer,) = job, logits, job.targets
        batches = job.photos.batches(job.model.preprocessing, job.view, job.model.in_channels, BATCH)
        with Reader(job.model.network, [self.layer]) as read:
            means = mean_activations(read, job.model.preprocessing, batches, job.device)[self.layer.address]
        self.points = embed(means, job.seed).points
        _, clustering = find_facets(self.points, job.facets, job.recipe.members, job.seed)
        self.assignment = torch.as_tensor(clustering.assignment)

    @cached_property
    def yardstick(self) -> Plan:
        """The plan whose targets and members every method is measured by."""
        return self.plan(load_recipe(YARDSTICK))

    @cached_property
    def target(self) -> Target:
        """The yardstick's target at the painted layer, [facets, channels, positions]."""
        return self.yardstick.composition.targets[self.layer.address]

    @cached_property
    def labels(self) -> Tensor:
        """The class that the painted network sees in most members of each facet, [facets]."""
        job = self.job
        with torch.no_grad(), Reader(job.model.network, [self.logits]) as read:
            seen = [
                read(job.model.preprocessing.normalise(photos.to(job.device).float() / 255))[self.logits.address]
                for photos in self.yardstick.members
            ]
        return torch.tensor([majority_label(logits.squeeze(-1).cpu()) for logits in seen])

    def plan(self, recipe: Recipe) -> Plan:
        """What a recipe wants of this folder's facets, on a canvas of the benchmark's size."""
        job, recipe = self.job, replace(recipe, size=self.job.size)
        facets, _ = find_facets(self.points, job.facets, recipe.members, job.seed, recipe.gamma, recipe.weighting)
        members = [job.photos.load(facet.members) for facet in facets]
        weights = [torch.tensor(facet.weights) for facet in facets]
        matched = layers_to_match(recipe, job.model.network, job.network, self.layer)
        penalty = None if recipe.schedule("penalty").is_zero else self.layer.address + INPUT
        reads = [address for address in dict.fromkeys([*matched, self.layer.address]) if not is_of_image(address)]
        views = target_views(recipe, job.view, job.seed)
        with Reader(job.model.network, [find_layer(job.network, address) for address in reads]) as read:
            ranks = facet_ranks(
                read, job.model.preprocessing, members, weights, job.device, views, recipe.match_detail > 0
            )
        composition = Composition(
            recipe=recipe,
            preprocessing=job.model.preprocessing,
            keys=[f"{self.layer.address}/{facet.index}" for facet in facets],
            targets={
                address: build_target(address, ranks[address], recipe.top_k)
                for address in {*matched, self.layer.address}
            },
            target=self.layer.address,
            matched=matched,
            penalty=penalty,
            weighted=weighted_images(members, weights),
            palette=palette_of(recipe, torch.cat(members), job.model.in_channels),
            side=job.size,
            view=job.view,
            seed=job.seed,
            device=job.device,
        )
        addresses = [*reads, *([penalty] if penalty else [])]
        layers = [find_layer(job.network, address) for address in addresses]
        return Plan(composition, members, [list(facet.members) for facet in facets], layers)


def photos_in(folder: str, limit: int) -> PhotoSet:
    """The first photos of a folder, all of them where limit is 0."""
    paths: Sequence[str] = [entry.path for entry in list_photos(folder).entries]
    return find_photos(list(paths[:limit] if limit else paths))

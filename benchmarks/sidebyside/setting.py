"""One folder of photos as the painted layer sees it: what every method starts from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from mindseye.facets.activations import mean_activations, normalise_photos
from mindseye.facets.clustering import find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.target import Target
from mindseye.layers.layer import Layer
from mindseye.measure.transfer import majority_label
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.listing import list_photos
from mindseye.photos.photo_set import PhotoSet, find_photos
from mindseye.report.progress import Progress
from mindseye.workflows.facets.find import facet_order, gather_targets
from mindseye.workflows.facets.job import FacetJob

YARDSTICK = "distribution"
BATCH = 32


@dataclass(frozen=True)
class Plan:
    """What a recipe wants of a folder. members: uint8, per facet. facets: the numbers of each facet's members."""

    order: FacetOrder
    members: list[Tensor]
    facets: list[list[int]]


class Setting:
    """A folder's facets and, for each recipe, their targets. All recipes share facets and members."""

    def __init__(self, job: FacetJob, logits: Layer) -> None:
        """job: of one layer and a number of facets; its session is used with the yardstick's recipe until the end.

        logits: where the painted network names its classes.
        """
        self.job, self.logits, (self.layer,) = job, logits, job.layers
        self.session = session = job.session
        batches = job.photos.batches(session.model.preprocessing, session.view, session.model.in_channels, BATCH)
        with session.reader([self.layer]) as read:
            means = mean_activations(read, session.model.preprocessing, batches, session.device)[self.layer.address]
        self.points = embed(means, session.seed).points
        _, clustering = find_facets(self.points, job.facets, session.recipe.members, session.seed)
        self.assignment = torch.as_tensor(clustering.assignment)

    @cached_property
    def yardstick(self) -> Plan:
        """The plan whose targets and members every method is measured by."""
        return self.plan(load_recipe(YARDSTICK))

    @cached_property
    def target(self) -> Target:
        """The yardstick's target at the painted layer, [facets, channels, positions]."""
        return self.yardstick.order.targets[self.layer.address]

    @cached_property
    def labels(self) -> list[int]:
        """The class that the painted network sees in most members of each facet."""
        session, members = self.session, self.yardstick.members
        with torch.no_grad(), session.reader([self.logits]) as read:
            seen = [read(normalise_photos(photos, session.model.preprocessing, session.device)) for photos in members]
        return [majority_label(activations[self.logits.address].squeeze(-1).cpu()) for activations in seen]

    def plan(self, recipe: Recipe) -> Plan:
        """What a recipe wants of this folder's facets, on a canvas of the benchmark's size."""
        # The network stays frozen when this recipe's turn is over, since the yardstick's lasts until the end.
        with self.session.using(recipe) as session:
            job = replace(self.job, session=session)
            facets, _ = find_facets(
                self.points, job.facets, recipe.members, session.seed, recipe.gamma, recipe.weighting
            )
            targets = gather_targets(job, facets, Progress(quiet=True))
            order = facet_order(job, self.layer, targets)
        return Plan(order, targets.members, [list(facet.members) for facet in facets])


def photos_in(folder: str, limit: int) -> PhotoSet:
    """The first photos of a folder, all of them where limit is 0."""
    paths: Sequence[str] = [entry.path for entry in list_photos(folder).entries]
    return find_photos(list(paths[:limit] if limit else paths))

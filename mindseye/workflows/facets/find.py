"""The method up to the painting (Stergiou, ICIP 2021): activations, an embedding, facets, and their targets.

Each step is a function of a job and of what the step before it gave; nothing is kept in a folder here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.facets.activations import weighted_images
from mindseye.facets.chance import chance_silhouette
from mindseye.facets.clustering import Clustering, Facet, find_facets
from mindseye.facets.embedding import Embedding, embed
from mindseye.facets.extraction import extract
from mindseye.facets.joint import is_joint
from mindseye.facets.made import is_made
from mindseye.facets.target import Target, build_target
from mindseye.layers.layer import INPUT, Layer
from mindseye.layers.stages import default_layer
from mindseye.measure.naturalness import spectrum_slope
from mindseye.measure.sight import SAMPLE, blindness_note
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.compose import layers_to_match
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.session import NetworkSession
from mindseye.optimize.targets import Ranks, matched_sides, ranks_by_side
from mindseye.report.progress import Progress
from mindseye.store.store import Store
from mindseye.workflows.facets.job import FacetJob

SLOPE_PHOTOS = 200
Means = dict[str, Tensor]


@dataclass(frozen=True)
class Grouping:
    """Photos in a plane and in facets. facets: largest first. chance: the silhouette of photos without groups."""

    facets: list[Facet]
    embedding: Embedding
    clustering: Clustering
    chance: float | None

    @property
    def notes(self) -> list[str]:
        """What was lowered or chosen, a line each."""
        return [*self.embedding.notes, *self.clustering.notes]


@dataclass(frozen=True)
class FacetTargets:
    """What the pictures of facets are painted from.

    members: per facet, uint8 [members, channels, side, side]. ranks: {address: [facets, channels, positions]} of every layer
    that is matched. slope: mean ``spectrum_slope`` of photos spread over the whole set. smaller: as ``ranks``, of the members
    seen as small as the recipe's octaves see the pictures.
    """

    facets: list[Facet]
    members: list[Tensor]
    ranks: dict[str, Tensor]
    slope: float
    smaller: Sequence[Mapping[str, Tensor]] = ()

    @property
    def weights(self) -> list[Tensor]:
        """The weights of each facet's members."""
        return [torch.tensor(facet.weights) for facet in self.facets]


def extract_means(job: FacetJob, progress: Progress, store: Store | None) -> Means:
    """The mean over positions of every photo's activations at each layer of a job, {address: [photos, channels]}."""
    session = job.session
    layers = list({layer.address: layer for layer in [*job.layers, job.cluster]}.values())
    with progress.stage("extract", len(job.photos), "photos") as advance:
        return extract(session.model, layers, job.photos, session.view, session.device, store, advance, progress.say)


def group_photos(job: FacetJob, means: Means, progress: Progress) -> Grouping:
    """Embed the photos' activations at the job's cluster layer in a plane, cluster it, and weigh each facet's members."""
    recipe = job.session.recipe
    with progress.stage("cluster", len(job.photos), "photos") as advance:
        embedding = embed(means[job.cluster.address], job.session.seed)
        facets, clustering = find_facets(
            embedding.points, job.facets, recipe.members, job.session.seed, recipe.gamma, recipe.weighting
        )
        chance = chance_silhouette(embedding.points, len(facets), job.session.seed)
        advance(len(job.photos))
    return Grouping(facets, embedding, clustering, chance)


def gather_targets(
    job: FacetJob,
    facets: list[Facet],
    progress: Progress,
    layers: Sequence[Layer] | None = None,
    to_paint: bool = True,
    slope: float | None = None,
) -> FacetTargets:
    """What each facet wants of every layer that will be matched, in one pass over the members.

    layers: those that are painted, by default the job's. to_paint: whether pictures will be painted towards it; only measured,
    they are not seen as small as the recipe's octaves see them, nor by what channels do together. slope: of the photos, where it
    is known already.
    """
    session = job.session
    painted = job.layers if layers is None else layers
    addresses = dict.fromkeys(
        address for layer in painted for address in [*matched_layers(session, layer), layer.address]
    )
    members = [job.photos.load(facet.members) for facet in facets]
    sides = matched_sides(session) if to_paint else [session.view]
    wanted = [address for address in addresses if to_paint or not is_joint(address)]
    *smaller, whole = _ranks(job, facets, members, wanted, sides, progress)
    return FacetTargets(facets, members, whole, mean_slope(job) if slope is None else slope, smaller)


def own_target(job: FacetJob, facets: list[Facet], progress: Progress) -> Target:
    """The target of facets at the job's first layer, and of no other that its recipe matches."""
    layer, sides = job.layers[0], matched_sides(job.session)
    members = [job.photos.load(facet.members) for facet in facets]
    *smaller, whole = (ranks[layer.address] for ranks in _ranks(job, facets, members, [layer.address], sides, progress))
    return build_target(layer.address, whole, job.session.recipe.top_k, job.channels, smaller)


def _ranks(
    job: FacetJob,
    facets: list[Facet],
    members: Sequence[Tensor],
    addresses: Sequence[str],
    sides: Sequence[int],
    progress: Progress,
) -> list[Ranks]:
    """The weighted ranks of facets' members at some addresses, seen at each side."""
    session, weights = job.session, [torch.tensor(facet.weights) for facet in facets]
    layers = [session.layer(address) for address in addresses if not is_made(address)]
    unit = "facets" if len(sides) == 1 else "facet views"
    with progress.stage("targets", len(facets) * len(sides), unit) as advance, session.target_reader(layers) as read:
        return ranks_by_side(
            session, read, members, weights, sides, addresses, job.prefix, lambda: advance(len(facets))
        )


def mean_slope(job: FacetJob) -> float:
    """The mean slope of the spectrum of photos spread over the whole set."""
    spread = range(0, len(job.photos), math.ceil(len(job.photos) / SLOPE_PHOTOS))
    return float(spectrum_slope(job.photos.load(spread).float() / 255).mean())


def matched_layers(session: NetworkSession, layer: Layer) -> list[str]:
    """The addresses whose sorted activations are matched for the pictures of a layer, early to late."""
    return layers_to_match(session.recipe, session.model.network, session.network, layer)


def blindness(job: FacetJob, targets: FacetTargets, means: Means) -> list[str]:
    """A line where the network does not see what is in the photos; looked for only at the layer that is painted by default.

    means: of all photos, as ``extract_means`` gives them.
    """
    session = job.session
    last = default_layer(session.model.network, session.network)
    if session.model.weights == "none" or job.cluster.address != last.address:
        return []
    photos = torch.cat(targets.members)
    numbers = [number for facet in targets.facets for number in facet.members]
    spread = slice(None, None, max(1, len(photos) // SAMPLE))
    address, seen = last.address, means[last.address][numbers[spread]]
    with session.reader([job.cluster]) as read:
        note = blindness_note(read, session.model.preprocessing, address, photos[spread], seen, session.device)
    return [note] if note else []


def target_at(job: FacetJob, address: str, targets: FacetTargets) -> Target:
    """The target of all facets at an address; at a painted layer of the channels given by hand, where there are any."""
    by_hand = job.channels if address in {layer.address for layer in job.layers} else None
    smaller = [ranks[address] for ranks in targets.smaller]
    return build_target(address, targets.ranks[address], job.session.recipe.top_k, by_hand, smaller)


def facet_order(job: FacetJob, layer: Layer, targets: FacetTargets) -> FacetOrder:
    """What the facets of a layer are painted from, and towards."""
    session, matched = job.session, matched_layers(job.session, layer)
    has_penalty = not session.recipe.schedule("penalty").is_zero
    return FacetOrder(
        session=session,
        keys=[f"{job.prefix}{layer.address}/{place}" for place in range(len(targets.facets))],
        palette=palette_of(session.recipe, torch.cat(targets.members), session.model.in_channels),
        targets={address: target_at(job, address, targets) for address in {*matched, layer.address}},
        layer=layer.address,
        matched=matched,
        penalty=(job.penalty or layer.address.removesuffix(INPUT) + INPUT) if has_penalty else None,
        weighted=weighted_images(targets.members, targets.weights),
    )

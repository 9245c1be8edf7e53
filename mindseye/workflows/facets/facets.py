"""Facets as values: found, not painted, with what they say and the targets that they make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mindseye.errors import UserError
from mindseye.facets.clustering import Facet
from mindseye.facets.target import Target
from mindseye.layers.layer import Layer
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.frame import frame
from mindseye.report.html import html_strips
from mindseye.report.plot import plot_map
from mindseye.report.progress import Progress, Report
from mindseye.wording import counted
from mindseye.workflows.facets.find import (
    FacetTargets,
    Grouping,
    extract_means,
    facet_order,
    gather_targets,
    group_photos,
    own_target,
)
from mindseye.workflows.facets.job import FacetCount, FacetJob


@dataclass(frozen=True)
class FoundFacet(Facet):
    """A facet with the paths of its members, nearest to the centre first."""

    photos: tuple[str, ...] = ()


class Facets(Sequence[FoundFacet]):
    """The groups of photos that a layer treats as alike, largest first.

    Attributes:
        layer: the address that they were found at. paths: of all photos. points: [photos, 2], where the map puts each.
        assignment: [photos], the facet of each. silhouette: mean over photos, in [-1, 1]; None for one facet.
        notes: what was lowered or chosen on the way, a line each.
    """

    def __init__(self, job: FacetJob, grouping: Grouping) -> None:
        self._job, self._grouping = job, grouping
        self.layer = job.cluster.address
        self.paths = tuple(job.photos.paths)
        self.points: NDArray[np.float32] = grouping.embedding.points
        self.assignment: NDArray[np.int64] = grouping.clustering.assignment
        self.silhouette = grouping.clustering.silhouette
        self.notes = grouping.notes
        self._facets = [
            FoundFacet(**vars(facet), photos=tuple(self.paths[index] for index in facet.members))
            for facet in grouping.facets
        ]

    def __len__(self) -> int:
        return len(self._facets)

    def __getitem__(self, index: Any) -> Any:
        return self._facets[index]

    def target(self, layer: str | None = None, progress: Report = None) -> "FacetTarget":
        """What a layer should show for all facets: the weighted, sorted activations of their members (Eq. 1).

        layer: an address, by default the one that the facets were found at. progress: as ``Session.facets`` takes it.

        Raises:
            UserError: if there is no such layer.
        """
        with self._job.session.using(self._job.session.recipe) as session:
            painted = session.layer(layer or self.layer)
            job = replace(self._job, session=session, layers=[painted])
            return facet_target(job, self._grouping.facets, Progress.of(progress))

    def to_frame(self) -> Any:
        """A pandas table: a row per member, with its facet, distance and weight."""
        return frame(
            [
                {"facet": facet.index, "photo": photo, "distance": distance, "weight": weight}
                for facet in self
                for photo, distance, weight in zip(facet.photos, facet.distances, facet.weights, strict=True)
            ]
        )

    def plot(self) -> Any:
        """The map of the photos as a matplotlib figure: a point per photo, in the colour of its facet."""
        return plot_map(self.points, self.assignment, f"{self._job.session.model.name} at {self.layer}")

    def __repr__(self) -> str:
        silhouette = "" if self.silhouette is None else f", silhouette {self.silhouette:.2f}"
        return f"Facets({len(self)} of {counted(len(self.paths), 'photos')} at {self.layer!r}{silhouette})"

    def _repr_html_(self) -> str:
        titles = [f"facet {facet.index}: {counted(facet.size, 'photos')}" for facet in self]
        pixels = [self._job.photos.load(facet.members) for facet in self]
        return html_strips(dict(zip(titles, pixels, strict=True)), repr(self))


@dataclass(frozen=True, kw_only=True)
class FacetTarget(Target):
    """The target of facets at a layer, and the photos that it was made of: what a recipe matches beside it comes from them.

    job: photos, session and layer. facets: whose target it is.
    """

    job: FacetJob
    facets: tuple[Facet, ...]

    @property
    def photos(self) -> list[tuple[str, ...]]:
        """The paths of each facet's members."""
        return [tuple(self.job.photos.paths[index] for index in facet.members) for facet in self.facets]

    def with_session(self, session: NetworkSession) -> FacetJob:
        """The job of its photos, with the recipe of a session."""
        return replace(self.job, session=session)

    def gather(
        self, session: NetworkSession, progress: Progress, to_paint: bool = True
    ) -> tuple[FacetJob, FacetTargets]:
        """What a session's recipe matches for these facets; to_paint: as ``gather_targets`` takes it."""
        job = self.with_session(session)
        return job, gather_targets(job, list(self.facets), progress, to_paint=to_paint)

    def order(self, session: NetworkSession, progress: Progress) -> FacetOrder:
        """The order for a picture of each facet, with the session's recipe."""
        job, targets = self.gather(session, progress)
        return facet_order(job, job.layers[0], targets)

    def __repr__(self) -> str:
        facets, channels = counted(len(self.facets), "facets"), counted(self.channels.shape[1], "channels")
        return f"FacetTarget({self.layer!r}, {facets}, top {channels})"

    def _repr_html_(self) -> str:
        titles = [
            f"facet {facet.index}: channels {', '.join(map(str, channels[:8].tolist()))}, ..."
            for facet, channels in zip(self.facets, self.channels, strict=True)
        ]
        pixels = [self.job.photos.load(facet.members) for facet in self.facets]
        return html_strips(dict(zip(titles, pixels, strict=True)), repr(self))


def find_facets(
    session: NetworkSession, photos: PhotoSet, layer: Layer, facets: FacetCount, progress: Progress
) -> Facets:
    """Find the facets of photos at a layer."""
    check_facet_count(facets)
    job = FacetJob(session, photos, [layer], layer, facets)
    return Facets(job, group_photos(job, extract_means(job, progress, session.store(progress.say)), progress))


def facet_target(job: FacetJob, facets: Sequence[Facet], progress: Progress) -> FacetTarget:
    """The target of facets at the job's first layer."""
    return FacetTarget(**vars(own_target(job, list(facets), progress)), job=job, facets=tuple(facets))


def all_as_one(session: NetworkSession, photos: PhotoSet, layer: Layer, progress: Progress) -> FacetTarget:
    """The target of all photos as one facet, each of the same weight."""
    model = session.model
    with progress.stage("read", len(photos), "photos") as advance:
        for indices, _ in photos.batches(model.preprocessing, session.view, model.in_channels, 32):
            advance(len(indices))
    number = len(photos)
    facet = Facet(0, list(range(number)), [0.0] * number, [1 / number] * number, number, None, float(number))
    return facet_target(FacetJob(session, photos, [layer], layer, 1), [facet], progress)


def check_facet_count(facets: FacetCount) -> None:
    """Refuse what is no number of facets.

    Raises:
        UserError: naming it.
    """
    if facets != "auto" and not (isinstance(facets, int) and not isinstance(facets, bool) and facets >= 1):
        raise UserError(f"facets is a whole number above zero or auto, not {facets!r}")

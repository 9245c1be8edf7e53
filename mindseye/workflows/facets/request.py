"""A run over the facets of a folder, whatever is done with them: ``visualize`` and ``inspect`` are such runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mindseye.arguments import as_list
from mindseye.facets.target import check_channels
from mindseye.layers.stages import choose_layers, default_layer
from mindseye.optimize.recipe.checks import check_for_facets
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet, Source, find_photos
from mindseye.report.notebook import Run
from mindseye.runs.files import refuse_photos
from mindseye.runs.folder import default_path, joined
from mindseye.workflows.evaluation.judges import JudgeOptions, judge_run, panel_of
from mindseye.workflows.evaluation.panel import Panel
from mindseye.workflows.facets.facets import check_facet_count
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.job import FacetCount, FacetJob
from mindseye.workflows.request import DEFAULT_RECIPE, ModelSource, Request, RunOptions
from mindseye.workflows.resumable import new_manifest, open_run, run_folder


class FacetOptions(RunOptions, JudgeOptions, total=False):
    """What ``visualize`` and ``inspect`` share.

    top_k: replaces the recipe's. cluster_layer: where the facets are found. recursive: take sub-folders, whose names are the
    labels. cache: take photos' activations from the user's cache, and keep them there.
    """

    top_k: int | None
    cluster_layer: str | None
    recursive: bool
    cache: bool


@dataclass(frozen=True)
class FacetRequest:
    """Which photos and layers a run is about.

    layers: addresses, ``auto``, or none for the default. at_the_end: whether the facets are found at the
    network's default layer where the user names none, rather than at the deepest that is painted. identity:
    what else must be the same for an interrupted run to be continued.
    """

    run: Request
    photos: PhotoSet
    layers: Sequence[str]
    facets: FacetCount
    channels: Sequence[int] | None = None
    cluster_layer: str | None = None
    penalty_layer: str | None = None
    recursive: bool = False
    cache: bool = True
    at_the_end: bool = False
    identity: Mapping[str, Any] = field(default_factory=dict)

    def default_folder(self, model: str, layers: str) -> Path:
        """The run folder where the user names none, from the names of model and layers."""
        path = default_path(self.photos.root, model, layers)
        return path if self.run.kind == "visualize" else path.with_name(f"{self.run.kind}-{path.name}")

    def job(self, session: NetworkSession) -> FacetJob:
        """The job that it is for a network.

        Raises:
            UserError: if the network has no such layer or channel.
        """
        layers = choose_layers(session.model.network, session.network, self.layers)
        for layer in layers:
            check_channels(self.channels or (), layer.address, layer.channels)
        deepest = default_layer(session.model.network, session.network) if self.at_the_end else layers[-1]
        return FacetJob(
            session=session,
            photos=self.photos,
            layers=layers,
            cluster=session.layer(self.cluster_layer) if self.cluster_layer else deepest,
            facets=self.facets,
            batch_size=self.run.batch_size,
            penalty=session.layer(self.penalty_layer).address if self.penalty_layer else None,
            channels=self.channels,
        )


def facet_request(
    kind: str,
    photos: Source,
    layer: str | Sequence[str] | None,
    facets: FacetCount,
    options: FacetOptions,
    default: str = DEFAULT_RECIPE,
    **own: Any,
) -> FacetRequest:
    """A checked request. default: the recipe where the options name none. own: further fields of ``FacetRequest``.

    Raises:
        UserError: for an impossible value, a recipe that does not paint facets, or a place without photos.
    """
    check_facet_count(facets)
    run = Request.of(kind, options, default, options.get("top_k"))
    check_for_facets(run.recipe)
    recursive = bool(options.get("recursive", False))
    return FacetRequest(
        run=run,
        photos=find_photos(photos, recursive),
        layers=as_list("layer", layer, str),
        facets=facets,
        cluster_layer=options.get("cluster_layer"),
        recursive=recursive,
        cache=options.get("cache", True),
        **own,
    )


def run_facets(
    request: FacetRequest, model: ModelSource, options: FacetOptions, work: Callable[[Flow, Panel | None], None]
) -> Run:
    """Open the run and do the work unless it is finished; then show it to the judges, where there are any.

    options: who looks at the pictures. work: what is done with the facets, shown the judges.
    """
    run = request.run
    panel = panel_of(options, model)
    with run.session(model) as session:
        if request.penalty_layer and session.recipe.schedule("penalty").is_zero:
            run.progress.say(f"note: recipe {session.recipe.name} has no penalty, so --penalty-layer does nothing")
        job = request.job(session)
        names = joined([layer.address for layer in job.layers], "layers")
        fresh = new_manifest(run, session, job.options(request.recursive) | dict(request.identity))
        folder = run_folder(run, request.default_folder(session.model.name, names), fresh)
        refuse_photos(folder.path, request.photos.root)
        with open_run(folder, fresh, run) as record:
            if record is not None:
                work(Flow(job, record, session.store(run.progress.say) if request.cache else None), panel)
        return judge_run(folder.path, panel, session.device, run.progress)

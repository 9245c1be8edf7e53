"""A run over the facets of a folder, whatever is done with them: ``visualize`` and ``inspect`` are such runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import nn

from mindseye.errors import UserError
from mindseye.facets.target import check_channels
from mindseye.layers.layer import find_layer
from mindseye.layers.stages import choose_layers, last_before_pooling
from mindseye.models.load import digest
from mindseye.optimize.recipe.checks import check_for_facets
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.photo_set import Source, find_photos
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import Manifest, RunFolder, default_path
from mindseye.runs.manifest import describe_model, new_manifest
from mindseye.runs.record import Record, is_finished, open_manifest
from mindseye.store.store import Store, open_store
from mindseye.workflows.evaluation.evaluate import assess, has_looked
from mindseye.workflows.evaluation.painter import spec_of
from mindseye.workflows.evaluation.panel import Folder, Network, Panel, convene
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.job import Job
from mindseye.workflows.opening import absolute, check_numbers, chosen_recipe, opened


@dataclass(frozen=True)
class Plan:
    """What is done with the facets of a folder.

    kind: of the run. work: does it, shown the judges where there are any. options: what else must be the same for an
    interrupted run to be continued. check: refuses recipes that will not do. at_the_end: whether the facets are found at the
    network's last layer before pooling where the user names none, rather than at the deepest that is looked at.
    """

    kind: str
    work: Callable[[Flow, Panel | None], None]
    options: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[Recipe], None] = lambda recipe: None
    at_the_end: bool = False

    def place(self, images: str, model: str, layer: str) -> Path:
        """The run folder where the user names none."""
        path = default_path(images, model, layer)
        return path if self.kind == "visualize" else path.with_name(f"{self.kind}-{path.name}")


def over_facets(
    plan: Plan,
    images: Source,
    model: str | nn.Module,
    layer: str | Sequence[str] | None,
    *,
    facets: int | Literal["auto"],
    recipe: str | Recipe,
    out: str | Path | None,
    steps: int | None,
    size: int | None,
    top_k: int | None,
    channels: Sequence[int] | None,
    changes: Mapping[str, Any] | None,
    cluster_layer: str | None,
    penalty_layer: str | None,
    weights: str | None,
    checkpoint: str | Path | None,
    seed: int,
    device: str,
    batch_size: int,
    snapshots: int | None,
    recursive: bool,
    force: bool,
    judge: Network | Sequence[Network],
    among: Folder | Sequence[Folder],
    labels: str | int | Sequence[str | int],
    cache: bool,
    quiet: bool,
    command: str,
) -> Run:
    """Carry out a plan for the facets of a folder; everything besides the plan as ``visualize`` takes it."""
    if facets != "auto" and not (isinstance(facets, int) and facets >= 1):
        raise UserError(f"facets is a whole number above zero or auto, not {facets!r}")
    check_numbers(seed, snapshots, batch_size, size, steps, top_k)
    chosen = chosen_recipe(recipe, changes, steps, top_k, snapshots)
    check_for_facets(chosen)
    plan.check(chosen)
    progress = Progress(quiet)
    photos = find_photos(images, recursive)
    judging = judge or among or labels
    panel = convene(judge, among, labels, model if isinstance(model, str) else None) if judging else None
    checkpoint = absolute(checkpoint)
    with opened(model, weights, checkpoint, device, size, chosen, progress) as ready:
        asked = [layer] if isinstance(layer, str) else list(layer or [])
        targets = choose_layers(ready.model.network, ready.network, asked)
        for target in targets:
            check_channels(channels or (), target.address, target.channels)
        if penalty_layer and ready.recipe.schedule("penalty").is_zero:
            progress.say(f"note: recipe {ready.recipe.name} has no penalty, so --penalty-layer does nothing")
        deepest = last_before_pooling(ready.model.network, ready.network) if plan.at_the_end else targets[-1]
        job = Job(
            photos=photos,
            model=ready.model,
            network=ready.network,
            targets=targets,
            cluster=find_layer(ready.network, cluster_layer) if cluster_layer else deepest,
            facets=facets,
            recipe=ready.recipe,
            seed=seed,
            device=ready.device,
            size=ready.recipe.size,
            view=ready.view,
            batch_size=batch_size,
            penalty=find_layer(ready.network, penalty_layer).address if penalty_layer else None,
            channels=channels,
            prior=ready.prior,
            compiler=ready.compiler,
        )
        folder = RunFolder(Path(out) if out else plan.place(photos.root, ready.model.name, _joined(targets)))
        options = run_options(job, weights, checkpoint, recursive) | dict(plan.options)
        fresh = new_manifest(plan.kind, command, options, job.recipe, seed, job.device)
        fresh |= {
            "model": describe_model(job.model) | {"spec": spec_of(model)},
            "images": {},
            "skipped": [],
            "layers": [],
        }
        with folder.locked():
            manifest = open_manifest(folder, fresh, force)
            if is_finished(manifest):
                progress.say(f"{folder.path} is finished already; --force paints it anew")
            else:
                store = open_store(progress.say) if cache else None
                _run(plan, job, folder, manifest, progress, panel, store)
    run = Run(folder.path)
    if panel is not None and not has_looked(run.manifest, panel):
        return assess(folder.path, panel, device=device, quiet=quiet)
    progress.say(f"done: {folder.path}")
    return run


def run_options(
    job: Job, weights: str | None, checkpoint: str | None, recursive: bool, weights_digest: str | None = None
) -> dict[str, Any]:
    """What must be the same for an interrupted run to be continued. weights_digest: where it is known already."""
    named = {"name": job.name} if job.name else {}
    return named | {
        "images": job.photos.root,
        "images_digest": job.photos.digest(),
        "recursive": recursive,
        "model": job.model.name,
        "weights": weights,
        "weights_digest": weights_digest or digest(job.model.network),
        "checkpoint": checkpoint,
        "layers": [layer.address for layer in job.targets],
        "cluster_layer": job.cluster.address,
        "penalty_layer": job.penalty,
        "channels": None if job.channels is None else list(job.channels),
        "facets": job.facets,
        "size": job.size,
        "seed": job.seed,
        "batch_size": job.batch_size,
    }


def _run(
    plan: Plan,
    job: Job,
    folder: RunFolder,
    manifest: Manifest,
    progress: Progress,
    panel: Panel | None,
    store: Store | None,
) -> None:
    if folder.exists():
        progress.say(f"continuing {folder.path}")
    progress.seconds.update(manifest["seconds"])
    record = Record(folder, manifest, progress.say, progress.seconds)
    try:
        plan.work(Flow(job, record, progress, store), panel)
    except KeyboardInterrupt:
        record.save("interrupted")
        raise


def _joined(targets: Sequence[Any]) -> str:
    return targets[0].address if len(targets) == 1 else f"{len(targets)}-layers"

"""The main job as one call: ``mindseye.visualize(images, model=..., layer=...)``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import nn

from mindseye.api.opening import DEFAULT_RECIPE, absolute, check_numbers, chosen_recipe, opened
from mindseye.errors import UserError
from mindseye.evaluation.evaluate import assess, has_looked
from mindseye.evaluation.panel import Folder, Network, Panel, convene
from mindseye.facets.target import check_channels
from mindseye.inputs.images import Source, find_images
from mindseye.inputs.layers import find_layer
from mindseye.inputs.models import digest
from mindseye.inputs.stages import choose_layers, last_before_pooling
from mindseye.optimize.recipe import Recipe
from mindseye.optimize.recipe_checks import check_for_facets
from mindseye.pipeline import Flow
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import Manifest, RunFolder, default_path
from mindseye.runs.job import Job
from mindseye.runs.manifest import describe_model, new_manifest
from mindseye.runs.painter import spec_of
from mindseye.runs.record import Record, is_finished, open_manifest
from mindseye.store.store import Store, open_store


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


def visualize(
    images: Source,
    model: str | nn.Module = "resnet50",
    layer: str | Sequence[str] | None = None,
    *,
    facets: int | Literal["auto"] = 4,
    recipe: str | Recipe = DEFAULT_RECIPE,
    out: str | Path | None = None,
    steps: int | None = None,
    size: int | None = None,
    top_k: int | None = None,
    channels: Sequence[int] | None = None,
    changes: Mapping[str, Any] | None = None,
    cluster_layer: str | None = None,
    penalty_layer: str | None = None,
    weights: str | None = None,
    checkpoint: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = 0,
    snapshots: int | None = None,
    recursive: bool = False,
    force: bool = False,
    judge: Network | Sequence[Network] = (),
    among: Folder | Sequence[Folder] = (),
    labels: str | int | Sequence[str | int] = (),
    cache: bool = True,
    quiet: bool = False,
    command: str = "mindseye.visualize(...)",
) -> Run:
    """Paint what a layer of a network sees in a folder of photos.

    The photos are grouped into facets by the layer's own activations, and for each facet the picture of the layer's
    top-k features is painted.

    Args:
        images: a folder, a tar archive, a list of paths, or a list of arrays (uint8, or floating point in [0, 1], [H, W] or
            [H, W, C]).
        model: a name (torchvision's, ``timm/NAME``, ``efficientnet_lite0``...), ``file.py:factory``, or a module.
        layer: one address or several, ``"auto"`` for one per stage; by default the last before pooling.
        facets: how many groups, or ``"auto"`` for the best silhouette among 2 to 12.
        recipe: a recipe's name, a TOML file, or a Recipe; ``steps``, ``top_k`` and ``changes`` replace single numbers of it.
        out: the run folder; by default ``runs/FOLDER-MODEL-LAYER``. A finished run is returned as it is, an interrupted
            one is continued; ``force`` starts anew.
        size: side of the pictures in px. channels: features given by hand instead of the top-k.
        cluster_layer: where the facets are found; by default the deepest of the layers.
        penalty_layer: whose L1 norm the recipe holds down; by default the input of the target layer.
        weights, checkpoint: see ``load_model``. seed: of everything random. device: auto, cpu, cuda, cuda:1, mps.
        batch_size: pictures painted at once; 0 for all. snapshots: pictures kept on the way; by default the recipe's.
        recursive: take sub-folders, whose names are the labels.
        judge, among, labels: who looks at the pictures when they are painted, as ``mindseye.evaluate`` takes them. A judge
            that has been asked the same of this run before is not asked again.
        cache: take photos' activations from the user's cache, and keep them there (see docs/cache.md).

    Returns:
        The run, which shows itself in a notebook.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    return over_facets(
        Plan("visualize", lambda flow, panel: flow.run()),
        images,
        model,
        layer,
        facets=facets,
        recipe=recipe,
        out=out,
        steps=steps,
        size=size,
        top_k=top_k,
        channels=channels,
        changes=changes,
        cluster_layer=cluster_layer,
        penalty_layer=penalty_layer,
        weights=weights,
        checkpoint=checkpoint,
        seed=seed,
        device=device,
        batch_size=batch_size,
        snapshots=snapshots,
        recursive=recursive,
        force=force,
        judge=judge,
        among=among,
        labels=labels,
        cache=cache,
        quiet=quiet,
        command=command,
    )


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
    photos = find_images(images, recursive)
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
            batch_size=batch_size,
            penalty=find_layer(ready.network, penalty_layer).address if penalty_layer else None,
            channels=channels,
            prior=ready.prior,
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

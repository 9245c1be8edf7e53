"""The main job as one call: ``mindseye.visualize(images, model=..., layer=...)``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.facets.target import check_channels
from mindseye.inputs.frozen import frozen
from mindseye.inputs.images import Source, find_images
from mindseye.inputs.layers import find_layer, survey
from mindseye.inputs.models import digest, load_model
from mindseye.inputs.stages import choose_layers
from mindseye.optimize.recipe import Recipe, load_recipe, recipe_from
from mindseye.pipeline import Flow
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import Manifest, RunFolder, default_path
from mindseye.runs.job import Job
from mindseye.runs.manifest import describe_model, new_manifest
from mindseye.runs.painter import spec_of

DEFAULT_RECIPE = "distribution"
FINISHED = ("done", "partial")


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
    recursive: bool = False,
    force: bool = False,
    quiet: bool = False,
    command: str = "mindseye.visualize(...)",
) -> Run:
    """Paint what a layer of a network sees in a folder of photos.

    The photos are grouped into facets by the layer's own activations, and for each facet the picture of the layer's
    top-k features is painted.

    Args:
        images: a folder, a list of paths, or a list of arrays (uint8, or floating point in [0, 1], [H, W] or [H, W, C]).
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
        batch_size: pictures painted at once; 0 for all. recursive: take sub-folders, whose names are the labels.

    Returns:
        The run, which shows itself in a notebook.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    _check_numbers(facets, seed, batch_size, size, steps, top_k)
    progress = Progress(quiet)
    chosen = _recipe(recipe, steps, top_k, changes)
    photos = find_images(images, recursive)
    place = torch_device(device, model)
    checkpoint = str(Path(checkpoint).absolute()) if checkpoint is not None else None
    loaded = load_model(model, weights=weights, checkpoint=checkpoint)
    if loaded.weights == "none":
        progress.say(f"note: {loaded.name} has random weights: its pictures show what no training has taught")
    side = size or chosen.size or loaded.preprocessing.size
    chosen = replace(chosen, size=side)
    with frozen(loaded.network):
        loaded.network.to(place)
        if isinstance(model, str):
            # Convolutions are faster with channels last, on CPU and GPU; a module that was given stays as it is.
            loaded.network.to(memory_format=torch.channels_last)
        view = loaded.preprocessing.size if loaded.preprocessing.fixed_size else side
        network = survey(loaded.network, view, loaded.channels)
        asked = [layer] if isinstance(layer, str) else list(layer or [])
        targets = choose_layers(loaded.network, network, asked)
        for target in targets:
            check_channels(channels or (), target.address, target.channels)
        if penalty_layer and chosen.schedule("penalty").is_zero:
            progress.say(f"note: recipe {chosen.name} has no penalty, so --penalty-layer does nothing")
        job = Job(
            photos=photos,
            model=loaded,
            network=network,
            targets=targets,
            cluster=find_layer(network, cluster_layer) if cluster_layer else targets[-1],
            facets=facets,
            recipe=chosen,
            seed=seed,
            device=place,
            size=side,
            batch_size=batch_size,
            penalty=find_layer(network, penalty_layer).address if penalty_layer else None,
            channels=channels,
        )
        options = _options(job, weights, checkpoint, recursive)
        folder = RunFolder(Path(out) if out else default_path(photos.root, loaded.name, _joined(targets)))
        with folder.locked():
            manifest = _manifest(folder, job, options, command, force, progress)
            manifest["model"].setdefault("spec", spec_of(model))
            if manifest["status"] in FINISHED:
                progress.say(f"{folder.path} is finished already; --force paints it anew")
                return Run(folder.path)
            _run(Flow(job, folder, manifest, progress))
    progress.say(f"done: {folder.path}")
    return Run(folder.path)


def torch_device(name: str, model: str | nn.Module = "") -> torch.device:
    """The device that a name means. ``auto``: where a given module is already, else cuda, mps or cpu, whichever is there.

    Raises:
        UserError: for an unknown device, or one that this machine does not have.
    """
    if name == "auto":
        parameter = next(model.parameters(), None) if isinstance(model, nn.Module) else None
        if parameter is not None:
            return parameter.device
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UserError(f"device {name!r} is not to be had here; use auto, cpu, cuda, cuda:N or mps") from error
    return device


def _check_numbers(facets: int | str, seed: int, *counts: int | None) -> None:
    if facets != "auto" and not (isinstance(facets, int) and facets >= 1):
        raise UserError(f"facets is a whole number above zero or auto, not {facets!r}")
    if not (isinstance(seed, int) and 0 <= seed < 2**32):
        raise UserError(f"seed is a whole number from 0 to {2**32 - 1}, not {seed!r}")
    for count in counts:
        if count is not None and not (isinstance(count, int) and count >= 0):
            raise UserError(f"steps, size, top-k and batch size are whole numbers, zero or more, not {count!r}")


def _recipe(recipe: str | Recipe, steps: int | None, top_k: int | None, changes: Mapping[str, Any] | None) -> Recipe:
    given = {"steps": steps, "top_k": top_k}
    replaced = dict(changes or {}) | {key: value for key, value in given.items() if value is not None}
    if isinstance(recipe, str):
        return load_recipe(recipe, replaced)
    return recipe_from(recipe.as_dict() | replaced, recipe.name)


def _options(job: Job, weights: str | None, checkpoint: str | None, recursive: bool) -> dict[str, Any]:
    """What must be the same for an interrupted run to be continued."""
    return {
        "images": job.photos.root,
        "images_digest": job.photos.digest(),
        "recursive": recursive,
        "model": job.model.name,
        "weights": weights,
        "weights_digest": digest(job.model.network),
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


def _manifest(
    folder: RunFolder, job: Job, options: dict[str, Any], command: str, force: bool, progress: Progress
) -> Manifest:
    if force:
        folder.clear()
    if not folder.exists():
        manifest = new_manifest("visualize", command, options, job.recipe, job.seed, job.device)
        return manifest | {"model": describe_model(job.model), "images": {}, "skipped": [], "layers": []}
    manifest = folder.read()
    there, here = manifest["options"] | {"recipe": manifest["recipe"]}, options | {"recipe": job.recipe.as_dict()}
    differing = [key for key in here if here[key] != there.get(key)]
    if differing:
        raise UserError(
            f"{folder.path} holds a run with another {', '.join(differing)}; choose another --out, or --force to replace it"
        )
    progress.seconds.update(manifest["seconds"])
    if manifest["status"] not in FINISHED:
        progress.say(f"continuing {folder.path}")
    return manifest


def _run(flow: Flow) -> None:
    try:
        flow.run()
    except KeyboardInterrupt:
        flow.save("interrupted")
        raise


def _joined(targets: Sequence[Any]) -> str:
    return targets[0].address if len(targets) == 1 else f"{len(targets)}-layers"

"""The main job as one call: ``mindseye.visualize(images, model=..., layer=...)``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from torch import nn

from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.photo_set import Source
from mindseye.report.notebook import Run
from mindseye.workflows.evaluation.panel import Folder, Network
from mindseye.workflows.facets.facet_runs import Plan, over_facets
from mindseye.workflows.opening import DEFAULT_RECIPE


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

"""Entangled channels as one call: ``mindseye.inspect(images, model=..., layers="auto")``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from torch import nn

from mindseye.errors import UserError
from mindseye.optimize.recipe.checks import check_for_objectives
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.photo_set import Source, find_photos
from mindseye.report.notebook import Run
from mindseye.workflows.entanglement.inspect import Inspection
from mindseye.workflows.entanglement.labels import Labels, labels_of_folders, labels_of_judge
from mindseye.workflows.evaluation.panel import Folder, Network, Panel
from mindseye.workflows.facets.facet_runs import Plan, over_facets
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.opening import DEFAULT_RECIPE

FACETS = 8
SHOWN = 2


def inspect(
    images: Source,
    model: str | nn.Module = "resnet50",
    layers: str | Sequence[str] = "auto",
    *,
    facets: int | Literal["auto"] = FACETS,
    channels_shown: int = SHOWN,
    recipe: str | Recipe = DEFAULT_RECIPE,
    out: str | Path | None = None,
    steps: int | None = None,
    size: int | None = None,
    top_k: int | None = None,
    changes: Mapping[str, Any] | None = None,
    cluster_layer: str | None = None,
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
    command: str = "mindseye.inspect(...)",
) -> Run:
    """Find out which channels of some layers are entangled: one channel, several meanings.

    Does what ``visualize`` does, then measures each channel that is among a facet's top-k against the same channel shuffled
    over the photos, and paints the most and the least entangled ones: plain, and once for each of their own facets. See
    ``mindseye.measure.entanglement`` for what the number means.

    Args:
        images, model, weights, checkpoint, recipe, steps, size, top_k, changes, seed, device, batch_size, snapshots, force,
            judge, among, labels, cache: as ``visualize`` takes them.
        layers: addresses, or ``"auto"`` for one per stage.
        facets: how many groups, or ``"auto"``; three at least for any channel to be entangled. Rather too many than too few:
            two facets of one meaning do not count as two.
        channels_shown: of how many of the most, and of the least entangled channels of a layer pictures are painted.
        out: the run folder; by default ``runs/inspect-FOLDER-MODEL-LAYERS``.
        cluster_layer: where facets are found, and said to be near or far; by default the last before pooling.
        recursive: take sub-folders, whose names are the labels. Without labels the first judge that names classes says what
            a photo shows.

    Returns:
        The run. Its ``manifest.layers`` have ``entanglement``, ``channel_stats`` and ``channel_pictures`` besides.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    if not (isinstance(channels_shown, int) and channels_shown >= 0):
        raise UserError(f"channels shown is a whole number of zero or more, not {channels_shown!r}")

    def work(flow: Flow, panel: Panel | None) -> None:
        Inspection(flow, channels_shown, lambda: _labels(flow, panel, images, recursive)).run()

    plan = Plan(
        "inspect",
        work,
        options={"channels_shown": channels_shown},
        check=check_for_objectives if channels_shown else lambda recipe: None,
        at_the_end=True,
    )
    return over_facets(
        plan,
        images,
        model,
        layers,
        facets=facets,
        recipe=recipe,
        out=out,
        steps=steps,
        size=size,
        top_k=top_k,
        channels=None,
        changes=changes,
        cluster_layer=cluster_layer,
        penalty_layer=None,
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


def _labels(flow: Flow, panel: Panel | None, images: Source, recursive: bool) -> Labels | None:
    """What the photos show: their sub-folders, else the first judge that names classes, else nobody knows."""
    photos = flow.job.photos
    found = labels_of_folders(photos)
    judge = next((one for one in panel.judges if one.output is not None), None) if panel else None
    if found is not None or judge is None:
        return found
    with flow.progress.stage(f"ask {judge.name}", len(photos), "photos") as advance:
        return labels_of_judge(judge, find_photos(images, recursive), photos.paths, flow.job.device, advance)

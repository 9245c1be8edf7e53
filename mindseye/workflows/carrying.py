"""From an order to a finished run: the folder is opened, and what is left to do is done."""

from collections.abc import Callable
from typing import Any

from torch import nn

from mindseye.models.load import digest
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.entries import describe_model, new_manifest
from mindseye.runs.folder import RunFolder
from mindseye.runs.record import Record, is_finished, open_manifest
from mindseye.runs.schema import Manifest
from mindseye.workflows.evaluation.evaluate import assess, has_looked
from mindseye.workflows.evaluation.painter import spec_of
from mindseye.workflows.evaluation.panel import Panel
from mindseye.workflows.objectives.commission import Commission, Order
from mindseye.workflows.opening import Opened

Note = Callable[[str], None]


def carry_out(
    kind: str,
    folder: RunFolder,
    ready: Opened,
    options: dict[str, Any],
    order: Callable[[Note], Order],
    model: str | nn.Module,
    weights: str | None,
    checkpoint: str | None,
    seed: int,
    force: bool,
    command: str,
    progress: Progress,
    panel: Panel | None = None,
) -> Run:
    """Open the run folder, and paint what is ordered unless it is finished. order: made only where something is left to do.

    panel: who looks at the pictures then, unless it has done so before.
    options: what must be the same for an interrupted run to be continued, besides network, recipe and seed.
    """

    def work(record: Record) -> None:
        Commission(order(record.note), record, progress).run()

    run = carry_through(
        kind, folder, ready, options, work, ready.recipe, model, weights, checkpoint, seed, force, command, progress
    )
    if panel is not None and not has_looked(run.manifest, panel):
        return assess(folder.path, panel, device=str(ready.device), quiet=progress.quiet)
    progress.say(f"done: {folder.path}")
    return run


def carry_through(
    kind: str,
    folder: RunFolder,
    ready: Opened,
    options: dict[str, Any],
    work: Callable[[Record], None],
    recipe: Recipe | None,
    model: str | nn.Module,
    weights: str | None,
    checkpoint: str | None,
    seed: int,
    force: bool,
    command: str,
    progress: Progress,
) -> Run:
    """Open the run folder, and do the work unless it is finished; as ``carry_out``, for work of any kind.

    recipe: None where nothing is painted.
    """
    options = options | {
        "model": ready.model.name,
        "weights": weights,
        "weights_digest": digest(ready.model.network),
        "checkpoint": checkpoint,
        "seed": seed,
    }
    described = describe_model(ready.model, spec_of(model))
    fresh = new_manifest(kind, command, options, recipe, seed, ready.device, described)
    with folder.locked():
        manifest = open_manifest(folder, fresh, force)
        if is_finished(manifest):
            progress.say(f"{folder.path} is finished already; --force paints it anew")
        else:
            _work(folder, manifest, work, progress)
    return Run(folder.path)


def _work(folder: RunFolder, manifest: Manifest, work: Callable[[Record], None], progress: Progress) -> None:
    if folder.exists():
        progress.say(f"continuing {folder.path}")
    progress.seconds.update(manifest.seconds)
    record = Record(folder, manifest, progress.say, progress.seconds)
    try:
        work(record)
    except KeyboardInterrupt:
        record.save("interrupted")
        raise

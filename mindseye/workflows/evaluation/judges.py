"""Who looks at a run's pictures: the options that name them, and the look at a run that has just been painted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import torch

from mindseye.models.load import Model
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.workflows.evaluation.evaluate import assess, has_looked
from mindseye.workflows.evaluation.panel import Folder, Network, Panel, load_panel


class JudgeOptions(TypedDict, total=False):
    """judge: a network that looks at the pictures, or several. among: folders of photos to find neighbours among, besides
    the run's own. labels: what the judges should see.
    """

    judge: Network | Sequence[Network]
    among: Folder | Sequence[Folder]
    labels: str | int | Sequence[str | int]


def panel_of(options: JudgeOptions, painter: Any) -> Panel | None:
    """The judges that options name, loaded, so that mistakes show before anything is painted; None for none.

    painter: the painted network, as it was given.

    Raises:
        UserError: as ``load_panel``.
    """
    judge, among, labels = options.get("judge") or (), options.get("among") or (), options.get("labels") or ()
    if not (judge or among or labels):
        return None
    return load_panel(judge, among, labels, painter if isinstance(painter, str) else None)


def judge_run(
    path: Path, panel: Panel | None, device: torch.device, progress: Progress, painter: Model | None = None
) -> Run:
    """A finished run, shown to the judges unless they have been asked the same of it before.

    painter: the painted network, where it is at hand.
    """
    run = Run(path)
    if panel is not None and not has_looked(run.manifest, panel):
        return assess(path, panel, device, progress, painter)
    progress.say(f"done: {path}")
    return run

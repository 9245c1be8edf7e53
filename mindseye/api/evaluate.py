"""What other networks make of a finished run: ``mindseye.evaluate(run, judge=...)`` adds their numbers to it."""

import os
from collections.abc import Sequence

from mindseye.arguments import required_path
from mindseye.models.placement import torch_device
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress, Report
from mindseye.runs.folder import RunFolder
from mindseye.workflows.evaluation.evaluate import assess, read_finished
from mindseye.workflows.evaluation.panel import Folder, Network, load_panel


def evaluate(
    run: str | os.PathLike[str] | Run,
    judge: Network | Sequence[Network],
    among: Folder | Sequence[Folder] = (),
    labels: str | int | Sequence[str | int] = (),
    *,
    device: str = "auto",
    progress: Report = None,
    quiet: bool = False,
) -> Run:
    """Let networks that a run was not painted from look at its pictures, beside their members and starts.

    Adds to run.json, under ``measures`` of each facet, ``neighbourhood`` and ``transfer`` by judge; ``summary``, the means
    over the facets with intervals, and ``judges``, what each judge looked at. Draws the figures and writes the page anew. A
    judge that has looked before is asked again; the run stays as finished as it was. Pictures of named objectives get
    ``transfer`` alone, with what the judge ``sees`` in each.

    Args:
        run: a finished run, or its folder.
        judge: one model or several, as ``visualize`` takes them.
        among: folders of other photos to find neighbours among, sub-folders too; each counts as one. For facets only.
        labels: name, WordNet id or index of what the judge should see, counted together; by default what it sees in
            most of a facet's members. The picture of a class should show that class.
        device: auto, cpu, cuda, cuda:1, mps. progress: None, True, or a function that is told. quiet: say nothing.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    path = run.path if isinstance(run, Run) else required_path("run", run)
    read_finished(RunFolder(path))  # before a judge is fetched, and before the lock, which makes a folder where none is
    panel = load_panel(judge, among, labels)
    return assess(path, panel, torch_device(device), Progress.of(progress, quiet=quiet))

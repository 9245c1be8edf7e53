"""Pages of finished runs, written anew or joined: ``mindseye.write_report(run)``, ``mindseye.write_report(run, run, ...)``."""

import os
from dataclasses import dataclass
from pathlib import Path

from mindseye.arguments import required_path
from mindseye.errors import UserError
from mindseye.report.card import Card, card_of
from mindseye.report.compare import compare_runs
from mindseye.report.index import write_index
from mindseye.report.networks import draw_networks
from mindseye.report.notebook import Run
from mindseye.report.page import has_page, write_page
from mindseye.report.progress import Progress
from mindseye.report.progress import Report as ProgressOption
from mindseye.runs.files import PNG_EFFORT, write_image
from mindseye.runs.folder import PAGE

INDEX = "index.html"
NETWORKS = "figures/networks.png"


@dataclass(frozen=True)
class Report:
    """What was written.

    path: the page. failures: a line per run that could not be shown. figure: the sheet of networks, where there is one.
    """

    path: Path
    failures: list[str]
    figure: Path | None = None


def write_report(
    *runs: str | os.PathLike[str] | Run,
    out: str | os.PathLike[str] | None = None,
    title: str | None = None,
    quiet: bool = False,
    progress: ProgressOption = None,
) -> Report:
    """Write the page of a run anew, RUN/report.html; or, of several runs, one page that leads to all of theirs.

    Of several runs, those that have no page yet get one. Folders that hold no readable run are left out and told. Where all
    others are finished runs of facets of the same photos, figures/networks.png beside the page, and the page itself, show
    them side by side: a row per run, a column per facet.

    Args:
        runs: folders of runs, or what the painting functions return.
        out: the page over several runs; by default ``index.html`` beside the first. It needs no run's picture, but each card
            leads to the page in its run's folder.
        title: of that page; by default the name of the folder that it stands in.
        quiet: say nothing.
        progress: None, True, or a function that is told how far it is.

    Raises:
        UserError: if none of the folders holds a readable run, or a page cannot be written.
    """
    if not runs:
        raise UserError("no run: name at least one run folder")
    told = Progress.of(progress, quiet=quiet)
    folders = [run.path if isinstance(run, Run) else required_path("run", run) for run in runs]
    if len(folders) == 1 and out is None:
        path = write_page(folders[0])
        told.say(f"done: {path}")
        return Report(path, [])
    path = Path(out) if out is not None else folders[0].absolute().parent / INDEX
    if path.is_dir() or path.name == PAGE:
        raise UserError(f"{path} cannot be the page over all runs: name another file with --out, such as {INDEX}")
    cards: list[Card] = []
    failures: list[str] = []
    readable: list[Path] = []
    with told.stage("pages", len(folders), "runs") as advance:
        for folder in folders:
            try:
                if has_page(folder) and not (folder / PAGE).is_file():
                    write_page(folder)
                cards.append(card_of(folder, path.absolute().parent))
                readable.append(folder)
            except UserError as error:
                failures.append(str(error))
            advance(1)
    if not cards:
        raise UserError(failures[0])
    sheet = draw_networks(readable)
    rows, comparisons = compare_runs(readable)
    write_index(path, title or path.absolute().parent.name or "runs", cards, sheet, rows, comparisons)
    told.say(f"done: {path}")
    if sheet is None:
        return Report(path, failures)
    figure = path.parent / NETWORKS
    write_image(figure, sheet, PNG_EFFORT)
    told.say(f"done: {figure}")
    return Report(path, failures, figure)

"""Pages of finished runs, written anew or joined: ``mindseye.write_report(run)``, ``mindseye.write_report(run, run, ...)``."""

import os
from dataclasses import dataclass
from pathlib import Path

from mindseye.arguments import required_path
from mindseye.errors import UserError
from mindseye.report.card import INDEX, Card, card_of
from mindseye.report.compare import compare_runs
from mindseye.report.figure_files import write_sheet
from mindseye.report.figures import write_figures
from mindseye.report.index import write_index
from mindseye.report.networks import draw_networks
from mindseye.report.notebook import Run
from mindseye.report.page import has_page, write_page
from mindseye.report.progress import Progress
from mindseye.report.progress import Report as ProgressOption
from mindseye.report.theme import FigureStyle, FigureWords
from mindseye.runs.folder import FINISHED, PAGE, RunFolder

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
    figures: FigureWords = None,
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
        figures: ``"dark"``, ``"svg"``, ``"pdf"``, with commas between: of a single run, draw its figures anew like this; of several
            the one that shows them side by side.
        quiet: say nothing.
        progress: None, True, or a function that is told how far it is.

    Raises:
        UserError: if none of the folders holds a readable run, or a page cannot be written.
    """
    if not runs:
        raise UserError("no run: name at least one run folder")
    told, style = Progress.of(progress, quiet=quiet), FigureStyle.of(figures)
    folders = [run.path if isinstance(run, Run) else required_path("run", run) for run in runs]
    if len(folders) == 1 and out is None:
        if figures:
            draw_anew(folders[0], style, told)
        path = write_page(folders[0])
        told.say(f"done: {path}")
        return Report(path, [])
    path = Path(out) if out is not None else folders[0].absolute().parent / INDEX
    if path.is_dir() or path.name == PAGE:
        raise UserError(f"{path} cannot be the page over all runs: name another file with --out, such as {INDEX}")
    folders = [folder for folder in folders if not _is_own(folder, path)] or folders
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
    sheet = draw_networks(readable, style.theme)
    rows, comparisons = compare_runs(readable)
    write_index(
        path,
        title or path.absolute().parent.name or "runs",
        cards,
        None if sheet is None else sheet.image,
        rows,
        comparisons,
    )
    told.say(f"done: {path}")
    if sheet is None:
        return Report(path, failures)
    figure = path.parent / NETWORKS
    write_sheet(figure, sheet, style)
    told.say(f"done: {figure}")
    return Report(path, failures, figure)


def draw_anew(folder: Path, style: FigureStyle, progress: Progress) -> None:
    """Draw the figures of a finished run in another style, which it keeps.

    Raises:
        UserError: if the folder holds no finished run that has figures of its own.
    """
    run = RunFolder(folder)
    manifest = run.read()
    if manifest.status not in FINISHED or not (manifest.layers or manifest.pictures):
        raise UserError(f"{folder} is no finished run with figures: leave --figures out")
    with run.locked(), progress.stage("figures", 1, "set") as advance:
        manifest.figures = style.words()
        run.write(manifest)
        write_figures(folder, style)
        advance(1)


def _is_own(named: Path, page: Path) -> bool:
    """Whether ``runs/*`` has taken in what an earlier call left beside the runs: a page, or the folder of its figure."""
    figures = (page.parent / NETWORKS).parent
    return named.is_file() or (named.absolute() == figures.absolute() and (page.parent / NETWORKS).is_file())

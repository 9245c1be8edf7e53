"""The page of a run in a browser: ``mindseye.open_run(run)``."""

import os
import sys
import webbrowser
from pathlib import Path

from mindseye.arguments import required_path
from mindseye.errors import UserError
from mindseye.report.card import INDEX
from mindseye.report.notebook import Run
from mindseye.report.page import has_page, write_page
from mindseye.report.progress import Progress
from mindseye.runs.folder import PAGE
from mindseye.wording import did_you_mean, near_paths


def open_run(run: str | os.PathLike[str] | Run, *, quiet: bool = False) -> Path:
    """Open the page of a run in the browser, written first where it is missing; where there is no browser, say where it is.

    Args:
        run: the folder of a run, what the painting functions return, a page, or a folder with an ``index.html``.

    Returns:
        The page.

    Raises:
        UserError: if there is neither a run nor a page.
    """
    page = _page(run.path if isinstance(run, Run) else required_path("run", run)).absolute()
    progress = Progress(quiet)
    opened = _has_screen() and _open(page)
    progress.say(f"{'opened' if opened else 'no browser here; open this file in one:'} {page}")
    return page


def _page(path: Path) -> Path:
    if path.is_file() and path.suffix in (".html", ".htm"):
        return path
    if has_page(path):
        return path / PAGE if (path / PAGE).is_file() else write_page(path)
    if (path / INDEX).is_file():
        return path / INDEX
    near = did_you_mean(near_paths(path))
    raise UserError(
        f"{path} is neither a run folder nor a page: {near or 'name the --out of a command, or the folder that it made'}"
    )


def _has_screen() -> bool:
    """Whether a browser with pictures can be there: without a screen Python would take one for text, and wait for it."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in screens)


def _open(page: Path) -> bool:
    try:
        return webbrowser.open(page.as_uri())
    except (webbrowser.Error, OSError):
        return False

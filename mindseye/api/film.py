"""The steps of a finished run as films: ``mindseye.film(run)``."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from PIL import Image

from mindseye.arguments import check_count, check_number, required_path
from mindseye.errors import UserError
from mindseye.photos.depth import UndecodableError
from mindseye.photos.pixels import read_photo
from mindseye.report import film as films
from mindseye.report.notebook import Run
from mindseye.report.page import leave_page
from mindseye.report.progress import Progress, Report
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import FINISHED, RunFolder
from mindseye.runs.making import Making, makings

SHORTEST, LONGEST = 0.1, 600.0

Write = Callable[[Sequence[Image.Image], float], bytes]


def film(
    run: str | os.PathLike[str] | Run,
    *,
    gif: bool = True,
    mp4: bool = False,
    seconds: float = 4.0,
    facet: int | None = None,
    quiet: bool = False,
    progress: Report = None,
) -> list[Path]:
    """Make a film of each picture of a finished run: its start, then its steps; the last is held for a second more.

    Args:
        run: a run of ``visualize`` or ``paint``, or its folder.
        gif: whether GIFs are written.
        mp4: whether MP4s are, which want the ``[film]`` extra.
        seconds: from the first picture to the last, 0.1 to 600.
        facet: only pictures of the facet, or objective, with this index.
        quiet: say nothing.
        progress: None, True, or a function that is told how far it is.

    Returns:
        The films: ``films/NAME.gif`` and ``films/NAME.mp4`` for ``pictures/NAME.png``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    if not (gif or mp4):
        raise UserError("a film is a GIF, an MP4 or both; ask for at least one")
    check_number("seconds", seconds)
    check_count("facet", facet, optional=True)
    if not SHORTEST <= seconds <= LONGEST:
        raise UserError(f"a film takes {SHORTEST:g} to {LONGEST:g} seconds, not {seconds:g}")
    kinds: Sequence[tuple[str, Write]] = [(".gif", films.gif)] * gif + [(".mp4", films.mp4)] * mp4
    if mp4:
        films.load_av()
    folder, told, written = (
        RunFolder(run.path if isinstance(run, Run) else required_path("run", run)),
        Progress.of(progress, quiet=quiet),
        [],
    )
    chosen = _chosen(folder, facet)
    with folder.locked(), told.stage("film", len(chosen), "pictures") as advance:
        for making in chosen:
            pictures = [_read(folder.path / path) for path in making.frames]
            for suffix, write in kinds:
                path = folder.path / _film_path(making.picture, suffix)
                write_bytes(path, write(pictures, seconds))
                written.append(path)
            advance(1)
        leave_page(folder.path, told)
    told.say(f"done: {folder.path / 'films'}")
    return written


def _chosen(folder: RunFolder, index: int | None) -> list[Making]:
    manifest = folder.read()
    if manifest.status not in FINISHED:
        raise UserError(f"{folder.path} is not finished; the command that began it continues it")
    every = makings(manifest)
    if not every:
        raise UserError(
            f"{folder.path} kept no steps of its pictures; paint it again with --snapshots 8 or more, --force"
        )
    known = sorted({making.index for making in every})
    chosen = [making for making in every if index is None or making.index == index]
    if not chosen:
        raise UserError(f"{folder.path} has steps of no picture {index}, only of {', '.join(map(str, known))}")
    return chosen


def _read(path: Path) -> Image.Image:
    try:
        return read_photo(path)
    except UndecodableError as error:
        raise UserError(f"{path}, a step of this run, cannot be read: {error}") from error


def _film_path(picture: str, suffix: str) -> Path:
    """``films/NAME.gif`` for ``pictures/NAME.png``."""
    return Path("films", *PurePosixPath(picture).parts[1:]).with_suffix(suffix)

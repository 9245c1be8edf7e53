"""How each picture of a finished run came to be: its start and its steps, whichever command painted it."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from mindseye.errors import UserError
from mindseye.runs.folder import MANIFEST
from mindseye.runs.schema import FacetEntry, Manifest, PictureEntry


@dataclass(frozen=True)
class Making:
    """One painted picture and what was kept on the way to it.

    index: of its facet or objective. picture: its path, frames: those of its start and of its steps, first to last; all
    relative to the run, with ``/`` between.
    """

    index: int
    picture: str
    frames: tuple[str, ...]


def makings(manifest: Manifest) -> list[Making]:
    """The pictures of a run that were painted and of which steps were kept, in the run's order.

    A run of ``visualize`` has them in ``layers[].facets[]``, one of ``paint`` in ``pictures[]``.

    Raises:
        UserError: if the manifest names a file outside of the run.
    """
    entries: list[FacetEntry | PictureEntry] = [*manifest.facets, *manifest.pictures]
    return [
        Making(entry.index, _inside(entry.picture), tuple(_inside(path) for path in _frames(entry)))
        for entry in entries
        if entry.picture and entry.steps
    ]


def _frames(entry: FacetEntry | PictureEntry) -> list[str]:
    start = [entry.start] if entry.start else []
    return start + [kept.picture for kept in sorted(entry.steps, key=lambda kept: kept.step)]


def _inside(path: str) -> str:
    """A path relative to the run, which must not lead out of it: a run may come from somewhere else."""
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise UserError(f"{MANIFEST} names {path!r}, which is no file of the run")
    return path

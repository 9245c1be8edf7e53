"""The one place where a run is opened, continued, interrupted and finished, whatever it does."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from glob import escape
from itertools import count
from pathlib import Path
from typing import Any

from mindseye.errors import UserError
from mindseye.optimize.session import NetworkSession
from mindseye.runs.entries import describe_model, device_name, versions
from mindseye.runs.folder import FINISHED, RunFolder
from mindseye.runs.schema import Manifest
from mindseye.workflows.record import Record
from mindseye.workflows.request import Request

MOST_KEYS = 5
"""Of a recipe, named in a line."""


def new_manifest(request: Request, session: NetworkSession, options: dict[str, Any], paints: bool = True) -> Manifest:
    """The manifest of a run that has just begun.

    options: what must be the same for an interrupted run to be continued. paints: whether the recipe counts.
    """
    model = describe_model(session.model)
    model.spec = session.model_spec
    return Manifest(
        kind=request.kind,
        command=request.command,
        options=options,
        versions=versions(),
        device=device_name(session.device),
        seed=session.seed,
        recipe=session.recipe.as_dict() if paints else {},
        model=model,
        notes=list(session.model.findings.remarks()),
    )


def identity_of(session: NetworkSession) -> dict[str, Any]:
    """What of a session must be the same for an interrupted run to be continued."""
    return {
        "model": session.model.name,
        "weights": session.weights,
        "weights_digest": session.weights_digest,
        "checkpoint": session.checkpoint,
        "seed": session.seed,
    }


@contextmanager
def open_run(
    folder: RunFolder,
    fresh: Manifest,
    request: Request,
    again: str = "paints",
    patience: float = 0.0,
    clear: Callable[[], None] = lambda: None,
) -> Iterator[Record | None]:
    """The run in a folder, held for this process: the one that is there, or a fresh one; None where it is finished already.

    Where the work is interrupted, what was done is written before the folder is let go.

    Args:
        folder: of the run. fresh: of the run that is asked for. again: what ``--force`` would do anew, for the user.
        patience: seconds to wait for another process to let go of the folder. clear: removes what such a run leaves besides
            what all runs do, before it is replaced.

    Raises:
        UserError: if the folder holds another run that is not to be replaced or a user's own files, or another process works there.
    """
    progress, is_new = request.progress, not folder.path.exists()
    folder.refuse_others_files()
    with ExitStack() as held:
        lock(held, folder, patience)
        if request.force:
            clear()
        manifest = open_manifest(folder, fresh, request.force)
        if manifest.status in FINISHED:
            progress.say(f"{folder.path} is finished already; --force {again} it anew")
            yield None
            return
        if folder.exists():
            progress.say(f"continuing {folder.path}")
        progress.seconds.update(manifest.seconds)
        manifest.figures = request.figures.words()
        record = Record(folder, manifest, progress, request.save_seconds)
        try:
            yield record
        except KeyboardInterrupt:
            record.save("interrupted")
            raise
        except UserError:
            with suppress(OSError, UserError):  # a full disk, of which the refusal tells
                _close_refused(record, is_new)
            raise


def _close_refused(record: Record, is_new: bool) -> None:
    """A refused run does not say that it is still running; one that has kept nothing yet does not hold its folder either.

    is_new: whether the folder was made for it, which then goes too.
    """
    if record.folder.keeps_results() or record.manifest.photos:  # an explanation's maps have names of their own
        record.save("interrupted")
    else:
        record.folder.clear()
        if is_new:
            record.folder.remove_empty()


def lock(held: ExitStack, folder: RunFolder, patience: float) -> None:
    """Hold a run folder; that of a process which was killed may live on for a moment.

    Raises:
        UserError: if another process works there for longer than ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            held.enter_context(folder.locked())
        except UserError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)
        else:
            return


def open_manifest(folder: RunFolder, fresh: Manifest, force: bool) -> Manifest:
    """The manifest of the run in a folder: the one that is there, or a fresh one.

    fresh: of the run that is asked for; its ``kind``, ``options`` and ``recipe`` must be those of the one that is there.

    Raises:
        UserError: if the folder holds another run and is not to be replaced.
    """
    if force:
        folder.clear()
    if not folder.exists():
        return fresh
    manifest = folder.read()
    difference = _difference(manifest, fresh)
    if difference:
        raise UserError(f"{folder.path} {difference}; choose another --out, or --force to replace it")
    return manifest


def run_folder(request: Request, default: Path, fresh: Manifest) -> RunFolder:
    """Where a run goes: where the user says, else where it is among ``default``, ``default-2``, ..., or to the first without one.

    fresh: of the run that is asked for.
    """
    if request.out is not None:
        return RunFolder(request.out)
    others: dict[Path, str] = {}
    for folder in _runs_beside(default):
        difference = _difference_there(folder, fresh)
        if not difference:
            break
        others[folder.path] = difference
    else:
        folder = RunFolder(next(path for path in map(partial(_numbered, default), count(1)) if path not in others))
    if default in others:
        request.progress.say(f"note: {default} {others[default]}; this one goes to {folder.path}")
    return folder


def _runs_beside(default: Path) -> list[RunFolder]:
    """The runs in a folder and in those of its name with a number, in their order; some may have been removed since."""
    numbers = [path.name.removeprefix(f"{default.name}-") for path in default.parent.glob(f"{escape(default.name)}-*")]
    known = sorted({1, *(int(text) for text in numbers if text.isdecimal())})
    folders = [RunFolder(_numbered(default, number)) for number in known]
    return [folder for folder in folders if folder.exists()]


def _numbered(default: Path, number: int) -> Path:
    return default if number == 1 else default.with_name(f"{default.name}-{number}")


def _difference_there(folder: RunFolder, fresh: Manifest) -> str:
    """As ``_difference``; a manifest that cannot be read is another run's."""
    try:
        return _difference(folder.read(), fresh)
    except UserError:
        return "holds a run that cannot be read"


def _difference(there: Manifest, fresh: Manifest) -> str:
    """In what the run that is there differs from the one that is asked for, in words; empty where it is the same run."""
    old, new = ({"kind": run.kind, "recipe": nameless(run.recipe)} | run.options for run in (there, fresh))
    differing = [key for key in new | old if not _agree(old.get(key), new.get(key))]
    if not differing:
        return ""
    told = [_recipe_difference(old[key], new[key], differing) if key == "recipe" else key for key in differing]
    name = there.recipe.get("name")
    is_other = name and "recipe" in differing and name != fresh.recipe.get("name")
    begun = f" (it was begun with --recipe {name})" if is_other else ""
    return f"holds a run that differs in {', '.join(told)}{begun}"


def _recipe_difference(there: Mapping[str, Any], here: Mapping[str, Any], named: Collection[str]) -> str:
    """The recipe with the keys that differ, where these are few enough to be read. named: keys that are told of anyway."""
    keys = [key for key in dict.fromkeys([*here, *there]) if there.get(key) != here.get(key) and key not in named]
    return f"recipe ({', '.join(keys)})" if 0 < len(keys) <= MOST_KEYS else "recipe"


def _agree(there: Any, here: Any) -> bool:
    """Whether two values are one; older runs name the file of an objective by a path from the folder that they began in."""
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        return all(map(_agree, there, here))
    if isinstance(there, str) and isinstance(here, str) and ".py:" in there:
        parts, others = there.split(" + "), here.split(" + ")
        pairs = zip(parts, others, strict=False)
        return len(parts) == len(others) and all(one == other or other.endswith(f"/{one}") for one, other in pairs)
    return bool(there == here)


def nameless(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What a recipe does, whatever it is called: ``distribution`` of an older run may be ``distribution-1`` by now."""
    return {key: value for key, value in recipe.items() if key not in ("name", "about")}

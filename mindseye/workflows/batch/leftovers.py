"""What a batch leaves in its folder: swept where it is half written, cleared where the batch begins anew."""

from contextlib import suppress
from pathlib import Path

from mindseye.errors import UserError
from mindseye.runs.files import UNFINISHED, remove
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch.ledger import LEDGER, LOCKS, LOGS, OURS, PAINTING, STATES, read_plan


def sweep(path: Path) -> None:
    """Remove what a killed process left half written, where no other is at work."""
    for folder in (path / STATES, path / LOGS, path / PAINTING):
        for part in folder.rglob(f".*{UNFINISHED}"):
            part.unlink(missing_ok=True)
    for part in path.glob(f".*{UNFINISHED}"):
        part.unlink(missing_ok=True)


def clear(path: Path) -> None:
    """Remove what a batch left: its ledger, its tables, and the runs of its classes; other people's files stay."""
    if not (path / LEDGER).is_file():
        return
    try:
        plan = read_plan(path)
    except UserError:  # damaged: its runs are left, and will be replaced or refused one by one
        plan = None
    for entry in plan.classes if plan else ():
        folder = RunFolder(path / entry.folder)
        folder.clear()
        (folder.path / ".lock").unlink(missing_ok=True)
        with suppress(OSError):  # somebody's own files are in it
            folder.path.rmdir()
    for name in OURS:
        if name != LOCKS:
            remove(path / name)

"""How far a batch is, as one call: ``mindseye.status(out)``."""

from pathlib import Path

from mindseye.arguments import required_path
from mindseye.workflows.batch.status import BatchStatus, read_status


def status(out: str | Path) -> BatchStatus:
    """How far the batch in a folder is: what is done, what failed and why, who works on it, and for how long still.

    Nothing is changed; the batch may be at work, ended, or dead.

    Raises:
        UserError: if there is no batch, or its ledger is damaged.
    """
    return read_status(required_path("out", out))

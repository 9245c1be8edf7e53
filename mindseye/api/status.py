"""How far a batch is, as one call: ``mindseye.status(out)``."""

from pathlib import Path

from mindseye.workflows.batch.standing import Standing, read_standing


def status(out: str | Path) -> Standing:
    """How far the batch in a folder is: what is done, what failed and why, who works on it, and for how long still.

    Nothing is changed; the batch may be at work, ended, or dead.

    Raises:
        UserError: if there is no batch, or its ledger is damaged.
    """
    return read_standing(Path(out))

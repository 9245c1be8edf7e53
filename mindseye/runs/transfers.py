"""The folder of a transfer: a run folder for each painter and condition, and what judges made of them."""

import shutil
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mindseye.errors import UserError
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import PAGE, RunFolder, file_name
from mindseye.runs.schema import TransferRecord

RECORD, TABLE, FIGURES = "transfer.json", "table.md", "figures"


@dataclass(frozen=True)
class TransferFolder:
    """Paths and record of a transfer."""

    path: Path

    def run(self, painter: str, condition: str) -> RunFolder:
        """The run folder of a painter's pictures in a condition."""
        return RunFolder(self.path / file_name(f"{painter}-{condition}"))

    def sheet(self, painter: str, condition: str, judge: str, number: int = 1) -> str:
        """The path of a sheet of failures, relative to the folder; the first has no number."""
        name = file_name(f"failures-{painter}-{condition}-{judge}")
        return f"{FIGURES}/{name if number == 1 else f'{name}-{number}'}.png"

    def read(self) -> TransferRecord:
        """The record.

        Raises:
            UserError: if there is none, it is damaged, or a newer mindseye wrote it.
        """
        try:
            return TransferRecord.read(self.path / RECORD)
        except FileNotFoundError as error:
            raise UserError(f"{self.path} holds no transfer: it has no {RECORD}") from error

    def write(self, record: TransferRecord, table: str) -> None:
        """Write the record, and the same as a page to read; each whole or not at all."""
        write_bytes(self.path / TABLE, table.encode("utf-8", "replace"))
        record.write(self.path / RECORD)

    def open(self, fresh: TransferRecord, force: bool) -> TransferRecord:
        """The record of the transfer that is asked for: the one that is there, or the fresh one.

        The ``options`` and, by name, the ``networks`` of both must agree; further networks may come to one that is there.
        The command of the latest call stands in the record.

        Raises:
            UserError: if the folder holds another transfer, and is not to be replaced, or a run.
        """
        if RunFolder(self.path).exists():
            raise UserError(f"{self.path} is a run folder; choose another --out for a transfer")
        if force:
            self.clear()
        if not (self.path / RECORD).is_file():
            return fresh
        record = self.read()
        differing = [key for key, value in fresh.options.items() if value != record.options.get(key)]
        known = record.networks
        differing += [name for name, digest in fresh.networks.items() if known.get(name, digest) != digest]
        if differing:
            raise UserError(
                f"{self.path} holds a transfer that differs in {', '.join(differing)}; "
                "choose another --out, or --force to replace it"
            )
        return replace(record, command=fresh.command, networks=known | fresh.networks)

    def clear(self) -> None:
        """Remove what a transfer left, its runs too; files that are not a transfer's stay."""
        if not (self.path / RECORD).is_file():
            return
        with suppress(UserError):  # of a damaged record the runs are not known
            for run in self.read().runs:
                self.run(run.painter, run.condition).clear()
        figures = self.path / FIGURES
        if figures.is_dir() and not figures.is_symlink():
            shutil.rmtree(figures)
        for name in (PAGE, TABLE, RECORD):
            (self.path / name).unlink(missing_ok=True)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the folder for this process, as a run's."""
        return RunFolder(self.path).locked()

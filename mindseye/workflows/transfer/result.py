"""What ``mindseye.transfer`` has found, as values."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mindseye.report.frame import frame
from mindseye.report.html import html_block, page_link, table
from mindseye.report.markdown import transfer_table
from mindseye.runs.folder import PAGE
from mindseye.runs.schema import TransferRecord, TransferResult
from mindseye.runs.transfers import TransferFolder


@dataclass(frozen=True)
class Transfer:
    """A finished transfer's folder, as ``mindseye.transfer`` returns it."""

    path: Path

    @property
    def record(self) -> TransferRecord:
        """transfer.json, read anew."""
        return TransferFolder(self.path).read()

    @property
    def results(self) -> list[TransferResult]:
        """Per painter, condition and judge: accuracies with intervals, of each class too, confusions, failures."""
        return self.record.results

    @property
    def failures(self) -> list[str]:
        """One line per picture that could not be painted."""
        return [f"{run.painter}, {line}" for run in self.record.runs for line in run.failed]

    def __str__(self) -> str:
        return transfer_table(self.record)

    def to_frame(self) -> Any:
        """A pandas table: a row per painter, condition and judge, with accuracies and intervals."""
        return frame(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"painter": result.painter, "condition": result.condition, "judge": result.judge, "images": result.n}
            | {f"top1 {name}": value for name, value in asdict(result.top1).items()}
            | {f"top5 {name}": value for name, value in asdict(result.top5).items()}
            for result in self.results
        ]

    def _repr_html_(self) -> str:
        return html_block(f"transfer in {self.path}", table(self._rows()), page_link(self.path / PAGE))

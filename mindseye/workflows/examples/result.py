"""What ``mindseye.examples`` has found, as values."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mindseye.measure.examples import Rule
from mindseye.report.frame import frame
from mindseye.report.html import grid, html_block, page_link
from mindseye.runs.folder import EXAMPLES, PAGE
from mindseye.runs.schema import Example, ExamplesRecord

SHEET = 720
"""Width of a channel's sheet in a notebook, in px."""


@dataclass(frozen=True)
class ChannelExamples:
    """One channel's groups: minimum, slightly negative, slightly positive, maximum, the most telling photo first.

    rule: how the two in the middle were found, see ``mindseye.measure.examples.spectrum``. sheet: the figure.
    """

    channel: int
    rule: Rule
    groups: dict[str, list[Example]]
    sheet: Path


@dataclass(frozen=True)
class Examples:
    """What ``mindseye.examples`` found. path: the folder. notes: what was lowered or chosen on the way."""

    path: Path
    model: str
    layer: str
    channels: list[ChannelExamples]
    notes: list[str]

    @property
    def record(self) -> ExamplesRecord:
        """All that examples.json says, read anew.

        Raises:
            UserError: if the folder no longer holds it.
        """
        return ExamplesRecord.read(self.path / EXAMPLES)

    def to_frame(self) -> Any:
        """A pandas table: a row per photo of a group."""
        return frame(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"channel": entry.channel, "group": name} | asdict(example)
            for entry in self.channels
            for name, group in entry.groups.items()
            for example in group
        ]

    def _repr_html_(self) -> str:
        sheets = [(f"channel {entry.channel}", entry.sheet) for entry in self.channels]
        title = f"photos that channels of {self.model} at {self.layer} answer to, in {self.path}"
        return html_block(title, grid(sheets, SHEET), page_link(self.path / PAGE))

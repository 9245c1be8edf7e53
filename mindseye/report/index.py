"""An index of runs: a page with a picture per run."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mindseye.errors import UserError
from mindseye.report.manifest import facets, layers
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import RunFolder


@dataclass(frozen=True)
class Card:
    """One run. link: relative URL of its page as seen from the index. score: mean probability that judges give its pictures,
    None where none looked. status: as in run.json, or ``failed`` or ``todo``. note: one line.
    """

    name: str
    link: str
    picture: Path | None
    score: float | None
    status: str
    note: str


def card_of(run: Path, beside: Path) -> Card:
    """The card of a run. beside: the folder of the index.

    Raises:
        UserError: if there is no run.
    """
    manifest = RunFolder(run).read()
    entries = [facet for layer in layers(manifest) for facet in facets(layer)]
    pictures = [run / entry["picture"] for entry in entries if entry.get("picture")]
    scores = [
        block["picture"]["probability"]
        for entry in entries
        for block in entry.get("measures", {}).get("transfer", {}).values()
        if math.isfinite(block.get("picture", {}).get("probability") or math.nan)
    ]
    link = quote((run / "report.html").relative_to(beside).as_posix())
    score = sum(scores) / len(scores) if scores else None
    return Card(run.name, link, pictures[0] if pictures else None, score, manifest["status"], "")


def write_index(path: Path, title: str, cards: Sequence[Card]) -> None:
    """Write the index of some runs."""
    rows = [
        f'<li><a href="{html.escape(card.link)}">{html.escape(card.name)}</a> {html.escape(card.status)}'
        f" {'' if card.score is None else f'{card.score:.2f}'} {html.escape(card.note)}</li>"
        for card in cards
    ]
    page = f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><ul>{''.join(rows)}</ul>"
    write_bytes(path, page.encode("utf-8", "backslashreplace"))


__all__ = ["Card", "UserError", "card_of", "write_index"]

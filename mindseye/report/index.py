"""The page over many runs: a card each, with a picture, a score and a link to the run's own page."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mindseye.photos.depth import UndecodableError
from mindseye.photos.pixels import read_photo
from mindseye.report.drawing import printable
from mindseye.report.manifest import Json, image_set, model_name, names_objectives, provenance
from mindseye.report.numbers import probable
from mindseye.report.page.front import manifest_entries
from mindseye.report.page.headlines import mean_score
from mindseye.report.page.measures import score_of
from mindseye.report.page.pictures import data_uri, fitting, reduced
from mindseye.report.page.templates import policy, render, script, style
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import PAGE, RunFolder

BUDGET = 4e6
LEAST, MOST = 64, 224


@dataclass(frozen=True)
class Card:
    """One run. link: relative URL of its page as seen from the index; empty for a run without one.

    picture: a file. score: mean probability that the judges give its pictures, None where none looked. status: as in
    run.json, or ``failed`` or ``todo``. note: one line.
    """

    name: str
    link: str
    picture: Path | None
    score: float | None
    status: str
    note: str


def card_of(run: Path, beside: Path) -> Card:
    """The card of the run in a folder. beside: the folder in which the index is to stand.

    Raises:
        UserError: if the folder holds no readable run.
    """
    manifest = RunFolder(run).read()
    path = os.path.relpath(run.absolute() / PAGE, beside.absolute())
    return Card(
        name=printable(run.absolute().name),
        link=quote(Path(path).as_posix().encode("utf-8", "surrogateescape")),
        picture=_best(run, manifest),
        score=mean_score(manifest),
        status=printable(str(manifest.get("status") or "")),
        note=_note(manifest),
    )


def write_index(path: Path, title: str, cards: Sequence[Card]) -> None:
    """Write the page over some runs: one HTML file that holds its thumbnails, with search, and order by name or score.

    Raises:
        UserError: if it cannot be written.
    """
    side = fitting(BUDGET, sum(card.picture is not None for card in cards), LEAST, MOST)
    early, code = script("early"), script("dom", "match", "index")
    page = render(
        "index.html",
        title=printable(title),
        policy=policy(early, code),
        early=early,
        style=style("base", "front", "index"),
        script=code,
        cards=[(card, _thumbnail(card.picture, side), probable(card.score)) for card in cards],
        scored=any(card.score is not None for card in cards),
    )
    write_bytes(path, page.encode("utf-8", "replace"))


def _best(run: Path, manifest: Json) -> Path | None:
    """The picture, of the deepest layer, that judges know best; the first where none looked."""
    scored = [(score_of(entry)[1].picture or 0.0, entry.get("picture")) for entry in manifest_entries(manifest)]
    for _, picture in sorted(scored, key=lambda one: -one[0]):
        if isinstance(picture, str) and (run / picture).resolve().is_relative_to(run.resolve()):
            return run / picture
    return None


def _note(manifest: Json) -> str:
    what = "named objectives" if names_objectives(manifest) else image_set(manifest)
    return " · ".join(part for part in (model_name(manifest), what, provenance(manifest)) if part)


def _thumbnail(path: Path | None, side: int) -> str | None:
    try:
        return None if path is None else data_uri(reduced(read_photo(path), side))
    except UndecodableError:
        return None

"""The page over many runs: a card each, with a picture, a score and a link to the run's own page."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from mindseye.photos.depth import UndecodableError
from mindseye.photos.pixels import read_photo
from mindseye.report.drawing import printable
from mindseye.report.manifest import entries_of, names_objectives, photo_folder, provenance
from mindseye.report.numbers import format_probability
from mindseye.report.page.headlines import mean_score
from mindseye.report.page.measures import score_of
from mindseye.report.page.pictures import data_uri, fit_side, shrink
from mindseye.report.page.templates import policy, render, script, style
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import PAGE, RunFolder
from mindseye.runs.schema import Manifest

BUDGET = 4e6
LEAST, MOST = 64, 224
SHEET = 2400


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
        status=printable(manifest.status),
        note=_note(manifest),
    )


def write_index(path: Path, title: str, cards: Sequence[Card], sheet: Image.Image | None = None) -> None:
    """Write the page over some runs: one HTML file that holds its thumbnails, with search, and order by name or score.

    sheet: a figure over all of them, which it shows above the cards.

    Raises:
        UserError: if it cannot be written.
    """
    side = fit_side(BUDGET, sum(card.picture is not None for card in cards), LEAST, MOST)
    early, code = script("early"), script("dom", "match", "index")
    page = render(
        "index.html",
        title=printable(title),
        policy=policy(early, code),
        early=early,
        style=style("base", "front", "index"),
        script=code,
        cards=[(card, _thumbnail(card.picture, side), format_probability(card.score)) for card in cards],
        scored=any(card.score is not None for card in cards),
        sheet=None if sheet is None else data_uri(shrink(sheet, SHEET)),
    )
    write_bytes(path, page.encode("utf-8", "replace"))


def _best(run: Path, manifest: Manifest) -> Path | None:
    """The picture, of the deepest layer, that judges know best; the first where none looked."""
    entries = sorted(entries_of(manifest), key=lambda entry: -(score_of(entry)[1].picture or 0.0))
    for picture in [entry.picture for entry in entries if entry.picture]:
        if (run / picture).resolve().is_relative_to(run.resolve()):
            return run / picture
    return None


def _note(manifest: Manifest) -> str:
    what = "named objectives" if names_objectives(manifest) else photo_folder(manifest.images)
    return " · ".join(part for part in (manifest.model.name, what, provenance(manifest)) if part)


def _thumbnail(path: Path | None, side: int) -> str | None:
    try:
        return None if path is None else data_uri(shrink(read_photo(path), side))
    except UndecodableError:
        return None

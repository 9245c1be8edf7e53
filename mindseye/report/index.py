"""The page over many runs: a card each, with a picture per facet, numbers and a link to the run's own page; two side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from mindseye.report.card import Card
from mindseye.report.compare import Comparison, about_run
from mindseye.report.manifest import facet_label
from mindseye.report.networks import NetworkRow
from mindseye.report.numbers import format_number, format_probability
from mindseye.report.page.colours import colour_style
from mindseye.report.page.photos import photo_strip
from mindseye.report.page.pictures import data_uri, fit_side, shrink
from mindseye.report.page.templates import inline_parts, render
from mindseye.report.tiles import own_picture
from mindseye.report.typeface import printable
from mindseye.runs.files import write_bytes

BUDGET = 4e6
LEAST, MOST = 48, 224
SHEET = 2400
MOST_PICTURES = 4000
"""On the page: more runs show fewer of each."""
STRIP, MOST_STRIPS = 40, 400
STYLES = ("base", "front", "table", "index", "compare", "targets", "print")
SCRIPTS = ("dom", "match", "theme", "compare", "index")


def write_index(
    path: Path,
    title: str,
    cards: Sequence[Card],
    sheet: Image.Image | None = None,
    rows: Mapping[int, NetworkRow] | None = None,
    comparisons: Sequence[Comparison] = (),
) -> None:
    """Write the page over some runs: one HTML file that holds its thumbnails, with search, order, and two runs side by side.

    sheet: a figure over all of them, which it shows above the cards. rows, comparisons: as ``compare_runs`` gives them, by
    the places of their cards.

    Raises:
        UserError: if it cannot be written.
    """
    page = render(
        "index.html",
        **inline_parts(STYLES, SCRIPTS),
        title=printable(title),
        cards=list(_shown(cards, set(rows or {}))),
        scored=any(card.score is not None for card in cards),
        clustered=any(card.silhouette is not None for card in cards),
        dated=any(card.changed is not None for card in cards),
        sheet=None if sheet is None else _sized(shrink(sheet, SHEET)),
        content=_content(rows or {}, comparisons),
    )
    write_bytes(path, page.encode("utf-8", "replace"))


def _shown(cards: Sequence[Card], compared: set[int]) -> list[dict[str, Any]]:
    """The cards as the template reads them; those that can be compared with others keep all of their pictures."""
    each = max(1, MOST_PICTURES // max(len(cards), 1))
    chosen = [card.pictures if place in compared else card.pictures[:each] for place, card in enumerate(cards)]
    side = fit_side(BUDGET, sum(map(len, chosen)), LEAST, MOST)
    return [
        {
            "card": card,
            "pictures": [(name, _thumbnail(card.folder, path, side)) for path, name in pictures],
            "across": _across(len(pictures)),
            "score": format_probability(card.score),
            "silhouette": format_number(card.silhouette),
            "compared": place in compared,
        }
        for place, (card, pictures) in enumerate(zip(cards, chosen, strict=True))
    ]


def _sized(image: Image.Image) -> dict[str, Any]:
    return {"uri": data_uri(image), "width": image.width, "height": image.height}


def _across(count: int) -> int:
    """How many pictures stand side by side in the square of a card: four by four at most."""
    return next((side for side in (1, 2, 3) if count <= side * side), 4)


def _thumbnail(folder: Path | None, path: str | None, side: int) -> str | None:
    image = None if folder is None else own_picture(folder, path)
    return None if image is None else data_uri(shrink(image, side))


def _content(rows: Mapping[int, NetworkRow], comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """What the page's script compares runs by."""
    strips = sum(len(row.layer.facets) for row in rows.values()) <= MOST_STRIPS
    return {
        "runs": {str(place): _run(row, strips) for place, row in rows.items()},
        "pairs": {
            f"{pair.first}/{pair.second}": {
                "photos": pair.photos,
                "shared": pair.shared,
                "chance": round(pair.chance, 1),
                "matches": [[match.first, match.second, match.shared] for match in pair.matches],
            }
            for pair in comparisons
        },
    }


def _run(row: NetworkRow, strips: bool) -> dict[str, Any]:
    facets = []
    for facet, group in zip(row.layer.facets, row.groups, strict=True):
        strip = photo_strip(facet.members, STRIP) if strips else None
        facets.append(
            {
                "name": f"facet {facet.index}",
                "number": facet.index,
                "label": facet_label(facet),
                "size": len(group),
                "colour": colour_style(facet.index),
                "strip": None if strip is None else _sized(strip),
            }
        )
    return {"about": [[name, printable(value)] for name, value in about_run(row).items()], "facets": facets}

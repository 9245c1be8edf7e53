"""Cards of runs, and the page over many."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from mindseye.errors import UserError
from mindseye.report.card import Card, card_of
from mindseye.report.index import write_index


def test_card_says_what_the_run_comes_to(make_run, tmp_path: Path) -> None:
    """Name, score and picture of the deepest layer, and a link from wherever the index stands."""
    folder = make_run(layers=2, facets=2)
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    facets = manifest["layers"][-1]["facets"]
    card = card_of(folder, tmp_path / "pages" / "all")
    assert card.name == "run"
    assert unquote(card.link) == "../../run/report.html"
    scores = [facet["measures"]["transfer"]["efficientnet_lite1"]["picture"]["probability"] for facet in facets]
    assert card.score == pytest.approx(sum(scores) / 2)
    assert card.pictures == tuple(
        (facet["picture"], f"facet {facet['index']} {facet['label'] or ''}".strip()) for facet in facets
    )
    assert card.silhouette == 0.4
    assert card.facts == ("2 facets", "24 photos", "2 layers")
    assert card.status == "done"
    assert "efficientnet_lite0" in card.note
    assert card_of(folder, folder.parent).link == "run/report.html"


def test_card_of_a_bare_run(make_commission, tmp_path: Path) -> None:
    """No judge, no score; a picture that failed is passed over; a folder without a run is an error."""

    def fail(manifest: dict[str, Any]) -> None:
        manifest["pictures"][0].update(status="failed", picture=None)

    folder = make_commission(["a:1", "a:2"], judged=False, change=fail)
    card = card_of(folder, tmp_path)
    assert card.score is None
    assert card.pictures == ((None, "a:1"), ("pictures/01.png", "a:2"))
    with pytest.raises(UserError, match="no run folder"):
        card_of(tmp_path, tmp_path)


def test_index_of_a_thousand_runs(make_run, tmp_path: Path) -> None:
    """One file of a few MB with a card each; cards without picture, link or score have their place."""
    made = card_of(make_run(layers=1, facets=4, images=8), tmp_path)
    cards = [replace(made, name=f"run {index}", link=f"{index}/report.html") for index in range(1000)]
    cards += [
        Card("lost & found", "", "failed", "<b>"),
        Card("gone", "", "todo", "", (), tmp_path, (("gone.png", "x"),)),
    ]
    path = tmp_path / "index.html"
    write_index(path, "all <of> them", cards)
    text = path.read_text("utf-8")
    assert text.count('<article class="me-card"') == 1002
    assert text.count('<img class="me-picture"') == 1000
    assert text.count("<img ") == 3000  # of four each; all of them would be more than a page holds
    assert "<title>all &lt;of&gt; them</title>" in text
    assert "lost &amp; found" in text
    assert not re.search(r'(src|href)="(?!data:|#|\d+/report)', text)
    assert path.stat().st_size < 10e6

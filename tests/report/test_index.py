"""Cards of runs, and the page over many."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from mindseye.errors import UserError
from mindseye.report.index import Card, card_of, write_index


def test_card_says_what_the_run_comes_to(make_run, tmp_path: Path) -> None:
    """Name, score and picture of the deepest layer, and a link from wherever the index stands."""
    folder = make_run(layers=2, facets=2)
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    facets = manifest["layers"][-1]["facets"]
    card = card_of(folder, tmp_path / "pages" / "all")
    assert card.name == "run"
    assert unquote(card.link) == "../../run/report.html"
    assert card.picture == folder / facets[0]["picture"]
    scores = [facet["measures"]["transfer"]["efficientnet_lite1"]["picture"]["probability"] for facet in facets]
    assert card.score == pytest.approx(sum(scores) / 2)
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
    assert card.picture is not None
    assert card.picture.name == "01.png"
    with pytest.raises(UserError, match="no run folder"):
        card_of(tmp_path, tmp_path)


def test_index_of_a_thousand_runs(make_run, tmp_path: Path) -> None:
    """One file of a few MB with a card each; cards without picture, link or score have their place."""
    picture = card_of(make_run(layers=1, facets=1, images=4), tmp_path).picture
    cards = [
        Card(f"run {index}", f"{index}/report.html", picture, index / 1000, "done", "note") for index in range(1000)
    ]
    cards += [
        Card("lost & found", "", None, None, "failed", "<b>"),
        Card("gone", "", tmp_path / "gone.png", None, "todo", ""),
    ]
    path = tmp_path / "index.html"
    write_index(path, "all <of> them", cards)
    text = path.read_text("utf-8")
    assert text.count('<article class="me-card"') == 1002
    assert text.count('<img class="me-picture"') == 1000
    assert "<title>all &lt;of&gt; them</title>" in text
    assert "lost &amp; found" in text
    assert not re.search(r'(src|href)="(?!data:|\d+/report)', text)
    assert path.stat().st_size < 10e6

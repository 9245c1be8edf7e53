"""The page over many runs in a browser: a picture per facet, order, two runs side by side, and the way there and back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from browsing import SMALL_TARGETS, hash_of, look_at, settle
from plain_runs import write_run

from mindseye.api.report import write_report
from mindseye.report.card import Card
from mindseye.report.compare import Match, compare_runs
from mindseye.report.index import write_index

A, B, C = (0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)
D = (0, 1, 8, 9)
OTHERS = {"root": "/elsewhere", "count": 1, "paths": ["/elsewhere/0.png"]}


def index_of(tmp_path: Path, *groups: Sequence[Sequence[int]], **changes: Any) -> Path:
    """The page over some runs of the same photos, and one of others."""
    folders = [write_run(tmp_path / f"run {number}", number, facets, **changes) for number, facets in enumerate(groups)]
    other = write_run(tmp_path / "other", 9, (A, B), images=OTHERS)
    return write_report(*folders, other, out=tmp_path / "index.html", quiet=True).path


def test_partners_are_those_that_share_most_photos(tmp_path: Path) -> None:
    """By hand: A and B in other order, C alone in the first, D alone in the second; nothing is compared with other photos."""
    index_of(tmp_path, (A, B, C), (B, A[:3], D))
    rows, (pair,) = compare_runs([tmp_path / name for name in ("run 0", "run 1", "other")])
    assert sorted(rows) == [0, 1]
    assert (pair.first, pair.second, pair.photos) == (0, 1, 12)
    assert pair.matches == [Match(0, 1, 3), Match(1, 0, 4), Match(2, 2, 2)]
    assert pair.shared == 9
    assert pair.chance == pytest.approx((4 * 3 + 4 * 4 + 4 * 4) / 12)


def test_a_facet_without_a_partner_comes_last(tmp_path: Path) -> None:
    """Two facets against three: the one that shares no more than chance stands alone."""
    index_of(tmp_path, (A, B), (C, B, A))
    _, (pair,) = compare_runs([tmp_path / "run 0", tmp_path / "run 1"])
    assert pair.matches == [Match(0, 2, 4), Match(1, 1, 4), Match(None, 0)]


def test_a_card_shows_a_picture_per_facet(tmp_path: Path, visit) -> None:
    """Three in a square of two by two, each with its name; the numbers below; nothing shifts, nothing is asked for."""
    page = visit(index_of(tmp_path, (A, B, C), (A, B)))
    first = page.locator(".me-card").first
    assert [image.get_attribute("alt") for image in first.locator(".mosaic img").all()] == [
        f"facet {n}" for n in range(3)
    ]
    assert first.locator(".mosaic").evaluate("one => getComputedStyle(one).gridTemplateColumns.split(' ').length") == 2
    assert "3 facets · 12 photos · done" in first.inner_text()
    assert page.locator(".me-head p").inner_text() == "3 runs"
    assert page.evaluate("window.shifts") == 0


def test_two_runs_stand_side_by_side(tmp_path: Path, visit) -> None:
    """Ticked one after the other, then facet by facet; a run of other photos cannot be ticked beside them."""
    page = visit(index_of(tmp_path, (A, B, C), (B, A[:3], D), recipe={"name": "paper", "steps": 9}))
    boxes = page.locator(".pick input")
    assert boxes.count() == 2
    boxes.nth(0).check()
    assert page.locator("#picked").inner_text() == "run 0: tick another"
    assert page.locator("#go").is_hidden()
    boxes.nth(1).check()
    page.locator("#go").click()
    assert hash_of(page) == "#/compare/0/1"
    assert page.title().startswith("run 0 and run 1 · ")
    text = page.locator("#compare").inner_text()
    assert "3 of 3 facets have a partner: 75 % of the 12 photos lie in partners (by chance 31 %)" in text
    rows = page.locator(".match")
    assert [row.locator("figcaption b").all_inner_texts() for row in rows.all()] == [
        ["facet 0", "facet 1"],
        ["facet 1", "facet 0"],
        ["facet 2", "facet 2"],
    ]
    assert rows.locator(".shared b").all_inner_texts() == ["3 shared", "4 shared", "2 shared"]
    assert page.locator(".differs th").all_inner_texts() == ["network"]
    assert rows.first.locator("a").first.get_attribute("href") == "run%200/report.html?index=../index.html#/picture/0"
    sources = "[...document.querySelectorAll('.match figure > a > img')].map((one) => one.src.length > 50)"
    assert page.evaluate(sources) == [True] * 6
    page.locator(".turn a").click()
    settle(page)
    assert page.locator(".match").first.locator("figcaption b").all_inner_texts() == ["facet 0", "facet 1"]
    assert page.locator(".match .shared b").all_inner_texts() == ["4 shared", "3 shared", "2 shared"]


def test_back_leads_to_the_runs_as_they_were_left(tmp_path: Path, visit) -> None:
    """By Escape, by the link and by the browser: search, order and ticks are there again."""
    page = visit(index_of(tmp_path, (A, B), (B, A), (C, B)))
    page.locator("#filter").fill("run")
    page.locator("#order").select_option("name")
    for place in (0, 2):
        page.locator(".pick input").nth(place).check()
    page.locator("#go").click()
    settle(page)
    page.keyboard.press("Escape")
    settle(page)
    for leave in (lambda: page.go_back(), lambda: page.locator("#tabs a").click()):
        look_at(page, "#/compare/0/2")
        leave()
        settle(page)
        assert page.locator(".me-card:visible").count() == 3
        assert page.locator("#filter").input_value() == "run"
        assert page.locator("#order").input_value() == "name"
        assert [box.is_checked() for box in page.locator(".pick input").all()] == [True, False, True]


def test_addresses_that_name_no_two_runs_say_so(tmp_path: Path, visit) -> None:
    """The run of other photos, the same twice, and one that there is not."""
    page = visit(index_of(tmp_path, (A, B), (B, A)))
    for words in ("0/2", "0/0", "0/7", "0"):
        look_at(page, f"#/compare/{words}")
        assert "cannot be compared" in page.locator("#compare h2").inner_text()
        assert page.locator("#compare a").first.get_attribute("href") == "#/"


def test_a_page_leads_back_to_where_it_was_opened(tmp_path: Path, visit) -> None:
    """And to no address of another kind, whatever its own says."""
    index = index_of(tmp_path, (A, B), (B, A))
    visit.also(tmp_path / "run 0" / "report.html")
    page = visit(index)
    page.locator(".me-card .me-open").first.click()
    settle(page)
    assert page.locator("#to-index").evaluate("one => one.href") == index.as_uri()
    own = (tmp_path / "run 0" / "report.html").as_uri()
    for query in (
        "",
        "?index=javascript:alert(1)//.html",
        "?index=https://example.org/x.html",
        "?index=//example.org/x.html",
    ):
        page.goto(own + query)
        assert page.locator("#to-index").count() == 0, query
    page.goto(own + "?index=../index.html")
    look_at(page, "#/picture/1")
    page.locator("#to-index").click()
    page.wait_for_url(index.as_uri() + "*")
    assert page.locator("#runs .me-card").count() == 3


@pytest.mark.parametrize(("width", "least"), [(360, 44), (1440, 24)])
def test_targets_are_large_enough(tmp_path: Path, visit, width: int, least: int) -> None:
    page = visit(index_of(tmp_path, (A, B, C), (B, A)), width=width)
    for view in ("#/", "#/?pick=0+1", "#/compare/0/1"):
        look_at(page, view)
        assert page.evaluate(SMALL_TARGETS, least) == [], view


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(tmp_path: Path, visit, scheme: str) -> None:
    """All runs and two of them, at 360 px; the button turns the colours."""
    name = {"name": "a_network_with_a_name_that_is_long_" * 3, "weights": "none"}
    page = visit(index_of(tmp_path, (A, B, C), (B, A), model=name), width=360, scheme=scheme)
    for view in ("#/", "#/?pick=0+1", "#/compare/0/1"):
        look_at(page, view)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert page.evaluate("[...document.images].every((image) => image.alt && image.getAttribute('width'))")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    before = page.evaluate(paper)
    page.locator("#theme").click()
    settle(page)
    assert page.evaluate(paper) != before


def test_two_are_compared_with_the_keyboard_alone(tmp_path: Path, visit) -> None:
    """Tab and Space tick, Enter opens; the focus stands at the heading, and afterwards where it was."""
    page = visit(index_of(tmp_path, (A, B), (B, A)))
    page.locator(".pick input").first.focus()
    page.keyboard.press("Space")
    page.locator(".pick input").nth(1).focus()
    page.keyboard.press("Space")
    page.locator("#go").focus()
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.keyboard.press("Escape")
    settle(page)
    assert page.evaluate("document.activeElement.id") == "go"


def test_index_of_many_runs_is_searched_and_sorted(visit, tmp_path: Path) -> None:
    """Search by any word; order as given, by name as people count, by score with those that have none last."""
    scores = [None, 0.2, 0.9, None]
    cards = [
        Card(f"run {name}", f"run%20{name}/report.html", "done", f"note {name}", score=score)
        for name, score in zip((10, 9, 2, 1), scores)
    ]
    write_index(tmp_path / "index.html", "all runs", cards)
    page = visit(tmp_path / "index.html", width=360)
    names = page.locator(".me-card:visible .me-name b")
    assert names.all_text_contents() == ["run 10", "run 9", "run 2", "run 1"]
    page.locator("#order").select_option("name")
    settle(page)
    assert names.all_text_contents() == ["run 1", "run 2", "run 9", "run 10"]
    page.locator("#order").select_option("score")
    settle(page)
    assert names.all_text_contents() == ["run 2", "run 9", "run 1", "run 10"]
    page.locator("#filter").fill("NOTE 9")
    settle(page)
    assert names.all_text_contents() == ["run 9"]
    assert page.locator(".me-card:visible a").get_attribute("href") == "run%209/report.html?index=../index.html"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

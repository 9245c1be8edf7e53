"""The first screen in the order of a number, in a real browser."""

import random
from typing import Any

from browsing import escape, hash_of, settle

from mindseye.report.page import write_page

COUNT = 6


def measured(manifest: dict[str, Any]) -> None:
    """Gives the facets cosines in no order, one of them none, and total variations whose best is 1."""
    cosines = random.Random(0).sample(range(10, 90), COUNT)
    for facet, cosine in zip(manifest["layers"][-1]["facets"], cosines, strict=True):
        measures = facet["measures"]
        measures["fidelity"] = {"picture": {"cosine": cosine / 100}, "start": {"cosine": 0.05}}
        measures["naturalness"] = {"picture": {"total_variation": cosine / 40}, "members": {"total_variation": 1.0}}
    manifest["layers"][-1]["facets"][2]["measures"].pop("fidelity")
    manifest["cosines"] = cosines


def numbers(page: Any) -> list[int]:
    return [
        int(number) for number in page.locator(".me-card").evaluate_all("cards => cards.map(c => c.dataset.number)")
    ]


def test_cards_by_a_number(make_run, visit) -> None:
    """The best first by each side that can be better, those without one last; each says its number; the address says the order."""
    kept: dict[str, Any] = {}

    def change(manifest: dict[str, Any]) -> None:
        measured(manifest)
        kept["cosines"] = manifest.pop("cosines")

    page = visit(write_page(make_run(layers=1, facets=COUNT, change=change)))
    cosines = kept["cosines"]
    assert numbers(page) == list(range(COUNT))
    options = page.locator("#order option").all_inner_texts()
    assert options[0] == "order found"
    page.locator("#order").select_option(label="cosine")
    others = [number for number in range(COUNT) if number != 2]
    assert numbers(page) == [*sorted(others, key=lambda number: -cosines[number]), 2]
    texts = page.locator(".me-ordered").all_inner_texts()
    assert [text.split()[0] for text in texts] == ["cosine"] * COUNT
    assert float(texts[0].split()[1]) == max(cosines[number] for number in others) / 100
    assert texts[-1].endswith("–")
    page.locator("#order").select_option(label="total variation")
    assert numbers(page) == sorted(range(COUNT), key=lambda number: abs(cosines[number] / 40 - 1))
    page.reload()
    settle(page)
    assert numbers(page) == sorted(range(COUNT), key=lambda number: abs(cosines[number] / 40 - 1))
    first = numbers(page)
    page.locator(".me-card .me-open").first.click()
    settle(page)
    assert f"1 of {COUNT}" in page.locator(".crumbs").inner_text()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert hash_of(page) == f"#/picture/{first[1]}"
    page.locator("#tabs [data-view='front']").click()
    settle(page)
    assert numbers(page) == first
    page.locator("#order").select_option(index=0)
    assert numbers(page) == list(range(COUNT))
    assert hash_of(page) == "#/"
    assert page.locator(".me-ordered").count() == 0


def test_few_cards_are_not_sorted(make_run, visit) -> None:
    page = visit(write_page(make_run(layers=1, facets=3)))
    assert page.locator("#order").is_hidden()


def test_an_order_that_there_is_not_is_none(make_run, visit) -> None:
    page = visit(write_page(make_run(layers=1, facets=4)))
    page.evaluate("location.hash = '#/?sort=99.7'")
    settle(page)
    assert numbers(page) == list(range(4))
    assert page.locator("#order").input_value() == ""


def test_escape_leads_to_where_one_came_from(make_run, visit) -> None:
    """From a card by Enter and back by Escape: the card has the focus, and the place is the one that was left."""
    page = visit(write_page(make_run(layers=1, facets=12)))
    page.locator(".me-card .me-open").nth(9).focus()
    before = page.evaluate("scrollY")
    assert before > 0
    page.keyboard.press("Enter")
    settle(page)
    assert hash_of(page) == "#/picture/9"
    escape(page)
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#/picture/9"
    assert page.evaluate("scrollY") == before

"""The page on paper: what is drawn, what is left out, and what stays in one piece."""

from typing import Any

import pytest
from browsing import look_at, settle

from mindseye.report.page import write_page

VIEWS = ("#/", "#/picture/1", "#/photo/3", "#/channels", "#/channels/1/38", "#/layers", "#/making")
VISIBLE = "(all) => all.filter((one) => one.checkVisibility() && !one.closest('.sortable')).map((one) => one.outerHTML)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_buttons_and_light_colours(make_run, visit, scheme: str) -> None:
    """In every view nothing to press is shown, and the paper is white whatever the screen was."""
    page = visit(write_page(make_run(layers=2, facets=4)), scheme=scheme)
    page.emulate_media(media="print", color_scheme=scheme)
    for view in VIEWS:
        look_at(page, view)
        assert page.locator("button, input, select, #tabs, .zooming").evaluate_all(VISIBLE) == [], view
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator("h1").evaluate("(one) => getComputedStyle(one).color") == "rgb(28, 29, 33)"
    look_at(page, "#/channels")
    assert page.locator(".sortable th button").first.is_visible()


def test_bars_and_dots_are_drawn_and_cards_are_whole(make_run, visit) -> None:
    """Backgrounds are not left out, as browsers do by default, and no card, figure or row is split."""
    page = visit(write_page(make_run(layers=2, facets=4)))
    page.emulate_media(media="print")

    def style(selector: str, name: str) -> list[Any]:
        found: list[Any] = page.locator(selector).evaluate_all(
            "(all, name) => [...new Set(all.map((one) => getComputedStyle(one).getPropertyValue(name)))]", name
        )
        return found

    settle(page)
    assert style(".me-dot", "print-color-adjust") == ["exact"]
    assert style(".me-card, .me-map", "break-inside") == ["avoid"]
    assert style(".me-card", "content-visibility") == ["visible"]
    look_at(page, "#/picture/1")
    assert style(".bar i, .axis i", "print-color-adjust") == ["exact"]
    assert style(".members figure, .channels li, table.numbers, tr", "break-inside") == ["avoid"]
    look_at(page, "#/channels/1/38")
    assert style(".histogram i, .facet-list .bar i", "print-color-adjust") == ["exact"]
    assert style(".histogram, .facet-list li", "break-inside") == ["avoid"]


def test_what_was_not_scrolled_to_is_printed_too(make_run, visit) -> None:
    """Pictures that are filled in when they come near the screen are there on paper."""
    page = visit(write_page(make_run(layers=20, facets=2)))
    look_at(page, "#/layers")
    assert page.locator(".matrix a img").count() < 20 * 2
    page.pdf()
    assert page.locator(".matrix a img").count() == 20 * 2

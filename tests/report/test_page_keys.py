"""A page by the keyboard alone, in a real browser: few stops of Tab, arrows within lists and the map, Escape."""

import re
from typing import Any

import pytest
from browsing import escape, hash_of, look_at, settle

from mindseye.report.page import write_page

FOCUS = """
() => {
  const one = document.activeElement, list = one.closest(".me-groups, .me-map svg, .zooming, .members, .channels, .sortable");
  const what = one.getAttribute("href") || one.textContent.trim().slice(0, 30);
  return [one.tagName, list ? list.getAttribute("class") || "map" : "", what];
}
"""


@pytest.fixture
def many(make_run):
    return write_page(make_run(layers=2, facets=30, images=120))


def tab_stops(page: Any, most: int = 40) -> list[list[str]]:
    """What has the focus after each Tab, until the page's end."""
    stops: list[list[str]] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUS))
        if stops[-1][0] == "BODY":
            break
    return stops


def test_tab_stops_once_at_each_list(many, visit) -> None:
    """30 cards and the map are one stop each; the map is among the first, by its link."""
    page = visit(many)
    stops = tab_stops(page)
    places = [place for _, place, _ in stops]
    assert stops[-1][0] == "BODY"
    assert places.count("me-groups") == places.count("map") == places.count("zooming") == 1
    assert len(stops) < 20
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)[2] == "#side"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "svg"
    assert hash_of(page) == ""


def test_arrows_go_through_the_cards(many, visit) -> None:
    """Right and left along a row and on to the next, down to what lies below, Home and End; Enter opens; the place is kept."""
    page = visit(many)
    page.locator(".me-open").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUS)[2] == "#/picture/2"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(FOCUS)[2] == "#/picture/1"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUS)[2].startswith("#/picture/1/")
    page.keyboard.press("End")
    last = page.evaluate("document.activeElement.closest('.me-card').dataset.number")
    assert last == "29"
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUS)[2] == "#/picture/4"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)[2] == "#/picture/4"
    page.locator("#filter").fill("facet 7")
    settle(page)
    page.keyboard.press("Tab")
    while "me-groups" not in page.evaluate(FOCUS)[1]:
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)[2] == "#/picture/7"
    page.keyboard.press("Enter")
    assert hash_of(page) == "#/picture/7"


def test_arrows_go_through_a_table(many, visit) -> None:
    """Down a column and along a row; the table is one stop of Tab."""
    page = visit(many)
    look_at(page, "#/channels/1")
    page.locator(".sortable th button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.locator(".sortable tbody tr").nth(1)
    assert page.evaluate(FOCUS)[2] == second.locator(".linked a").get_attribute("href")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUS)[2] == second.locator(".row-photos a").first.get_attribute("href")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUS)[2] == page.locator(".sortable tbody tr").nth(2).locator(
        ".row-photos a"
    ).first.get_attribute("href")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)[1] != "sortable"


def test_arrows_go_through_the_map(many, visit) -> None:
    """From photo to photo, each shown and named; Page Down to another facet's; Enter opens; Escape leaves the photo."""
    page = visit(many)
    page.locator(".me-map svg").focus()
    page.keyboard.press("ArrowRight")
    first = page.evaluate("document.activeElement.dataset.photo")
    assert page.locator("#peek").is_visible()
    assert f"{int(first):04d}.png" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    place = "(() => { const box = document.activeElement.getBoundingClientRect(); return [box.left, box.top]; })()"
    for key, axis, sign in (("ArrowRight", 0, 1), ("ArrowDown", 1, 1), ("ArrowLeft", 0, -1), ("ArrowUp", 1, -1)):
        before = page.evaluate(place)
        page.keyboard.press(key)
        assert sign * (page.evaluate(place)[axis] - before[axis]) > 0
    facet = "document.activeElement.closest('[data-facet]').dataset.facet"
    before = page.evaluate(facet)
    page.keyboard.press("PageDown")
    assert page.evaluate(facet) != before
    assert page.evaluate("document.querySelectorAll('.me-map svg [tabindex=\"0\"]').length") == 1
    photo = page.evaluate("document.activeElement.dataset.photo")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "svg"
    assert page.locator("#peek").is_hidden()
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    assert re.fullmatch(r"#/photo/\d+", hash_of(page))
    assert photo is not None
    opened = page.url.rpartition("/")[2]
    page.go_back()
    settle(page)
    assert page.evaluate("document.activeElement.dataset.photo") == opened


@pytest.mark.parametrize(
    "name", ["zoom in", "draw a line around photos to select them", "select the photos that are shown"]
)
def test_arrows_on_the_maps_buttons_change_no_page(many, visit, name: str) -> None:
    """They go from button to button; nor do they on the map, on a link or on a slider."""
    page = visit(many)
    button = page.get_by_role("button", name=name)
    button.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert hash_of(page) == ""
    assert page.evaluate("Boolean(document.activeElement.closest('.zooming'))")
    look_at(page, "#/picture/3")
    button.focus()
    page.keyboard.press("ArrowRight")
    assert hash_of(page) == "#/picture/3"


def test_escape_undoes_step_by_step(many, visit) -> None:
    """The line's mode, the card of a photo, the view, the selection, then the filter; each once."""
    page = visit(many)
    mode = page.get_by_role("button", name="draw a line")
    mode.press("Enter")
    page.keyboard.press("Escape")
    assert mode.get_attribute("aria-pressed") == "false"
    page.locator("#filter").fill("piano")
    page.get_by_role("button", name="select the photos").press("Enter")
    settle(page)
    assert "lasso=" in hash_of(page)
    look_at(page, "#/picture/1")
    escape(page)
    assert "filter=piano" in hash_of(page)
    assert "lasso=" in hash_of(page)
    page.locator("h1").click()
    page.keyboard.press("Escape")
    assert hash_of(page) == "#/?filter=piano"
    assert page.locator(".me-points .selected").count() == 0
    page.keyboard.press("Escape")
    assert hash_of(page) == "#/"
    assert page.locator(".me-card:visible").count() == 30
    look_at(page, "#/channels/1/40")
    escape(page)
    assert hash_of(page) == "#/channels/1"
    escape(page)
    assert hash_of(page) == "#/"


def test_keys_lead_from_facet_to_facet(make_run, visit) -> None:
    """Right and left to the next and the one before, not past the ends; Escape back to all; in a field they move the cursor."""
    page = visit(write_page(make_run(layers=2, facets=3)))
    page.keyboard.press("ArrowRight")
    assert hash_of(page) == "#/picture/0"
    page.keyboard.press("ArrowLeft")
    assert hash_of(page) == "#/picture/0"
    page.keyboard.press("ArrowRight")
    settle(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    page.keyboard.press("ArrowRight")
    assert hash_of(page) == "#/picture/2"
    assert page.locator(".item-title").inner_text().startswith("grand_piano")
    page.locator(".pills a").first.click()
    settle(page)
    page.keyboard.press("ArrowLeft")
    assert hash_of(page) == "#/picture/1/0"
    escape(page)
    assert page.locator("#front").is_visible()

"""The map of a page in a real browser: what covers what, zoom and pan, and what a tap does."""

from typing import Any

import numpy as np
import pytest
from browsing import hash_of, settle

from mindseye.report.page import write_page
from mindseye.report.palette import facet_colour


def view_box(page: Any) -> list[float]:
    settle(page)
    found: list[float] = page.evaluate(
        "Object.values(document.querySelector('.me-map svg').getAttribute('viewBox').split(' ')).map(Number)"
    )
    return found


def test_no_point_is_covered(make_run, visit) -> None:
    """Rings and numbers of facets lie under the photos: in the middle of every point is a photo, its own or a thumbnail."""
    page = visit(write_page(make_run(layers=1, facets=6, images=80)))
    page.locator(".me-map").scroll_into_view_if_needed()
    found = page.evaluate(
        """[...document.querySelectorAll('.me-points circle')].map((point) => {
          const box = point.getBoundingClientRect();
          const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
          return top.dataset.photo === undefined ? top.tagName : 'photo';
        })"""
    )
    assert found == ["photo"] * 80
    assert page.locator(".me-centre circle").count() == 6
    styles = page.locator(".me-centre circle").first.evaluate("(ring) => getComputedStyle(ring).fill")
    assert styles == "none"


def test_the_map_zooms_and_pans_by_wheel_buttons_keys_and_drag(make_run, visit) -> None:
    """The place under the pointer stays; the whole map comes back; nothing can be moved out of the frame."""
    page = visit(write_page(make_run(layers=1, facets=8)))
    graph = page.locator(".me-map svg")
    box = graph.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(150)
    x, y, size, _ = view_box(page)
    assert size < 1240
    assert x + 0.25 * size == pytest.approx(310, abs=3)
    assert y + 0.75 * size == pytest.approx(930, abs=3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25 + 40, box["y"] + box["height"] * 0.75, steps=4)
    page.mouse.up()
    moved = view_box(page)
    assert moved[0] == pytest.approx(x - 40 * size / box["width"], abs=3)
    page.wait_for_timeout(300)
    assert hash_of(page) == f"#/?map={'.'.join(str(round(place)) for place in moved[:3])}"
    whole = page.get_by_role("button", name="the whole map")
    whole.press("Enter")
    assert view_box(page) == [0, 0, 1240, 1240]
    assert whole.is_disabled()
    page.get_by_role("button", name="zoom in").press("Enter")
    assert view_box(page)[2] == pytest.approx(775)
    graph.focus()
    before = view_box(page)
    page.keyboard.press("Shift+ArrowRight")
    assert view_box(page)[0] > before[0]
    for _ in range(20):
        page.keyboard.press("Shift+ArrowLeft")
    assert view_box(page)[0] == 0
    page.wait_for_timeout(300)
    assert hash_of(page).startswith("#/?map=0.")
    for _ in range(12):
        page.keyboard.press("+")
    assert view_box(page)[2] == pytest.approx(1240 / 24, rel=0.01)
    page.keyboard.press("0")
    assert view_box(page) == [0, 0, 1240, 1240]
    page.wait_for_timeout(300)
    assert hash_of(page) == "#/"
    scrolled = page.evaluate("scrollY")
    page.mouse.wheel(0, 300)
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") > scrolled
    assert view_box(page) == [0, 0, 1240, 1240]


def test_a_tap_shows_the_photo_before_it_goes_anywhere(make_run, visit) -> None:
    """A tap near a point holds its photo, with ways to the photo and its facet; a tap elsewhere lets it go."""
    page = visit(write_page(make_run(layers=1, facets=3)), width=360, touch=True)
    page.locator(".me-map").scroll_into_view_if_needed()
    point = page.locator(".me-points circle").nth(4)
    box = point.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert hash_of(page) == ""
    held = page.locator("#peek.held")
    assert held.is_visible()
    assert held.locator("img").bounding_box()["width"] > 100
    number = page.locator("#peek .ways a").first.get_attribute("href").split("/")[-1]
    assert f"{int(number):04d}.png" in held.inner_text()
    page.locator("h1").tap()
    settle(page)
    assert page.locator("#peek").is_hidden()
    page.locator(".me-map").scroll_into_view_if_needed()
    box = point.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    settle(page)
    page.locator("#peek").get_by_role("link", name="Photo").tap()
    assert hash_of(page) == f"#/photo/{number}"
    assert page.locator("#peek").is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


POINTS = """
(all) => all.map((one) => {
  const box = one.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2, Number(one.dataset.photo), box.width / 2];
})
"""


def nearest_photos(points: list[list[float]], thumbnails: list[list[float]], x: float, y: float) -> set[int]:
    """What a finger at a place means: the thumbnail that it lies on, else what lies nearest, by the rim and then by the middle."""
    under = {int(photo) for a, b, photo, half in thumbnails if max(abs(a - x), abs(b - y)) <= half}
    if under:
        return under
    ranks = [(max(0.0, np.hypot(a - x, b - y) - r), np.hypot(a - x, b - y), int(photo)) for a, b, photo, r in points]
    ranks += [(np.hypot(*np.maximum(np.abs([a - x, b - y]) - half, 0)), np.hypot(a - x, b - y), int(photo))
              for a, b, photo, half in thumbnails]  # fmt: skip
    rim, middle, _ = min(ranks)
    return {photo for a, b, photo in ranks if a <= rim + 0.6 and b <= middle + 0.6}


def test_a_finger_means_the_nearest_photo(make_run, visit) -> None:
    """At 360 px, on the middle of each point and up to 6 px beside it: its card comes, out of the way, and nothing is opened."""
    page = visit(write_page(make_run(layers=1, facets=6, images=60)), width=360, touch=True)
    page.locator(".me-map").scroll_into_view_if_needed()
    settle(page)
    points = page.locator(".me-points [data-photo]").evaluate_all(POINTS)
    thumbnails = page.locator(".me-thumbnails image").evaluate_all(POINTS)
    draw, shown = np.random.default_rng(0), page.locator("#peek")
    for x, y, *_ in points[:36]:
        for across, down in ((0, 0), draw.uniform(-4, 4, 2)):
            page.touchscreen.tap(round(x + across), round(y + down))
            means = nearest_photos(points, thumbnails, round(x + across), round(y + down))
            assert int(shown.get_attribute("data-shows")) in means
            assert shown.is_visible()
            assert page.url.partition("#")[2] == ""
    card, frame = shown.bounding_box(), page.locator(".me-map svg").bounding_box()
    assert card["y"] > frame["y"] + frame["height"] / 2 or card["y"] + card["height"] < frame["y"] + frame["height"] / 2


def test_a_finger_on_a_facets_number_shows_the_facet(make_run, visit) -> None:
    """A card with its picture and the link; nothing is opened by the tap itself."""
    page = visit(write_page(make_run(layers=1, facets=3)), width=360, touch=True)
    page.locator(".me-map").scroll_into_view_if_needed()
    box = page.locator(".me-label[data-facet='1'] text").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + 3)
    assert hash_of(page) == ""
    card = page.locator("#peek.held")
    assert "facet 1" in card.inner_text()
    assert card.locator("a").all_inner_texts() == ["Facet"]
    card.locator("a").tap()
    assert hash_of(page) == "#/picture/1"


def test_the_number_of_a_facet_leads_to_it(make_run, visit) -> None:
    """By keyboard too; its name is said."""
    page = visit(write_page(make_run(layers=1, facets=3)))
    link = page.locator(".me-label a").nth(1)
    assert link.get_attribute("aria-label") == "facet 1 grand_piano"
    link.focus()
    page.keyboard.press("Enter")
    assert hash_of(page) == "#/picture/1"


def test_facets_have_the_palettes_colours_and_marks(make_run, visit) -> None:
    """In either theme the colour of that paper, on the map and beside names; from the eleventh facet on other marks."""
    path = write_page(make_run(layers=1, facets=12, images=60))
    colour = "(node) => getComputedStyle(node).%s"
    for scheme in ("light", "dark"):
        page = visit(path, scheme=scheme)
        for index in (0, 11):
            wanted = "rgb({}, {}, {})".format(*facet_colour(index, dark=scheme == "dark"))
            points = page.locator(f".me-points[data-facet='{index}'] > *").first
            dot = page.locator(f".me-card[data-number='{index}'] .me-dot")
            assert points.evaluate(colour % "fill") == wanted
            assert dot.evaluate(colour % "backgroundColor") == wanted
            assert points.evaluate("(node) => node.tagName") == ("polygon" if index == 11 else "circle")
            assert dot.evaluate(colour % "clipPath").startswith("inset" if index == 11 else "none")
        page.locator("#theme").click()
        other = "rgb({}, {}, {})".format(*facet_colour(0, dark=scheme == "light"))
        assert page.locator(".me-points[data-facet='0'] > *").first.evaluate(colour % "fill") == other


def test_map_shows_the_photo_and_opens_it(make_run, visit) -> None:
    """A point under the pointer shows its photo and name and lights its facet's card; a click opens the photo."""
    page = visit(write_page(make_run(layers=1, facets=3)))
    group = page.locator(".me-points").nth(1)
    facet, point = group.get_attribute("data-facet"), group.locator("circle").first
    name = f"photo {int(point.get_attribute('data-photo')):04d}.png"
    point.hover(force=True)
    settle(page)
    assert name in page.locator("#peek").inner_text()
    assert page.locator("#peek img").get_attribute("alt") == name
    assert page.locator(".me-card.lit").get_attribute("data-number") == facet
    assert page.evaluate("window.shifts") == 0
    point.click(force=True)
    assert hash_of(page) == f"#/photo/{point.get_attribute('data-photo')}"

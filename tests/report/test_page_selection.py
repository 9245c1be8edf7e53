"""Photos selected on the map in a real browser: what they leave of facets and channels, and the reverse."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import drag, draw_line, escape, fingers, hash_of, line, look_at, settle
from safetensors.numpy import load_file, save_file

from mindseye.report.page import write_page

FACETS, PHOTOS = 4, 40


@pytest.fixture
def corners_run(make_run):
    """Four facets of ten photos, each in a corner of the map: 0 upper left, 1 upper right, 2 lower left, 3 lower right."""
    folder: Path = make_run(layers=2, facets=FACETS, images=PHOTOS)
    facet = np.arange(PHOTOS) % FACETS
    spread = np.stack([np.arange(PHOTOS) // FACETS % 4, np.arange(PHOTOS) // FACETS // 4], 1)
    points = 20 * np.stack([facet % 2, facet // 2], 1) + spread
    path = folder / "facets.safetensors"
    tensors = load_file(path) | {"blocks.1.1/embedding": points.astype(np.float32), "blocks.1.1/facet": facet}
    save_file(tensors, path)
    return write_page(folder)


TOUCH_LINE = """
(corners) => {
  const map = document.querySelector('.me-map svg'), box = map.getBoundingClientRect();
  const finger = { bubbles: true, cancelable: true, pointerId: 5, isPrimary: true, pointerType: 'touch' };
  map.setPointerCapture = () => {}; // the finger is made up
  corners.forEach(([across, down], place) => map.dispatchEvent(new PointerEvent(place ? 'pointermove' : 'pointerdown',
    { ...finger, clientX: box.left + across * box.width, clientY: box.top + down * box.height })));
  map.dispatchEvent(new PointerEvent('pointerup', finger));
}
"""
BOXES = """
(all) => all.map((one) => {
  const box = one.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2, box.width, Number(one.dataset.photo)];
})
"""
OPACITY = "(one) => getComputedStyle(one).opacity"
LEFT = [(0.02, 0.02), (0.4, 0.02), (0.4, 0.98), (0.02, 0.98)]


def visible(page: Any) -> list[str]:
    return [card.get_attribute("data-number") for card in page.locator(".me-card:visible").all()]


def test_a_line_around_photos_selects_them(corners_run, visit) -> None:
    """By the mode of its button: facets without a selected photo go, the map shows which photos they are, a second line replaces
    the first, and the line itself pans and opens nothing."""
    page = visit(corners_run)
    page.get_by_role("button", name="draw a line").click()
    drag(page, LEFT)
    assert visible(page) == ["0", "2"]
    assert page.locator("#found").inner_text() == "2 of 4"
    assert page.locator("#selection p").first.inner_text().startswith("20 photos of 2 facets selected on the map.")
    assert page.locator(".me-points .selected").count() == 20
    assert page.locator("#selection .thumbs a").count() == 18
    dimmed = page.locator(".me-points[data-facet='1'] > *").first.evaluate("(one) => getComputedStyle(one).opacity")
    assert float(dimmed) < 0.5
    assert page.evaluate("document.querySelector('.me-map svg').getAttribute('viewBox')") == "0 0 1240 1240"
    assert page.get_by_role("button", name="draw a line").get_attribute("aria-pressed") == "false"
    draw_line(page, [(0.02, 0.02), (0.4, 0.02), (0.4, 0.4), (0.02, 0.4)])
    assert visible(page) == ["0"]
    page.locator("#selection").get_by_text("Select nothing").click()
    settle(page)
    assert visible(page) == ["0", "1", "2", "3"]
    assert "lasso" not in hash_of(page)
    assert page.locator(".me-points .selected").count() == 0


def test_a_selection_is_counted_by_facet_and_listed(corners_run, visit) -> None:
    """How many photos of each facet, with links; the button lists all that are not shown, and the focus goes on there."""
    page = visit(corners_run)
    draw_line(page, LEFT)
    counts = page.locator("#selection .tally li")
    assert sorted(counts.all_text_contents()) == ["facet 0 10", "grand_piano 10"]
    assert sorted(counts.locator("a").evaluate_all("(all) => all.map((one) => one.hash)")) == [
        "#/picture/0",
        "#/picture/2",
    ]
    page.get_by_role("button", name="and 2 more").press("Enter")
    settle(page)
    assert page.locator("#selection .thumbs a").count() == 20
    assert page.evaluate("document.activeElement.hash.startsWith('#/photo/')")
    assert page.get_by_role("link", name="Compare the two facets").get_attribute("href") in (
        "#/compare/0/2",
        "#/compare/2/0",
    )


def test_a_selection_is_sent_with_the_address_and_found_again(corners_run, visit) -> None:
    """After loading, after another view and back, together with filter and map."""
    page = visit(corners_run)
    draw_line(page, LEFT)
    page.locator("#filter").fill("piano")
    assert visible(page) == ["2"]
    sent = visit(corners_run)
    sent.goto(page.url)
    sent.reload()
    settle(sent)
    assert visible(sent) == ["2"]
    assert sent.locator(".me-points .selected").count() == 20
    sent.locator(".me-card:visible .me-open").click()
    settle(sent)
    assert "1 of 1" in sent.locator(".crumbs").inner_text()
    escape(sent)
    assert sorted(re.split("[?&]", hash_of(sent))) == sorted(re.split("[?&]", hash_of(page)))
    assert visible(sent) == ["2"]
    for evil in ("lasso=a.b_c.d_<b>", "lasso=1.1", "channel=9/9", "channel=x", "map=1.2", "map=NaN.0.0", "lasso=_.__"):
        look_at(sent, f"#/?{evil}")
        assert visible(sent) == ["0", "1", "2", "3"], evil


def test_the_selected_photos_channels(corners_run, visit) -> None:
    """The table of channels keeps those that are among the strongest of the selected photos, and says so."""
    page = visit(corners_run)
    draw_line(page, LEFT)
    strongest = page.evaluate("JSON.parse(document.getElementById('content').textContent).photos.strongest")
    facets = page.evaluate("JSON.parse(document.getElementById('content').textContent).photos.facets")
    expected = {channel for photo, own in enumerate(strongest) if facets[photo] in (0, 2) for channel, _ in own}
    page.locator("#tabs").get_by_text("Channels").click()
    settle(page)
    assert "lasso=" in hash_of(page)
    shown = {int(text) for text in page.locator("#channels tbody td:first-child").all_inner_texts()}
    assert shown == expected
    assert (
        f"{len(expected)} channels that they have among their strongest" in page.locator("#of-selection").inner_text()
    )
    page.get_by_role("link", name="All channels").click()
    settle(page)
    assert page.locator("#of-selection").count() == 0
    page.locator("#tabs").get_by_text("Facets").click()
    settle(page)
    assert visible(page) == ["0", "1", "2", "3"]


def test_facets_and_channels_narrow_the_map(corners_run, visit) -> None:
    """What is filtered away is faint on the map; a channel leads to its photos and their facets there."""
    page = visit(corners_run)
    page.locator("#filter").fill("facet 3")
    settle(page)
    groups = page.locator(".me-points").all()
    faint = [one.get_attribute("data-facet") for one in groups if float(one.evaluate(OPACITY)) < 0.5]
    assert faint == ["0", "1", "2"]
    look_at(page, "#/channels/1/38")
    page.get_by_role("link", name="Its photos and their facets on the map").click()
    settle(page)
    assert hash_of(page) == "#/?channel=1%2F38"
    assert page.locator(".me-points .selected").count() == 12
    assert (
        "12 photos of 4 facets selected that channel 38 of blocks.1.1 answers to most"
        in page.locator("#selection").inner_text()
    )


def test_the_keyboard_selects_what_the_map_shows(corners_run, visit) -> None:
    """Move and zoom by keys, then the button of what is shown; the map's position stands in the address and is found again."""
    page = visit(corners_run)
    page.locator(".me-map svg").focus()
    for key in ("+", *["Shift+ArrowLeft"] * 4, *["Shift+ArrowUp"] * 4):
        page.keyboard.press(key)
    button = page.get_by_role("button", name="select the photos that are shown")
    button.focus()
    page.keyboard.press("Enter")
    settle(page)
    assert visible(page) == ["0"]
    page.wait_for_timeout(300)
    box = page.evaluate("document.querySelector('.me-map svg').getAttribute('viewBox')")
    assert "map=0.0.775" in hash_of(page)
    sent = visit(corners_run)
    sent.goto(page.url)
    sent.reload()
    settle(sent)
    assert sent.evaluate("document.querySelector('.me-map svg').getAttribute('viewBox')") == box
    assert visible(sent) == ["0"]


def test_a_finger_draws_the_line(corners_run, visit) -> None:
    """In the mode of the button a touch draws, and the page does not scroll."""
    page = visit(corners_run, width=360, touch=True)
    page.locator(".me-map").scroll_into_view_if_needed()
    page.get_by_role("button", name="draw a line").tap()
    page.evaluate(TOUCH_LINE, LEFT)
    settle(page)
    assert visible(page) == ["0", "2"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_tap_after_a_fingers_line_is_a_tap(corners_run, visit) -> None:
    """With real touches: the line selects, and the next tap on a photo shows it."""
    page = visit(corners_run, width=360, touch=True)
    page.locator("#to-map").tap()
    settle(page)
    page.get_by_role("button", name="draw a line").tap()
    box = page.locator(".me-map svg").bounding_box()
    corners = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in LEFT]
    fingers(page, [place for pair in pairwise(corners) for place in line(*pair)])
    assert visible(page) == ["0", "2"]
    page.wait_for_timeout(600)  # sooner, the browser takes the tap for the second of two and gives no click
    point = page.locator(".me-points[data-facet='2'] [data-photo]").first.bounding_box()
    page.touchscreen.tap(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    page.locator("#peek.held").wait_for()


def seen(page: Any) -> int:
    """How many photos lie within the part of the map that is shown."""
    frame = page.locator(".me-map svg").bounding_box()
    points = page.locator(".me-points [data-photo]").evaluate_all(BOXES)
    return sum(0 < x - frame["x"] < frame["width"] and 0 < y - frame["y"] < frame["height"] for x, y, *_ in points)


def test_thumbnails_come_where_the_map_is_zoomed_in(make_run, visit) -> None:
    """Of a large map: more the closer one looks, none over another or over another photo's point, each opens as its point does."""
    folder = make_run(layers=1, facets=6, images=300)
    page = visit(write_page(folder))
    thumbnails, frame = page.locator(".me-zoomed image"), page.locator(".me-map svg").bounding_box()
    assert thumbnails.count() == 0
    box = page.locator(".me-points [data-photo]").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -500)
    page.wait_for_timeout(100)
    some = thumbnails.count() / seen(page)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(100)
    boxes, points = thumbnails.evaluate_all(BOXES), page.locator(".me-points [data-photo]").evaluate_all(BOXES)
    assert len(boxes) > 3
    assert some < len(boxes) / seen(page)
    for x, y, side, photo in boxes:
        assert side >= 20
        assert {other for a, b, _, other in points if max(abs(a - x), abs(b - y)) < side / 2} == {photo}
        assert all(max(abs(a - x), abs(b - y)) >= (s + side) / 2 - 0.5 for a, b, s, other in boxes if other != photo)
    right, bottom = frame["x"] + frame["width"], frame["y"] + frame["height"]
    x, y, _, photo = next(box for box in boxes if frame["x"] < box[0] < right and frame["y"] < box[1] < bottom)
    page.mouse.move(x, y)
    settle(page)
    assert f"{photo:04d}.png" in page.locator("#peek").inner_text()
    page.locator(".me-map svg").focus()
    page.keyboard.press("0")
    settle(page)
    assert page.locator(".me-zoomed image").count() == 0


def test_a_large_run_selects_at_once(make_run, visit) -> None:
    """30 facets of 600 photos: one line, and no more is laid out than is shown."""
    folder = make_run(layers=1, facets=3, images=20, snapshots=1)
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    (layer,) = manifest["layers"]
    layer["facets"] = [layer["facets"][index % 3] | {"index": index, "label": f"label {index}"} for index in range(30)]
    paths = manifest["images"]["paths"]
    manifest["images"] |= {"count": 600, "paths": [f"{paths[index % 20]}{'?' * (index // 20)}" for index in range(600)]}
    (folder / "run.json").write_text(json.dumps(manifest), "utf-8")
    facet = np.arange(600) % 30
    points = np.random.default_rng(0).normal(size=(600, 2)) * 0.3 + np.stack([facet % 6, facet // 6], 1) * 4
    save_file(
        {"blocks.0.1/embedding": points.astype(np.float32), "blocks.0.1/facet": facet}, folder / "facets.safetensors"
    )
    page = visit(write_page(folder))
    draw_line(page, [(0.02, 0.02), (0.98, 0.02), (0.98, 0.2), (0.02, 0.2)])
    assert visible(page) == [str(index) for index in range(6)]
    assert page.locator("#selection .thumbs a").count() == 18

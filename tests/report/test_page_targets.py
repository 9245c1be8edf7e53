"""What one presses is large enough, measured in a real browser: 44 px for fingers, 24 px elsewhere; two fingers on a picture."""

from pathlib import Path

import pytest
from browsing import SMALL_TARGETS, fingers, inspected, line, look_at

from mindseye.report.page import write_page

VIEWS = [
    "#/",
    "#/?lasso=0.0_1240.0_1240.1240_0.1240&filter=png",
    "#/picture/1",
    "#/picture/1/0",
    "#/photo/3",
    "#/compare/1/2",
    "#/layers",
    "#/channels/1",
    "#/channels/1/75",
    "#/words",
    "#/making",
]


@pytest.mark.parametrize(("width", "touch", "least"), [(360, True, 44), (768, True, 44), (1440, False, 24)])
@pytest.mark.parametrize("kind", ["visualize", "inspect"])
def test_targets_are_large_enough(make_run, visit, kind: str, width: int, touch: bool, least: int) -> None:
    """Every link, button, field and explained word of every view, but for words within a sentence and the map's points."""
    change = inspected if kind == "inspect" else lambda manifest: None
    page = visit(write_page(make_run(layers=2, facets=5, images=80, change=change)), width=width, touch=touch)
    for view in [*VIEWS, *(["#/facets"] if kind == "inspect" else [])]:
        look_at(page, view)
        for details in page.locator("details:visible").all():
            details.evaluate("(one) => { one.open = true; }")
        assert page.evaluate(SMALL_TARGETS, least) == [], view
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    look_at(page, "#/photo/3")
    page.locator("#photo").get_by_role("button", name="Full size").click()
    assert page.evaluate(SMALL_TARGETS, least) == []


def test_targets_of_named_pictures(make_commission, visit) -> None:
    page = visit(write_page(make_commission(["class:zebra", "class:tabby"])), width=360, touch=True)
    for view in ("#/", "#/picture/0", "#/compare/0/1", "#/making"):
        look_at(page, view)
        assert page.evaluate(SMALL_TARGETS, 44) == [], view


def test_two_fingers_enlarge_a_picture_and_one_moves_it(make_run, visit) -> None:
    """By as much as they draw apart, about the place between them; a drag moves what does not fit; a tap goes back and forth."""
    path: Path = write_page(make_run(layers=1))
    page = visit(path, width=360, touch=True)
    look_at(page, "#/picture/1")
    page.locator("#item").get_by_role("button", name="Full size").tap()
    image, room = page.locator("dialog.zoom img"), page.locator("dialog.zoom .room")
    before, frame = image.bounding_box(), room.bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    fingers(page, line((x - 40, y), (x - 80, y)), line((x + 40, y), (x + 80, y)))
    after = image.bounding_box()
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.05)
    assert after["x"] + after["width"] / 2 == pytest.approx(x, abs=12)
    assert page.evaluate("visualViewport.scale") == 1
    fingers(page, line((x, y), (x - 60, y)))
    moved = image.bounding_box()
    assert moved["x"] == pytest.approx(after["x"] - 60, abs=6)
    assert moved["width"] == after["width"]
    fingers(page, line((x - 80, y), (x - 20, y)), line((x + 80, y), (x + 20, y)))
    assert image.bounding_box()["width"] < 0.5 * after["width"]
    assert page.locator("dialog.zoom").is_visible()

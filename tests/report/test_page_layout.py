"""The layout of a page in a real browser: its room is used, names keep the part that tells, and no word is broken."""

import re
from pathlib import Path
from typing import Any

import pytest
from browsing import look_at, settle

from mindseye.report.page import write_page

VIEWS = [
    "#/",
    "#/picture/1",
    "#/picture/1/0",
    "#/photo/3",
    "#/compare/1/2",
    "#/compare/0/3/0",
    "#/layers",
    "#/channels/1",
    "#/channels/1/75",
    "#/words",
    "#/making",
]
LONG = "n04487081 trolleybus, trolley coach, trackless_trolley"
BROKEN = """
(root) => {
  const broken = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.checkVisibility() || node.parentElement.closest('code, svg, output')) continue;
    for (const word of node.data.matchAll(/\\p{Lu}+(?!\\p{Ll})|\\p{Lu}?\\p{Ll}+|\\p{N}+/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) broken.push(word[0]);
    }
  }
  return broken;
}
"""


def long_names(manifest: dict[str, Any]) -> None:
    for layer in manifest["layers"]:
        layer["kind"] = "InvertedResidualWithSqueeze"
        for facet in layer["facets"]:
            facet["label"] = LONG


@pytest.mark.parametrize("width", [360, 760, 1440])
def test_no_word_is_broken(make_run, visit, width: int) -> None:
    """In every view, with long names of labels, photos and layers; and nothing has to be scrolled sideways."""
    page = visit(write_page(make_run(layers=3, facets=4, change=long_names)), width=width)
    for view in VIEWS:
        look_at(page, view)
        assert page.evaluate(f"({BROKEN})(document.body)") == [], view
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


def test_a_picture_has_the_room(make_run, visit) -> None:
    """At 1440 px it is more than 500 px wide, the column beside it is full, and the map is small; a phone it fills."""
    path = write_page(make_run(layers=2, facets=4))
    page = visit(path, width=1440)
    look_at(page, "#/picture/1")
    picture = page.locator(".stage > img").bounding_box()
    column = page.locator(".look > div:last-child").bounding_box()
    assert picture["width"] > 500
    assert column["height"] > picture["height"] * 0.9
    assert page.locator(".me-map svg").bounding_box()["width"] < 300
    look_at(page, "#/")
    assert page.locator(".me-map svg").bounding_box()["width"] > 400
    phone = visit(path, width=360)
    look_at(phone, "#/picture/1")
    assert phone.locator(".stage > img").bounding_box()["width"] > 310


CUT = """
(names) => {
  const sides = (node) => [node.getBoundingClientRect().left, node.getBoundingClientRect().right];
  const kept = (name) => [...name.querySelectorAll("b")].map((part) => [part.textContent, sides(part)]);
  return names.map((name) => [name.title, sides(name), kept(name)]);
}
"""
"""Of names that are cut: the whole name, where it stands from left to right, and so of the parts that are kept."""

CUT_NAMES = [
    ("a long name of a photograph that many photos share ", ["{}", ".png"]),
    ("n01440764_", ["{}", ".png"]),
    ("", ["{}", ".png"]),
]


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize(("before", "kept"), CUT_NAMES)
def test_names_keep_the_part_that_tells(make_run, visit, before: str, kept: list[str], width: int) -> None:
    """Of a photo's name the number and the end are seen whole, whatever comes before, between and at whatever width."""

    def rename(manifest: dict[str, Any]) -> None:
        for layer in manifest["layers"]:
            for facet in layer["facets"]:
                for member in facet["members"]:
                    number = re.search(r"\d+", Path(member["path"]).name).group()
                    member["path"] = f"/gone/{before}{number} seen from the side by nobody at all.png"

    page = visit(write_page(make_run(layers=1, change=rename)), width=width)
    for view in ("#/picture/1", "#/compare/0/1"):
        look_at(page, view)
        names = page.locator("main section:visible .members .cut").evaluate_all(CUT)
        assert len(names) >= 10
        for title, (left, right), parts in names:
            number = re.search(r"(\d{4}) seen", title).group(1)
            assert [text for text, _ in parts] == [part.format(number) for part in kept]
            for _, (begins, ends) in parts:
                assert left - 0.5 <= begins
                assert ends <= right + 0.5


def test_names_without_a_number_keep_their_end(make_run, visit) -> None:
    """Seven characters and the kind of file; a very long number keeps its last seven; copied, it is the whole name."""
    names = ["a very long name without any number at its tail.jpeg", "20260101123456789012.png"]

    def rename(manifest: dict[str, Any]) -> None:
        for place, member in enumerate(manifest["layers"][0]["facets"][1]["members"]):
            member["path"] = f"/gone/{names[place % 2]}"

    page = visit(write_page(make_run(layers=1, change=rename)), width=1440)
    look_at(page, "#/picture/1")
    found = page.locator("#item .members .cut")
    for place, kept in ((0, ["ts tail", ".jpeg"]), (1, ["6789012", ".png"])):
        name = found.nth(place)
        assert name.inner_text() == names[place]
        assert name.locator("b").all_text_contents() == kept
        frame, end = name.bounding_box(), name.locator("b").last.bounding_box()
        assert end["x"] + end["width"] <= frame["x"] + frame["width"] + 0.5


def test_equal_bars_are_one_sentence(make_run, visit) -> None:
    """Members of one weight and channels of one share are said to be so; others have bars."""

    def level(manifest: dict[str, Any]) -> None:
        facet = manifest["layers"][0]["facets"][1]
        for member in facet["members"]:
            member["weight"] = 0.1
        for channel in facet["channels"]:
            channel["share"] = 0.02

    page = visit(write_page(make_run(layers=1, change=level)))
    look_at(page, "#/picture/1")
    assert "All 10 count alike: each has weight 10 %." in page.locator("#item").inner_text()
    assert "All 10 have the same share: 2.0 % each." in page.locator("#item").inner_text()
    assert page.locator("#item .members .bar, #item .channels .bar").count() == 0
    look_at(page, "#/picture/0")
    assert page.locator("#item .members .bar").count() == 10
    assert page.locator("#item .channels .bar").count() == 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(make_run, visit, scheme: str) -> None:
    """At 360 px every view fits; dark and light follow the system, and the button turns them."""
    page = visit(write_page(make_run(layers=3, facets=6)), width=360, scheme=scheme)
    for view in ("#/", "#/picture/3", "#/layers", "#/making"):
        look_at(page, view)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    brightness = "getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)[0]"
    before = page.evaluate(brightness)
    assert before > 200 if scheme == "light" else before < 60
    page.locator("#theme").click()
    settle(page)
    after = page.evaluate(brightness)
    assert after < 60 if scheme == "light" else after > 200

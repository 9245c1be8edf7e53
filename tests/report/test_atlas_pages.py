"""The pages of an atlas in a real browser: what they ask for, how they are sorted and searched, what hostile names do."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from browsing import EVIL, WATCH, settle
from made_atlas import channel_record, make_atlas

from mindseye.report.atlas import write_channel_page, write_layer_page
from mindseye.report.atlas.images import photo_sheet, write_webp
from mindseye.runs.atlas import channel_stem
from mindseye.runs.schema import (
    ChannelFacet,
    ClassAnswer,
    Relative,
)


@pytest.fixture
def look(browser):
    """`look(path, ...)` opens a page of an atlas; at the end it has asked for files of its own folder alone, and said nothing."""
    opened, asked, said, roots = [], [], [], set()

    def go(root: Path, page: str, width: int = 1400, quiet: bool = True) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        opened.append(context)
        tab = context.new_page()
        tab.add_init_script(WATCH)
        tab.on("request", lambda request: asked.append(request.url))
        if quiet:
            tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        roots.add(root.as_uri())
        tab.goto((root / page).as_uri())
        settle(tab)
        return tab

    yield go
    for context in opened:
        context.close()
    assert said == []
    own = [url for url in asked if not url.startswith("data:")]
    assert own
    assert all(any(url.startswith(root) for root in roots) for url in own)


def wait_until(tab, condition):
    """Ask a page again and again; its policy forbids the browser to evaluate text by itself."""
    deadline = time.monotonic() + 20
    while not tab.evaluate(condition):
        assert time.monotonic() < deadline, condition
        tab.wait_for_timeout(20)


def numbers_of(tab):
    return tab.eval_on_selector_all("#sheet > a:not([hidden])", "all => all.map((one) => Number(one.dataset.c))")


def test_a_sheet_sorts_and_lays_itself_out(look, tmp_path) -> None:
    """By every number, largest first; the map puts each where its place is; the order stands in the address."""
    record = make_atlas(tmp_path, 12)
    tab = look(tmp_path, "layer3.5/index.html")
    entries = record.layers[1].entries
    assert numbers_of(tab) == [entry.channel for entry in entries]
    for value, name in (("0", "entanglement"), ("1", "selectivity"), ("2", "used")):
        tab.select_option("#order", value)
        by_value = sorted(entries, key=lambda entry, name=name: -getattr(entry, name))
        assert numbers_of(tab) == [entry.channel for entry in by_value]
    tab.select_option("#order", "map")
    boxes = {
        entry.channel: tab.locator(f'#sheet > a[data-c="{entry.channel}"]').bounding_box()["x"] for entry in entries
    }
    assert sorted(boxes, key=boxes.get) == [entry.channel for entry in sorted(entries, key=lambda entry: entry.place)]
    tab.reload()
    settle(tab)
    assert tab.input_value("#order") == "map"
    tab.fill("#narrow", "ketch")
    assert numbers_of(tab) == [entry.channel for entry in entries if entry.label == "ketch"]
    tab.fill("#narrow", "0006")
    assert numbers_of(tab) == [6]


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"lotus": 0.63, "ketch": 0.1}, "63 % of its strongest photos are of lotus"),
        ({"lotus": 0.3, "ketch": 0.23, "ant": 0.1}, "of several classes: lotus 30 %, ketch 23 %, others"),
        ({"lotus": 0.17, "ketch": 0.13}, "of many classes, none more than 17 %"),
    ],
)
def test_a_class_is_named_as_far_as_its_share_goes(tmp_path, shares, said) -> None:
    """Most of the photos, some of them, or none that stands out; the share stands beside the label on sheets."""
    record = make_atlas(tmp_path, 4)
    entry = record.layers[1].entries[1]
    entry.label, entry.label_share = "lotus", shares["lotus"]
    channel = channel_record(channel_stem("layer3.5", 3), 3, "lotus")
    channel.facets = [ChannelFacet(20, "lotus", shares["lotus"])]
    channel.relatives = [Relative("stem", 1, 0.31)]
    channel.classes = [ClassAnswer(label, 9, 1.0, share) for label, share in shares.items()]
    write_channel_page(tmp_path, record, channel)
    page = (tmp_path / "layer3.5" / "0003.html").read_text()
    assert said in page
    assert ("<b>several classes, lotus" in page) == (shares["lotus"] < 0.5)
    assert "None comes near it: r is at most 0.31." in page
    write_layer_page(tmp_path, record, 1, {3}, ["layer3.5/facet-00.webp"])
    assert f"lotus <i>{100 * shares['lotus']:.0f} %</i>" in (tmp_path / "layer3.5" / "index.html").read_text()


def test_the_first_channels_need_no_script(browser, tmp_path) -> None:
    """Their pictures are asked for by the page itself; with the script they are the first of the same sheet."""
    make_atlas(tmp_path, 40)
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((tmp_path / "layer3.5" / "index.html").as_uri())
    tab.wait_for_load_state("load")
    plain = tab.locator("#sheet > a")
    assert plain.count() == 24
    names = [plain.nth(place).get_attribute("href") for place in range(24)]
    context.close()
    tab = browser.new_page()
    tab.goto((tmp_path / "layer3.5" / "index.html").as_uri())
    settle(tab)
    wait_until(tab, "document.querySelectorAll('#sheet > a').length === 40")
    hrefs = tab.eval_on_selector_all("#sheet > a", "all => all.map((one) => one.getAttribute('href'))")
    assert hrefs[:24] == names
    assert len(set(hrefs)) == 40
    tab.close()


def test_search_finds_by_number_layer_and_label(look, tmp_path) -> None:
    """In all layers; Enter opens the first; pictures that are found are loaded."""
    make_atlas(tmp_path, 6)
    tab = look(tmp_path, "index.html", quiet=False)  # the first layer has no pictures yet
    tab.fill("#search", "layer3 lotus")
    names = tab.eval_on_selector_all("#results a", "all => all.map((one) => one.title)")
    assert names == ["layer3.5:3 lotus", "layer3.5:9 lotus", "layer3.5:15 lotus"]
    assert tab.inner_text("#found") == "3 of 12"
    assert not tab.is_visible("#layers")
    tab.fill("#search", "nothing like it")
    assert tab.inner_text("#found") == "0 of 12"
    tab.fill("#search", "15 layer3")
    tab.press("#search", "Enter")
    tab.wait_for_url("**/layer3.5/0015.html")
    assert tab.inner_text("h1") == "layer3.5:15"


def test_a_channels_page_shows_all_of_it(look, tmp_path) -> None:
    """Pictures are there, links lead to pages, what has no page is no link, and arrow keys lead on."""
    make_atlas(tmp_path, 4)
    tab = look(tmp_path, "layer3.5/0003.html", quiet=False)  # its relative in the stem has no picture yet
    tab.evaluate("document.querySelectorAll('img').forEach((one) => { one.loading = 'eager'; })")
    wait_until(tab, "[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    hrefs = tab.eval_on_selector_all("a.near", "all => all.map((one) => one.getAttribute('href'))")
    assert hrefs == ["../stem/0003.html", "0003.html", "../stem/0000.html"]
    assert all((tmp_path / "layer3.5" / href).is_file() for href in hrefs)
    text = tab.inner_text("main")
    for words in (
        "carries 40 %",
        "without it −35 %",
        "without it +2.0 %",
        "r 0.80",
        "failed: turned NaN",
        "20 of its 30",
    ):
        assert words in text
    tab.keyboard.press("ArrowRight")
    tab.wait_for_url("**/0006.html")
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_url("**/0003.html")


@pytest.mark.parametrize("page", ["index.html", "layer3.5/index.html", "layer3.5/0003.html", "stem/0003.html"])
def test_no_page_is_wider_than_a_phone(look, tmp_path, page) -> None:
    """At 360 px nothing sticks out, and nothing shifts while it is read."""
    make_atlas(tmp_path, 6)
    tab = look(tmp_path, page, width=360, quiet=False)
    tab.mouse.wheel(0, 4000)
    settle(tab)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.evaluate("window.shifts") < 0.01


@pytest.mark.parametrize("page", ["index.html", "layer3.5/index.html", "layer3.5/0003.html"])
def test_hostile_names_are_text(look, tmp_path, page) -> None:
    """A label like a tag is shown as it is, wherever it stands."""
    make_atlas(tmp_path, 4, label=EVIL)
    tab = look(tmp_path, page, quiet=False)
    if page == "index.html":
        tab.fill("#search", "owned")
        settle(tab)  # tiles have no text before they have been shown
    assert "owned" not in tab.title()
    assert tab.locator('img[src="x"]').count() == 0
    assert "<script>document.title" in tab.inner_text("body")


def test_many_channels_load_few_pictures(look, tmp_path) -> None:
    """Of hundreds of channels a sheet fetches those that are in sight, and it stays below 2 MB at several thousand."""
    record = make_atlas(tmp_path, 400)
    tab = look(tmp_path, "layer3.5/index.html")
    fetched = "[...document.querySelectorAll('#sheet img')].filter((one) => one.naturalWidth > 0).length"
    wait_until(tab, f"{fetched} > 0")
    assert tab.evaluate(fetched) < 400
    tab.evaluate("scrollTo(0, document.body.scrollHeight)")
    wait_until(tab, "document.querySelectorAll('#sheet > a').length > 160")
    tab.select_option("#order", "map")
    assert tab.locator("#sheet > a").count() == 400
    page = tmp_path / "layer3.5" / "index.html"
    size = page.stat().st_size
    record.layers[1].entries = record.layers[1].entries[:200]
    write_layer_page(tmp_path, record, 1, set(), ["layer3.5/facet-00.webp"])
    each = (size - page.stat().st_size) / 200
    assert size + 4600 * each < 2e6


def test_photo_sheets_hold_tiles_of_any_shape(tmp_path) -> None:
    """Each whole and in its place, with nothing between; the same tiles give the same bytes."""
    tall, wide = torch.zeros(3, 40, 10, dtype=torch.uint8) + 200, torch.zeros(3, 10, 40, dtype=torch.uint8) + 100
    sheet = photo_sheet([tall, wide, tall], 2)
    assert sheet.size == (164, 164)
    alpha = np.asarray(sheet)[..., 3]
    assert (alpha[:80, :80] > 0).sum() == 80 * 20
    assert (alpha[:80, 84:] > 0).sum() == 20 * 80
    assert (alpha[84:, 84:] > 0).sum() == 0
    for name in ("a", "b"):
        write_webp(tmp_path / f"{name}.webp", sheet)
    assert (tmp_path / "a.webp").read_bytes() == (tmp_path / "b.webp").read_bytes()

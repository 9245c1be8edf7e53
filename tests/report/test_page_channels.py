"""The channels of a page: the data behind their views, and the errands that one does there in a real browser."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import EVIL, hash_of, inspected, look_at, settle
from safetensors.numpy import save_file

from mindseye.report.page import write_page
from mindseye.report.page.activity import BINS, PHOTOS, channel_activity, read_channel_means


def keep(folder: Path, **tensors: Any) -> Path:
    save_file({f"a.b/{name}": values for name, values in tensors.items()}, folder / "facets.safetensors")
    return folder


def test_a_channel_is_described_by_its_values(tmp_path: Path) -> None:
    """Mean, range, counts and the photos in their order, by hand."""
    values = np.array([[3, 1], [1, 1], [2, 1], [0, 1]], np.float32)
    found = channel_activity(keep(tmp_path, named_channels=np.array([7, 320]), named_means=values), "a.b")
    mean, low, high, counts, photos = found["7"]
    assert (mean, low, high) == (1.5, 0, 3)
    assert counts == np.histogram([3, 1, 2, 0], BINS, (0, 3))[0].tolist()
    assert photos == [[0, 3], [2, 2], [1, 1], [3, 0]]
    assert found["320"] == [1, 1, 1, [4], [[0, 1], [1, 1], [2, 1], [3, 1]]]


def test_values_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    values = np.array([[np.nan, np.nan], [1, np.nan], [2, np.inf]], np.float32)
    found = channel_activity(keep(tmp_path, named_channels=np.array([0, 1]), named_means=values), "a.b")
    assert list(found) == ["0"]
    assert found["0"][:3] == [1.5, 1, 2]
    assert found["0"][4] == [[2, 2], [1, 1]]


@pytest.mark.parametrize("shape", [(3,), (3, 3)])
def test_means_that_do_not_fit_are_none(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """A file that is missing, damaged, older, or of other shapes costs only the values."""
    assert read_channel_means(tmp_path, "a.b") is None
    (tmp_path / "facets.safetensors").write_bytes(b"damaged")
    assert read_channel_means(tmp_path, "a.b") is None
    assert read_channel_means(keep(tmp_path, facet=np.zeros(3)), "a.b") is None
    assert (
        read_channel_means(keep(tmp_path, named_channels=np.array([0, 1]), named_means=np.zeros(shape)), "a.b") is None
    )


def test_a_facets_channel_leads_to_its_view(make_run, visit) -> None:
    """From a facet to its channel, with the keyboard: the photos in order, the histogram, the facets; and back."""
    page = visit(write_page(make_run(layers=2, facets=3, images=30)))
    look_at(page, "#/picture/1")
    link = page.locator("#item .channels a", has_text="38")
    link.focus()
    page.keyboard.press("Enter")
    assert hash_of(page) == "#/channels/1/38"
    view = page.locator("#channels")
    assert "channel 38" in view.locator(".item-title").inner_text()
    assert "among the top-k of 1 of 3 facets" in view.inner_text()
    captions = view.locator(".members figcaption span:last-child").all_inner_texts()
    assert captions == ["38.3"] * 5 + ["38.2"] * (PHOTOS - 5)
    names = view.locator(".members figcaption span:first-child").all_inner_texts()
    assert names[:2] == ["photo 0029.png", "photo 0028.png"]
    titles = view.locator(".histogram i").evaluate_all("(bars) => bars.map((bar) => bar.title)")
    counts = [int(title.split(": ")[1].split()[0]) for title in titles]
    assert len(counts) == BINS
    assert sum(counts) == 30
    assert view.locator(".facet-list li").all_inner_texts()[0].split("\n")[0] == "grand_piano"
    assert "rank 2 of 10" in view.locator(".facet-list").inner_text()
    view.locator(".facet-list a").click()
    assert hash_of(page) == "#/picture/1"


def test_the_table_is_searched_by_number(make_run, visit) -> None:
    """Rows whose number begins with what is typed stay; Enter opens one; what is unknown says why."""

    def size(manifest: dict[str, Any]) -> None:
        for layer in manifest["layers"]:
            layer["channels"] = 400

    page = visit(write_page(make_run(layers=2, facets=3, change=size)))
    page.get_by_role("link", name="Channels", exact=True).click()
    settle(page)
    view, field = page.locator("#channels"), page.locator("#channels input[type=search]")
    rows = view.locator("tbody tr td:first-child")
    field.press_sequentially("33")
    settle(page)
    assert sorted(rows.all_inner_texts()) == ["333", "334", "335"]
    assert view.locator("[role=status]").inner_text() == "3 of 30"
    field.fill("399")
    settle(page)
    assert rows.count() == 0
    assert "among the top-k of no facet" in view.locator("[role=status]").inner_text()
    field.fill("400")
    settle(page)
    assert "There is no channel 400" in view.locator("[role=status]").inner_text()
    field.fill("334")
    field.press("Enter")
    assert hash_of(page) == "#/channels/1/334"
    look_at(page, "#/channels/blocks.0.1/334")
    assert "blocks.0.1" in view.locator(".item-title").inner_text()
    for address, words in (
        ("1/401", "There is no channel 401"),
        ("1/5", "of no facet"),
        ("nowhere/3", "no layer"),
        ("1/%ZZ", "not the number"),
    ):
        look_at(page, f"#/channels/{address}")
        assert words in page.locator("#unknown").inner_text()


def test_a_run_without_values_says_so(make_run, visit) -> None:
    """A run from before there were any: facets and numbers are shown, and why there is no more."""
    page = visit(write_page(make_run(layers=1, means=False)))
    look_at(page, "#/channels")
    assert page.locator("#channels th").all_inner_texts() == ["channel", "facets"]
    look_at(page, "#/channels/0/38")
    assert "kept no values" in page.locator("#channels").inner_text()
    assert page.locator("#channels .facet-list li").count() == 1


def test_hostile_layers_and_addresses_are_text(make_run, visit) -> None:
    """A layer called like a tag, and an address that holds one."""

    def rename(manifest: dict[str, Any]) -> None:
        for layer in manifest["layers"]:
            for facet in layer["facets"]:
                facet["label"] = EVIL

    page = visit(write_page(make_run(layers=1, change=rename)))
    for view in ("#/channels/0/38", "#/channels", f"#/channels/0/{EVIL}", f"#/channels/{EVIL}/1"):
        page.evaluate("(view) => { location.hash = view }", view)
        settle(page)
        assert page.title() != "owned"
        assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_channels_fit_a_phone(make_run, visit, scheme: str) -> None:
    page = visit(write_page(make_run(layers=3, facets=6)), width=360, scheme=scheme)
    for view in ("#/channels", "#/channels/1/38", "#/channels/1/9999"):
        look_at(page, view)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.reload()
        settle(page)
        assert page.evaluate("window.shifts") == 0, view


def test_entanglement_is_a_curve_a_table_and_pictures(make_run, visit) -> None:
    """The table sorts by any column, both ways, what is missing last; a channel with pictures leads to them."""
    page = visit(write_page(make_run(layers=3, change=inspected)))
    page.get_by_text("Entanglement", exact=True).click()
    settle(page)
    assert page.locator("#channels .chart svg .dot").count() == 3
    heads = page.locator(".sortable th button")
    assert heads.all_inner_texts() == ["channel", "entanglement", "facets", "spread"]
    first = page.locator(".sortable tbody tr").first.locator("td")
    values = [number * 7 % 11 / 20 for number in range(10)]
    assert first.nth(0).inner_text() == str(int(np.argmax(values)))
    heads.nth(1).click()
    settle(page)
    assert first.nth(0).inner_text() == "0"
    for _ in range(2):
        heads.nth(3).click()
        settle(page)
        assert page.locator(".sortable tbody tr").last.locator("td").first.inner_text() == "4"
    heads.nth(0).click()
    settle(page)
    assert page.locator("th[aria-sort=ascending]").inner_text() == "channel"
    page.locator(".sortable a", has_text="7").click()
    settle(page)
    assert hash_of(page) == "#/channels/2/7"
    assert page.locator("#channel-7 img").count() >= 3
    phone = visit(write_page(make_run(layers=3, change=inspected)), width=360)
    look_at(phone, "#/channels/1/2")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")

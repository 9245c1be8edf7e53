"""The page of a run of `inspect` in a real browser: it opens on its answer, and tells channels apart that chance never reaches."""

from typing import Any

import pytest
from browsing import escape, hash_of, inspected, look_at, settle

from mindseye.report.page import write_page


def judged(manifest: dict[str, Any]) -> None:
    """With p-values at their floor but for two channels, z-scores that differ, and a channel that every facet names."""
    inspected(manifest)
    for layer in manifest["layers"]:
        layer["entanglement"] |= {"null_low": 0.03, "null_high": 0.05}
        for place, stats in enumerate(layer["channel_stats"]):
            stats |= {"null": 0.04, "p_value": 0.4 if place > 7 else 1 / 101, "z_score": 20.0 - 2 * place}
        layer["channel_stats"][0]["z_score"] = None


def test_it_opens_on_its_answer(make_run, visit) -> None:
    """A sentence with its numbers, then the curve; facets have a tab and an address of their own, and Escape leads to these."""
    page = visit(write_page(make_run(layers=3, facets=5, change=judged)))
    answer = page.locator("#channels .answer")
    assert answer.is_visible()
    assert page.locator("#front").is_hidden()
    assert answer.inner_text() == (
        "The channels of blocks.2.1 have several meanings more often than by chance "
        "(entanglement 0.50, 95 % 0.45 to 0.55; chance 0.04). 8 of 10 do by themselves (p ≤ 0.05)."
    )
    assert page.locator("#tabs a").all_inner_texts()[:2] == ["Entanglement", "Facets"]
    assert page.locator("#tabs a[aria-current]").inner_text() == "Entanglement"
    assert page.evaluate("window.shifts") == 0
    page.locator("#tabs").get_by_text("Facets").click()
    assert hash_of(page) == "#/facets"
    assert page.locator(".me-card:visible").count() == 5
    page.locator("#filter").fill("piano")
    assert hash_of(page) == "#/facets?filter=piano"
    page.locator(".me-card:visible .me-open").first.click()
    settle(page)
    escape(page)
    assert hash_of(page) == "#/facets?filter=piano"
    page.reload()
    settle(page)
    assert page.locator(".me-card:visible").count() == 3
    look_at(page, "#/")
    assert answer.is_visible()


def test_z_tells_apart_what_p_does_not(make_run, visit) -> None:
    """Many channels have the least p that so many shuffles allow; sorted by z they have an order, and one without z is last."""
    page = visit(write_page(make_run(layers=1, facets=5, change=judged)))
    heads = page.locator(".sortable th button")
    assert heads.all_inner_texts() == ["channel", "entanglement", "chance", "z", "p", "facets", "spread"]
    heads.nth(3).click()
    settle(page)
    cells = page.locator(".sortable tbody tr td:first-child").all_inner_texts()
    assert cells == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]
    heads.nth(3).hover()
    settle(page)
    assert "standard deviations" in page.locator("#tip").inner_text()


@pytest.mark.parametrize(("shuffles", "floor"), [(100, "<0.01"), (1000, "<0.001")])
def test_a_p_value_at_its_floor_says_so(make_run, visit, shuffles: int, floor: str) -> None:
    """In the table, above it and on the channel's page; a p above the floor is a number; of older runs all are."""

    def shuffled(manifest: dict[str, Any]) -> None:
        judged(manifest)
        for layer in manifest["layers"]:
            layer["entanglement"]["shuffles"] = shuffles
            for place, stats in enumerate(layer["channel_stats"]):
                stats["p_value"] = 1 / (shuffles + 1) if place < 7 else (1 + place) / (shuffles + 1)

    page = visit(write_page(make_run(layers=1, facets=5, change=shuffled)))
    cells = dict(
        zip(*(page.locator(f".sortable tbody td:nth-child({n})").all_inner_texts() for n in (1, 5)), strict=True)
    )
    assert [cells[str(channel)] for channel in range(7)] == [floor] * 7
    for channel in (7, 8, 9):
        assert float(cells[str(channel)]) == pytest.approx((1 + channel) / (shuffles + 1), rel=0.05)
    assert (
        page.locator("#floor")
        .inner_text()
        .startswith(f"p < {floor[1:]} is the floor of {shuffles:,} shuffles: in 7 channels of 10 none")
    )
    look_at(page, "#/channels/0/3")
    assert f"{floor} (floor of {shuffles:,} shuffles)" in page.locator("#channels").inner_text()
    look_at(page, "#/channels/0/8")
    assert "floor of" not in page.locator("#channels").inner_text()


def test_a_channel_has_its_photos_in_the_table(make_run, visit) -> None:
    """Those that it answers to most, each a link to its view; of runs that kept none the table has no such column."""
    path = write_page(make_run(layers=1, facets=5, images=30, change=judged))
    page = visit(path)
    row = page.locator(".sortable tbody tr", has=page.get_by_role("link", name="1", exact=True))
    links = row.locator(".row-photos a")
    assert [link.get_attribute("href") for link in links.all()] == [
        f"#/photo/{photo}" for photo in (29, 28, 27, 26, 25)
    ]
    links.first.click()
    assert hash_of(page) == "#/photo/29"


def test_older_inspections_open(make_run, visit) -> None:
    """Without z, without the null's bounds, without values of channels and without pictures."""

    def old(manifest: dict[str, Any]) -> None:
        inspected(manifest)
        for layer in manifest["layers"]:
            layer["channel_pictures"] = []

    page = visit(write_page(make_run(layers=1, means=False, change=old)), width=360)
    assert "more often than by chance" in page.locator(".answer").inner_text()
    assert page.locator(".sortable th.last").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

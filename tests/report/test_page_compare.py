"""Two facets side by side on a page: the way there, what is told, and what an address can ask for, in a real browser."""

from typing import Any

import numpy as np
import pytest
from browsing import escape, hash_of, look_at, settle
from safetensors.numpy import load_file

from mindseye.report.page import write_page
from mindseye.report.page.photo_facets import photos_on_map
from mindseye.runs.folder import RunFolder


def unlike(manifest: dict[str, Any]) -> None:
    """Facets whose channels and numbers are told apart by hand: 0 has channels 0 to 9, 1 has 5 to 14."""
    for layer in manifest["layers"]:
        for facet in layer["facets"]:
            first = 5 * facet["index"]
            facet["channels"] = [{"channel": first + n, "share": 0.2 - 0.01 * n} for n in range(10)]
            facet["label"] = f"label {facet['index']}"
        for facet, cosine, copy in zip(layer["facets"], (0.9, 0.5, 0.9), (0.7, 0.3, 0.7)):
            facet["measures"]["fidelity"]["picture"]["cosine"] = cosine
            facet["measures"]["neighbourhood"]["picture"]["copy"] = copy


def test_centres_are_the_means_of_their_photos(make_run) -> None:
    folder = make_run(layers=1, facets=3)
    kept = load_file(folder / "facets.safetensors")
    points, facet = kept["blocks.0.1/embedding"].astype(float), kept["blocks.0.1/facet"]
    for index, centre in photos_on_map(folder, RunFolder(folder).read())["centres"].items():
        assert centre == pytest.approx(points[facet == index].mean(0), rel=1e-3, abs=1e-3)


def test_a_facet_is_compared_with_another_by_keys(make_run, visit) -> None:
    """Choosing leads nowhere by itself; Enter on the link does; back comes back, with the focus on the link."""
    page = visit(write_page(make_run(layers=2, facets=4, change=unlike)))
    look_at(page, "#/picture/0")
    page.locator("#item select").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    assert hash_of(page) == "#/picture/0"
    other = page.locator("#item select").input_value()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    settle(page)
    assert hash_of(page) == f"#/compare/0/{other}"
    assert page.locator("#compare").is_visible()
    assert page.title().startswith(f"label 0 and label {other} · compared")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.go_back()
    settle(page)
    assert hash_of(page) == "#/picture/0"
    assert page.locator("#item").is_visible()


def test_what_two_facets_have_and_have_not_in_common(make_run, visit) -> None:
    """Pictures, members, numbers with the better side, shared channels beside chance, the distance of the centres."""
    folder = make_run(layers=2, facets=3, images=60, change=unlike)
    kept = load_file(folder / "facets.safetensors")
    points, facet = kept["blocks.1.1/embedding"].astype(float), kept["blocks.1.1/facet"]
    centres = [points[facet == index].mean(0) for index in range(3)]
    page = visit(write_page(folder))
    look_at(page, "#/compare/0/1")
    view = page.locator("#compare")
    assert view.locator(".pair-of-facets img").count() == 2 + 2 * 10
    assert [len(part.locator(".members a").all()) for part in view.locator(".pair-of-facets > section").all()] == [
        10,
        10,
    ]
    lists = [part.locator("a").all_inner_texts() for part in view.locator(".shared-channels > div").all()]
    assert lists == [[str(n) for n in range(5)], [str(n) for n in range(5, 10)], [str(n) for n in range(10, 15)]]
    assert "5 of 10 are in both; by chance it would be 2.08 of the layer’s 48." in view.inner_text()
    better = {}
    for row in view.locator(".of-pair tbody tr").all():
        cells = row.locator("td")
        better[row.locator("th span").first.inner_text()] = [
            cells.nth(side).locator(".better").count() for side in (0, 1)
        ]
    assert better["cosine"] == [1, 0]
    assert better["copy"] == [0, 1]
    apart = float(np.linalg.norm(centres[0] - centres[1]))
    told = view.locator("#centres-apart").inner_text()
    assert float(told.split(" lie ")[1].split(" ")[0]) == pytest.approx(apart, rel=0.01)
    nearer = sum(np.linalg.norm(centres[0] - centres[other]) < apart for other in (1, 2))
    assert f"{nearer or 'None'} of the 2 others" in told
    assert page.locator(".me-points.lit").count() == 2
    look_at(page, "#/compare/0/2")
    cosine = view.locator(".of-pair tbody tr", has_text="cosine").first
    assert cosine.locator(".better").count() == 0


def test_the_choice_stands_on_the_comparison_too(make_run, visit) -> None:
    """Either side is exchanged; the layer is kept; a swapped address swaps the sides."""
    page = visit(write_page(make_run(layers=2, facets=4)), width=360)
    look_at(page, "#/compare/0/1/0")
    page.get_by_label("the one on the right").focus()
    page.get_by_label("the one on the right").select_option("3")
    page.locator("#compare").get_by_role("link", name="Compare", exact=True).click()
    assert hash_of(page) == "#/compare/0/3/0"
    assert page.locator("#compare h3 a").first.get_attribute("href") == "#/picture/0/0"
    look_at(page, "#/compare/3/0")
    assert page.locator("#compare h3 a").first.get_attribute("href") == "#/picture/3"
    page.reload()
    settle(page)
    assert page.locator("#compare .pair-of-facets").is_visible()
    escape(page)
    assert hash_of(page) == "#/"


def test_addresses_that_compare_nothing_say_so(make_run, make_commission, visit) -> None:
    """Unknown facets, one alone, hostile text; named pictures are compared by the same address."""
    page = visit(write_page(make_run(layers=1)))
    for text in ("0/99", "0", "", "x/1", "%3Cb%3E/0", "1/-1"):
        look_at(page, f"#/compare/{text}")
        assert "There is no facet" in page.locator("#unknown").inner_text(), text
    named = visit(write_page(make_commission(["class:zebra", "class:tabby"])))
    look_at(named, "#/picture/0")
    named.locator("#item").get_by_role("link", name="Compare", exact=True).click()
    assert hash_of(named) == "#/compare/0/1"
    assert named.locator("#compare .pair-of-facets img").count() == 2
    assert named.locator("#compare #centres-apart, #compare .shared-channels").count() == 0

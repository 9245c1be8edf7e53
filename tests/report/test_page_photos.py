"""The photos of a page: the data behind their views, and the errands that one does there in a real browser."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import EVIL, escape, hash_of, look_at, settle
from PIL import Image
from safetensors.numpy import load_file, save_file

from mindseye.report.page import write_page
from mindseye.report.page.photo_facets import STRONGEST, photos_on_map
from mindseye.report.tiles import whole_photo
from mindseye.runs.folder import RunFolder


def test_a_photo_has_its_distance_and_channels(make_run) -> None:
    """Facet and distance by hand from the embedding; the largest means first, at the deepest layer."""
    folder = make_run(layers=2, facets=3, images=24)
    kept = load_file(folder / "facets.safetensors")
    points, facet = kept["blocks.1.1/embedding"].astype(float), kept["blocks.1.1/facet"]
    found = photos_on_map(folder, RunFolder(folder).read())
    assert found["facets"] == facet.tolist()
    for photo, own in enumerate(facet):
        centre = points[facet == own].mean(0)
        assert found["distances"][photo] == pytest.approx(np.linalg.norm(points[photo] - centre), rel=1e-3)
    assert found["layer"] == 1
    assert [channel for channel, _ in found["strongest"][5]] == sorted(kept["blocks.1.1/named_channels"])[::-1][
        :STRONGEST
    ]
    assert found["strongest"][5][0][1] == pytest.approx(335.05, rel=1e-3)


def test_photos_of_no_facet_have_no_distance(make_run) -> None:
    folder = make_run(layers=1, means=False)
    kept = load_file(folder / "facets.safetensors")
    kept["blocks.0.1/facet"][4] = -1
    save_file(kept, folder / "facets.safetensors")
    found = photos_on_map(folder, RunFolder(folder).read())
    assert found["distances"][4] is None
    assert "strongest" not in found
    (folder / "facets.safetensors").write_bytes(b"damaged")
    assert photos_on_map(folder, RunFolder(folder).read()) == {}


@pytest.mark.parametrize(
    ("size", "wanted"), [((400, 100), (100, 25)), ((30, 20), (30, 20)), ((90, 90), (50, 50)), ((4000, 1), (3162, 1))]
)
def test_a_whole_photo_has_as_many_pixels_as_a_square(
    tmp_path: Path, size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    """Nothing is cut off, and nothing is enlarged."""
    Image.new("RGB", size).save(tmp_path / "a.png")
    found = whole_photo(str(tmp_path / "a.png"), 50)
    assert found is not None
    assert found.size == wanted
    assert whole_photo(str(tmp_path / "gone.png"), 50) is None


def test_a_member_leads_to_its_photo(make_run, visit) -> None:
    """From a facet to a member, with the keyboard; its facts, its channels; keys go through the facet's photos; Escape leaves."""
    page = visit(write_page(make_run(layers=1, facets=2, images=30)))
    look_at(page, "#/picture/1")
    link = page.locator("#item .members a").first
    number = int(link.get_attribute("href").split("/")[-1])
    link.focus()
    page.keyboard.press("Enter")
    assert hash_of(page) == f"#/photo/{number}"
    view = page.locator("#photo")
    assert view.locator(".item-title").inner_text() == f"photo {number:04d}.png"
    image = view.locator(".one-photo img")
    assert image.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [60, 44]
    assert image.bounding_box()["width"] > 300
    text = view.inner_text()
    assert "distance to the centre" in text
    assert "place " in text
    assert view.locator(".strongest li").count() == STRONGEST
    place = view.locator(".step span").inner_text()
    page.keyboard.press("ArrowRight" if place.startswith("1 ") else "ArrowLeft")
    assert hash_of(page) != f"#/photo/{number}"
    assert hash_of(page).startswith("#/photo/")
    view.locator(".strongest a").first.click()
    assert hash_of(page).startswith("#/channels/0/")
    page.locator("#channels .members a").first.click()
    assert hash_of(page) == "#/photo/29"
    escape(page)
    assert page.locator("#front").is_visible()


def test_a_facets_page_leads_to_all_of_its_photos(make_run, visit) -> None:
    """Members and the others together are the facet's photos; the others come nearest first, all of them behind one button."""
    folder = make_run(layers=1, facets=2, images=300)
    page = visit(write_page(folder))
    facet = load_file(folder / "facets.safetensors")["blocks.0.1/facet"]
    look_at(page, "#/picture/1")
    hrefs = "(all) => all.map((one) => Number(one.hash.split('/').pop()))"
    members = set(page.locator("#item .members a").evaluate_all(hrefs))
    own = set(np.flatnonzero(facet == 1).tolist())
    view = page.locator("#item .gallery")
    assert f"Its other {len(own - members)} photos" in page.locator("#item").inner_text()
    assert view.locator("a").count() == 24
    view.get_by_role("button", name=f"and {len(own - members) - 24} more").click()
    for _ in range(6):
        page.mouse.wheel(0, 1200)
        page.wait_for_timeout(60)
    listed = view.locator("a").evaluate_all(hrefs)
    assert set(listed) == own - members
    assert len(listed) == len(set(listed))
    distances = page.evaluate("JSON.parse(document.getElementById('content').textContent).photos.distances")
    assert [distances[photo] for photo in listed] == sorted(distances[photo] for photo in listed)


def test_photos_that_are_gone_or_unknown_say_so(make_run, make_commission, visit) -> None:
    """A photo that is gone has its name; a number beyond them is said to be none; a run without a map says less."""

    def hide(manifest: dict[str, Any]) -> None:
        paths = manifest["images"]["paths"]
        manifest["images"]["root"] = "/gone"
        manifest["images"]["paths"] = [f"/gone/{EVIL.replace('/', '')}", *paths[1:]]

    page = visit(write_page(make_run(layers=1, change=hide)))
    look_at(page, "#/photo/0")
    assert page.locator("#photo .item-title").inner_text() == EVIL.replace("/", "")
    assert "no copy of this photo" in page.locator("#photo").inner_text()
    for text in ("99", "x", "", "%3Cb%3E"):
        look_at(page, f"#/photo/{text}")
        assert "There is no photo" in page.locator("#unknown").inner_text()
    members = [{"path": "/gone/a.png", "weight": 1.0}]
    named = visit(write_page(make_commission(["class:zebra"], about=lambda index, photo: {"members": members})))
    look_at(named, "#/photo/0")
    assert "class:zebra" in named.locator("#photo").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_photo_fits_a_phone(make_run, visit, scheme: str) -> None:
    page = visit(write_page(make_run(layers=1)), width=360, scheme=scheme)
    look_at(page, "#/photo/3")
    page.reload()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("window.shifts") == 0


def test_a_photo_is_found_by_its_name(make_run, visit) -> None:
    """Every photo, also one that is no member of a facet; without the zeros of its number; Enter opens what is one thing."""
    page = visit(write_page(make_run(layers=1, facets=6, images=200)))
    field, links = page.locator("#filter"), page.locator("#photos-found a")
    content = page.evaluate("JSON.parse(document.getElementById('content').textContent)")
    names = content["photos"]["names"]
    members = {photo for item in content["layers"][0]["items"] for photo, *_ in item["members"]}
    number = next(number for number, name in enumerate(names) if name and number > 9 and number not in members)
    for search in (names[number].rsplit("/", 1)[-1], str(number)):
        field.fill(search)
        settle(page)
        assert links.evaluate_all("(all) => all.map((one) => one.hash)") == [f"#/photo/{number}"]
        assert page.locator("#nothing").is_hidden()
    field.press("Enter")
    settle(page)
    assert hash_of(page) == f"#/photo/{number}"
    page.go_back()
    field.fill("png")
    settle(page)
    assert links.count() == 12
    assert f"{sum(bool(name) for name in names)} photos by name" in page.locator("#photos-found").inner_text()
    field.fill("zzz")
    settle(page)
    assert page.locator("#photos-found").is_hidden()
    assert page.locator("#nothing").is_visible()

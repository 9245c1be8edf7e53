"""What can be taken out of a page: tables as CSV, pictures as PNG, and a picture at its full size."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from browsing import EVIL, hash_of, look_at
from PIL import Image

from mindseye.report.page import write_page
from mindseye.report.page.items import inside


def saved(page: Any, button: Any) -> tuple[str, bytes]:
    """Name and content of the file that a button saves."""
    with page.expect_download() as waiting:
        button.press("Enter")
    download = waiting.value
    return download.suggested_filename, Path(download.path()).read_bytes()


def rows_of(data: bytes) -> list[dict[str, str]]:
    assert data.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_tables_are_saved_as_csv(make_run, visit) -> None:
    """Facets, channels and photos, a row each, with the numbers of the page, by keyboard alone."""
    page = visit(write_page(make_run(layers=2, facets=3, images=24)))
    look_at(page, "#/making")
    name, data = saved(page, page.get_by_role("button", name="Facets as CSV"))
    facets = rows_of(data)
    assert name == "facets.csv"
    assert [(row["layer"], row["number"]) for row in facets] == [
        (f"blocks.{n}.1", str(i)) for n in range(2) for i in range(3)
    ]
    assert facets[4]["label"] == "grand_piano"
    assert facets[4]["photos"] == "8"
    assert facets[4]["silhouette"] == "0.41"
    assert facets[4]["judge's probability (efficientnet_lite1): members"] == "0.39"
    assert facets[4]["cosine: members"] == ""
    assert facets[4]["channels"].split() == [str(37 * n + 1) for n in range(10)]
    assert len(facets[4]["members"].split("; ")) == 10
    name, data = saved(page, page.get_by_role("button", name="Channels as CSV"))
    channels = rows_of(data)
    assert (name, len(channels)) == ("channels.csv", 60)
    (own,) = [row for row in channels if (row["layer"], row["channel"]) == ("blocks.1.1", "38")]
    assert (own["facets"], own["among the top-k of"], own["lowest"], own["highest"]) == ("1", "1", "38", "38.23")
    name, data = saved(page, page.get_by_role("button", name="Photos as CSV"))
    photos = rows_of(data)
    assert (name, len(photos)) == ("photos.csv", 24)
    assert photos[7]["path"] == "photo 0007.png"
    assert float(photos[7]["distance to the centre"]) > 0
    assert {row["facet"] for row in photos} == {"0", "1", "2"}
    assert {row["member"] for row in photos} <= {"yes", "no"}


def test_hostile_names_are_cells_and_no_formulas(make_run, visit) -> None:
    """Quotes, commas and line ends stay in their cell; what a spreadsheet would run is text."""

    def rename(manifest: dict[str, Any]) -> None:
        labels = [f'a "quoted", {EVIL}', "=HYPERLINK(1)", "-1+1"]
        for facet, label in zip(manifest["layers"][0]["facets"], labels, strict=True):
            facet["label"] = label

    page = visit(write_page(make_run(layers=1, facets=3, change=rename)))
    look_at(page, "#/making")
    _, data = saved(page, page.get_by_role("button", name="Facets as CSV"))
    assert [row["label"] for row in rows_of(data)] == [f'a "quoted", {EVIL}', "'=HYPERLINK(1)", "'-1+1"]


def test_pictures_of_objectives_are_saved(make_commission, visit) -> None:
    page = visit(write_page(make_commission(["class:zebra", "blocks.2.1:3"])))
    look_at(page, "#/making")
    name, data = saved(page, page.get_by_role("button", name="Pictures as CSV"))
    assert name == "pictures.csv"
    assert [row["name"] for row in rows_of(data)] == ["class:zebra", "blocks.2.1:3"]
    assert page.get_by_role("button", name="Channels as CSV").count() == 0
    assert page.locator("#making .words a").all_inner_texts() == ["run.json", "pictures"]


def test_a_picture_is_looked_at_at_full_size(make_run, visit) -> None:
    """A click opens it, a click enlarges it about that place, keys and wheel too; Esc closes it and nothing else."""
    page = visit(write_page(make_run(layers=1)))
    look_at(page, "#/picture/1")
    page.locator(".stage > img").click()
    dialog, image = page.locator("dialog.zoom"), page.locator("dialog.zoom img")
    assert dialog.is_visible()
    assert page.evaluate("document.activeElement.closest('dialog.zoom') !== null")
    fitting = image.bounding_box()["width"]
    assert fitting > 600
    image.click()
    assert image.bounding_box()["width"] == pytest.approx(min(3 * fitting, 16 * 48), rel=0.02)
    page.keyboard.press("1")
    assert image.bounding_box()["width"] == pytest.approx(48)
    page.keyboard.press("+")
    assert image.bounding_box()["width"] == pytest.approx(72)
    page.locator(".zoom .room").hover()
    page.mouse.wheel(0, -200)
    page.wait_for_timeout(200)
    assert image.bounding_box()["width"] > 80
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")  # a browser closes it a moment after the key
    assert hash_of(page) == "#/picture/1"
    button = page.locator("#item").get_by_role("button", name="Full size")
    button.press("Enter")
    assert dialog.is_visible()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert button.evaluate("(button) => button === document.activeElement")


def test_a_picture_is_saved_as_png(make_run, visit) -> None:
    """What the slider shows, under the label's name; the original is linked, as long as it lies in the run's folder."""

    def rename(manifest: dict[str, Any]) -> None:
        facets = manifest["layers"][0]["facets"]
        facets[1]["label"] = "../a b/<c>"
        facets[2]["picture"] = "../outside.png"

    page = visit(write_page(make_run(layers=1, change=rename)))
    look_at(page, "#/picture/1")
    name, data = saved(page, page.locator("#item").get_by_role("button", name="Save PNG"))
    assert name == "a-b-c.png"
    assert Image.open(io.BytesIO(data)).size == (48, 48)
    assert page.locator("#item .stage .tools a").get_attribute("href") == "./pictures/blocks.0.1/facet-01.png"
    look_at(page, "#/picture/2")
    assert page.locator("#item .stage .tools a").count() == 0


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("pictures/a.png", "pictures/a.png"), (None, None), ("/etc/passwd", None), ("a/../../b", None), ("..", None)],
)
def test_only_files_of_the_run_are_linked(path: str | None, wanted: str | None) -> None:
    assert inside(path) == wanted


def test_the_large_picture_fits_a_phone(make_run, visit) -> None:
    page = visit(write_page(make_run(layers=1)), width=360, touch=True)
    look_at(page, "#/photo/3")
    page.locator(".one-photo img").tap()
    assert page.locator("dialog.zoom").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("dialog.zoom img").bounding_box()["width"] <= 360
    page.get_by_role("button", name="close").tap()
    page.locator("dialog.zoom").wait_for(state="detached")

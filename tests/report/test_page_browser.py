"""The page in a real browser: what it asks for, what it does when it is used, and what hostile names do to it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import EVIL, escape, hash_of, look_at, settle
from safetensors.numpy import save_file

from mindseye.report.card import Card
from mindseye.report.index import write_index
from mindseye.report.page import write_page


def test_opening_asks_for_nothing_and_shifts_nothing(make_run, visit) -> None:
    """One request, the page's own, in every view and while scrolling; no message, no error, no layout shift."""
    page = visit(write_page(make_run(layers=2, facets=5)))
    assert page.locator(".me-card").count() == 5
    for view in ("#/", "#/picture/2", "#/picture/2/0", "#/layers", "#/making"):
        page.goto(page.url.partition("#")[0] + view)
        page.reload()
        settle(page)
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(100)
        assert page.evaluate("window.shifts") == 0, view
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('data:')).length") == 0
    )


@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_shifts_while_it_is_read_in(make_run, visit, width: int) -> None:
    """A slow machine shows what the page is before its program has run, or before all of it is there."""
    page = visit(write_page(make_run(layers=1, facets=3)), width=width, slow=8)
    settle(page)
    assert page.evaluate("window.shifts") < 0.005


def test_the_page_forbids_requests(make_run, browser, tmp_path: Path) -> None:
    """Whatever would ask for something, put into the page by hand, the browser refuses."""
    path = write_page(make_run(layers=1))
    text = path.read_text("utf-8").replace(
        "<main", '<img src="http://127.0.0.1:9/a.png"><script>window.ran = 1</script><main'
    )
    (tmp_path / "changed.html").write_text(text, "utf-8")
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request))
    page.goto((tmp_path / "changed.html").as_uri())
    assert page.evaluate("typeof window.ran") == "undefined"
    page.wait_for_timeout(60)
    assert [request.failure for request in asked if request.url.startswith("http")] == ["csp"]
    page.close()


def test_hostile_names_are_shown_as_they_are(make_run, make_commission, visit, tmp_path: Path) -> None:
    """Photos, labels, layers, judges, recipes and commands called like tags are text in every view."""

    def rename(manifest: dict[str, Any]) -> None:
        manifest["command"] = manifest["recipe"]["name"] = manifest["model"]["name"] = f"</script>{EVIL}"
        manifest["notes"], manifest["skipped"] = [EVIL], [{"path": EVIL, "reason": EVIL}]
        manifest["images"]["paths"] = [f"/gone/{index}{EVIL.replace('/', '')}" for index in range(24)]
        for layer in manifest["layers"]:
            layer["kind"] = EVIL
            for facet in layer["facets"]:
                facet["label"] = f"</script>{EVIL}"
                facet["members"][0]["path"] = manifest["images"]["paths"][0]
                facet["measures"]["transfer"] = {EVIL: facet["measures"]["transfer"]["efficientnet_lite1"]}

    page = visit(write_page(make_run(layers=2, change=rename)))
    assert f"</script>{EVIL}" in page.locator(".me-card").first.inner_text()
    page.locator(".me-card .me-open").first.click()
    settle(page)
    assert EVIL.replace("/", "") in page.locator(".members .me-gone").first.get_attribute("aria-label")
    assert f"What {EVIL} calls it" in page.locator("#item").inner_text()
    for view in ("#/layers", "#/making"):
        look_at(page, view)
        assert page.locator(f"#{view[2:]}").is_visible()
    assert page.title() != "owned"
    assert page.locator("img[src=x]").count() == 0
    named = visit(write_page(make_commission([EVIL], about=lambda index, photo: {"photo": f"/gone/{EVIL}"})))
    named.locator(".me-card .me-open").click()
    settle(named)
    assert EVIL in named.locator(".item-title").inner_text()
    card = Card(EVIL, "x/report.html", EVIL, EVIL)
    write_index(tmp_path / "index.html", EVIL, [card])
    index = visit(tmp_path / "index.html")
    assert EVIL in index.locator(".me-card").inner_text()
    assert index.title() == EVIL


def test_slider_goes_from_start_to_picture(make_run, visit) -> None:
    """Each place shows the picture of its step; arrow keys on the slider move the slider alone."""
    page = visit(write_page(make_run(layers=1, snapshots=3)))
    look_at(page, "#/picture/1")
    slider, image = page.locator("#item input[type=range]"), page.locator(".stage > img")
    assert page.locator(".making-of output").inner_text() == "step 150"
    seen = [image.get_attribute("src")]
    for words in ("step 100", "step 50", "start"):
        slider.press("ArrowLeft")
        assert page.locator(".making-of output").inner_text() == words
        seen.append(image.get_attribute("src"))
    assert len(set(seen)) == 4
    assert hash_of(page) == "#/picture/1"


def test_filter_keeps_what_has_all_words(make_run, visit) -> None:
    """By label, name, channel and photo; keys then go through what is left; nothing found is said."""
    page = visit(write_page(make_run(layers=1, facets=6)))
    field, shown = page.locator("#filter"), page.locator(".me-card:visible")
    field.fill("piano")
    settle(page)
    assert shown.count() == 4
    assert page.locator("#found").inner_text() == "4 of 6"
    field.fill("piano facet 4")
    settle(page)
    assert shown.count() == 1
    field.fill("channel 40")
    settle(page)
    assert shown.count() == 1  # channels are 37 n + facet
    field.fill("0013.png")
    settle(page)
    assert 1 <= shown.count() <= 6
    field.fill("zzz")
    settle(page)
    assert page.locator("#nothing").is_visible()
    field.fill("piano")
    settle(page)
    page.locator("h1").click()
    settle(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    page.keyboard.press("ArrowRight")
    assert hash_of(page) == "#/picture/2"
    assert "2 of 4" in page.locator(".crumbs").inner_text()


def test_numbers_are_explained_on_hover_focus_and_tap(make_run, visit) -> None:
    """What a number means stands beside it, however one points at it."""
    path = write_page(make_run(layers=1))
    page = visit(path)
    look_at(page, "#/picture/1")
    word = page.locator("#item").get_by_text("cosine", exact=True)
    word.hover()
    settle(page)
    assert "same proportion" in page.locator("#tip").inner_text()
    page.mouse.move(0, 0)
    settle(page)
    assert page.locator("#tip").is_hidden()
    word.focus()
    settle(page)
    assert page.locator("#tip").is_visible()
    phone = visit(path, width=360, touch=True)
    phone.locator(".me-score").first.tap()
    settle(phone)
    assert "the judge" in phone.locator("#tip").inner_text()


def test_every_picture_has_its_size_and_says_what_it_is(make_run, make_commission, visit) -> None:
    """Width, height and alt text on each image of each view."""
    page = visit(write_page(make_run(layers=2)))
    named = visit(write_page(make_commission(["class:zebra"])))
    for opened, views in ((page, ("#/", "#/picture/1", "#/layers")), (named, ("#/", "#/picture/0"))):
        for view in views:
            look_at(opened, view)
            images = "[...document.images].filter((one) => !(one.alt && one.getAttribute('width') && one.getAttribute('height')))"
            assert opened.evaluate(f"{images}.length") == 0
            assert (
                opened.evaluate("[...document.images].filter((one) => one.complete && !one.naturalWidth).length") == 0
            )


def test_named_objectives_have_a_page(make_commission, visit) -> None:
    """Picture, start, photo, numbers and what the judge sees; no map, and no layers."""
    names = [f"blocks.2.1:{index}" for index in range(5)]
    page = visit(write_page(make_commission(names, "accentuate", about=lambda index, photo: {"photo": str(photo)})))
    assert page.locator(".me-card").count() == 5
    assert page.locator("#side").count() == 0
    assert page.locator("#tabs a").all_inner_texts() == ["Pictures", "Words", "Details"]
    page.keyboard.press("ArrowRight")
    settle(page)
    text = page.locator("#item").inner_text()
    assert "What efficientnet_lite1 sees in it" in text
    assert "0.93" in text
    assert "4.64" in text
    assert "photo.png" in text


def test_the_command_can_be_copied(make_run, visit) -> None:
    """Where the browser lets a page write to the clipboard it does; elsewhere the command is selected to copy by hand."""

    def say(manifest: dict[str, Any]) -> None:
        manifest["command"] = "mindseye visualize 'my  photos'"

    page = visit(write_page(make_run(layers=1, change=say)))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    look_at(page, "#/picture/0")
    button = page.locator("#item [data-copy]")
    button.click()
    page.wait_for_function("/Copied|Selected/.test(document.querySelector('#item [data-copy]').textContent)")
    chosen = page.evaluate("getSelection().toString() || navigator.clipboard.readText()")
    assert chosen == "mindseye visualize 'my  photos'"


def large(folder: Path, facets: int, images: int) -> None:
    """Blow a run up to many facets and photos, which share their files."""
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    (layer,) = manifest["layers"]
    few, paths = layer["facets"], manifest["images"]["paths"]
    layer["facets"] = [few[index % len(few)] | {"index": index, "label": f"label {index}"} for index in range(facets)]
    manifest["images"] |= {
        "count": images,
        "paths": [paths[index % len(paths)] + "?" * (index // len(paths)) for index in range(images)],
    }
    for index in range(len(paths), images):
        (folder.parent / manifest["images"]["paths"][index]).symlink_to(paths[index % len(paths)])
    (folder / "run.json").write_text(json.dumps(manifest), "utf-8")
    generator = np.random.default_rng(0)
    facet = np.arange(images) % facets
    points = generator.normal(size=(images, 2)) + np.stack([facet % 15, facet // 15], 1) * 4
    name = layer["layer"]
    save_file({f"{name}/embedding": points.astype(np.float32), f"{name}/facet": facet}, folder / "facets.safetensors")


def test_200_facets_of_2000_photos_stay_light(make_run, visit) -> None:
    """Cards off the screen are not laid out, a view holds one facet, and each use touches no more than it shows."""
    folder = make_run(layers=1, facets=4, images=20, snapshots=2)
    large(folder, 200, 2000)
    path = write_page(folder)
    assert path.stat().st_size < 20e6
    page = visit(path)
    assert page.locator(".me-card").count() == 200
    assert page.locator(".me-points [data-photo]").count() == 2000
    assert page.evaluate("getComputedStyle(document.querySelector('.me-card')).contentVisibility") == "auto"
    whole = page.evaluate("document.querySelectorAll('*').length")
    assert whole < 9000
    page.mouse.wheel(0, 9000)
    page.wait_for_timeout(100)
    assert page.evaluate("window.shifts") == 0
    page.keyboard.press("ArrowRight")
    settle(page)
    assert page.evaluate("document.querySelectorAll('#item *').length") < 600
    escape(page)
    page.locator("#filter").fill("label 137")
    settle(page)
    assert page.locator(".me-card:visible").count() == 1
    page.locator(".me-card:visible .me-open").click()
    settle(page)
    assert hash_of(page) == "#/picture/137"
    assert "1 of 1" in page.locator(".crumbs").inner_text()

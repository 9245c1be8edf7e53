"""The page in a real browser: what it asks for, what it does when it is used, and what hostile names do to it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import escape, hash_of, inspected, look_at, settle
from PIL import Image
from safetensors.numpy import save_file

from mindseye.report.card import Card
from mindseye.report.html import grid, html_block, table
from mindseye.report.index import write_index
from mindseye.report.page import write_page
from mindseye.report.screen import first_screen

EVIL = '"><script>document.title="owned"</script><img src=x onerror=alert(1)>'


def test_opening_asks_for_nothing_and_shifts_nothing(make_run, visit) -> None:
    """One request, the page's own, in every view and while scrolling; no message, no error, no layout shift."""
    page = visit(write_page(make_run(layers=2, facets=5)))
    assert page.locator(".me-card").count() == 5
    for view in ("#/", "#/picture/3", "#/picture/3/0", "#/layers", "#/making"):
        page.goto(page.url.partition("#")[0] + view)
        page.reload()
        settle(page)
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(100)
        assert page.evaluate("window.shifts") == 0, view
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('data:')).length") == 0
    )


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


def test_keys_lead_from_facet_to_facet(make_run, visit) -> None:
    """Right and left to the next and the one before, not past the ends; Escape back to all; in a field they move the cursor."""
    page = visit(write_page(make_run(layers=2, facets=3)))
    page.keyboard.press("ArrowRight")
    assert hash_of(page) == "#/picture/0"
    page.keyboard.press("ArrowLeft")
    assert hash_of(page) == "#/picture/0"
    page.keyboard.press("ArrowRight")
    settle(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    page.keyboard.press("ArrowRight")
    assert hash_of(page) == "#/picture/2"
    assert page.locator(".item-title").inner_text().startswith("grand_piano")
    page.locator(".pills a").first.click()
    settle(page)
    page.keyboard.press("ArrowLeft")
    assert hash_of(page) == "#/picture/1/0"
    escape(page)
    assert page.locator("#front").is_visible()


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


def test_map_shows_the_photo_and_opens_it(make_run, visit) -> None:
    """A point under the pointer shows its photo and name and lights its facet's card; a click opens the photo."""
    page = visit(write_page(make_run(layers=1, facets=3)))
    group = page.locator(".me-points").nth(1)
    facet, point = group.get_attribute("data-facet"), group.locator("circle").first
    name = f"photo {int(point.get_attribute('data-photo')):04d}.png"
    point.hover(force=True)
    settle(page)
    assert name in page.locator("#peek").inner_text()
    assert page.locator("#peek img").get_attribute("alt") == name
    assert page.locator(".me-card.lit").get_attribute("data-number") == facet
    assert page.evaluate("window.shifts") == 0
    point.click(force=True)
    assert hash_of(page) == f"#/photo/{point.get_attribute('data-photo')}"


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


def test_index_of_many_runs_is_searched_and_sorted(visit, tmp_path: Path) -> None:
    """Search by any word; order as given, by name as people count, by score with those that have none last."""
    scores = [None, 0.2, 0.9, None]
    cards = [
        Card(f"run {name}", f"run%20{name}/report.html", "done", f"note {name}", score=score)
        for name, score in zip((10, 9, 2, 1), scores)
    ]
    write_index(tmp_path / "index.html", "all runs", cards)
    page = visit(tmp_path / "index.html", width=360)
    names = page.locator(".me-card:visible .me-name b")
    assert names.all_text_contents() == ["run 10", "run 9", "run 2", "run 1"]
    page.locator("#order").select_option("name")
    settle(page)
    assert names.all_text_contents() == ["run 1", "run 2", "run 9", "run 10"]
    page.locator("#order").select_option("score")
    settle(page)
    assert names.all_text_contents() == ["run 2", "run 9", "run 1", "run 10"]
    page.locator("#filter").fill("NOTE 9")
    settle(page)
    assert names.all_text_contents() == ["run 9"]
    assert page.locator(".me-card:visible a").get_attribute("href") == "run%209/report.html?index=../index.html"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


JUPYTER = """
.out { font: 13px/1.2 serif; text-align: right; white-space: pre; letter-spacing: 2px; }
.out.common strong, .out.common b { font-weight: bold; }
.out.common h1, .out.common h2 { font-size: 30px; margin: 20px 0; }
.out.common dl dt { float: left; clear: left; font-weight: bold; width: 20%; }
.out.common dl dd { margin-left: 30%; }
.out.common p { text-align: left; margin: 0 0 1em; }
.out.common table { border-collapse: collapse; border: 3px solid; font-size: 20px; table-layout: fixed; margin: 0 auto 1em; }
.out.common thead { border-bottom: 3px solid; vertical-align: bottom; }
:not(.markdown).out.common td, :not(.markdown).out.common th, :not(.markdown).out.common tr { color: rgb(200, 0, 0);
  text-align: right; vertical-align: middle; padding: 0.5em; line-height: normal;
  white-space: nowrap; max-width: 10px; border: none; }
.out.common th { font-weight: bold; }
.out.common tbody tr:nth-child(odd) { background: rgb(200, 200, 200); }
.out.common img { display: inline; margin: 5px auto; max-width: 50%; }
.out.common > *:last-child { margin-bottom: 0.5em; }
"""
"""What JupyterLab 4, the classic notebook and nbconvert say of the HTML in an output, made worse."""

INK = ".out { color: rgb(10, 20, 30); }"
STYLES = """
(root) => [...document.querySelectorAll(`${root}, ${root} *`)].filter((node) => node.tagName !== "STYLE").map((node) => {
  const style = getComputedStyle(node);
  const names = [...style].filter((name) => !name.startsWith("--"));
  return [node.tagName, ...names.map((name) => `${name}: ${style.getPropertyValue(name)}`)];
})
"""


def write_notebook(path: Path, css: str, *results: str) -> Path:
    """Results as the outputs of a notebook with these styles, after what the notebook itself shows."""
    own = "<h1>t</h1><p>p</p><dl><dt>a</dt><dd>b</dd></dl><table><tbody><tr><th>h</th><td>1</td></tr></tbody></table>"
    outputs = "".join(f'<div class="out common">{html}</div>' for html in results)
    page = f'<!doctype html><style>{INK}{css}</style><div class="out common own">{own}</div>{outputs}'
    path.write_text(page, "utf-8")
    return path


def test_a_notebooks_styles_and_ours_are_apart(make_run, visit, tmp_path: Path) -> None:
    """Every element of a result looks as it does without the notebook's styles; what the notebook shows itself looks as it does
    without any result beside it."""
    Image.new("RGB", (60, 40), (9, 99, 9)).save(tmp_path / "a.png")
    results = (
        first_screen(make_run(layers=2, facets=3)),
        html_block(
            "both",
            table([{"name": "a", "number": 1.5}, {"name": "b", "number": None}]),
            grid([("c", tmp_path / "a.png")]),
        ),
    )
    alone = visit(write_notebook(tmp_path / "alone.html", "", *results)).evaluate(STYLES, ".mindseye")
    styled = visit(write_notebook(tmp_path / "styled.html", JUPYTER, *results)).evaluate(STYLES, ".mindseye")
    assert [set(plain) ^ set(other) for plain, other in zip(alone, styled) if plain != other] == []
    assert len(alone) == len(styled) > 100
    bare = visit(write_notebook(tmp_path / "bare.html", JUPYTER)).evaluate(STYLES, ".own")
    assert visit(tmp_path / "styled.html").evaluate(STYLES, ".own") == bare

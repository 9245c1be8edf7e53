"""The pages of explanations, examples and transfers: what they show, in a browser, and what hostile names do to them."""

import json
from pathlib import Path
from typing import Any

import pytest
from browsing import EVIL, settle
from PIL import Image

from mindseye.errors import UserError
from mindseye.report.page import has_page, write_page
from mindseye.runs.schema import SCHEMA, TRANSFER_SCHEMA

MID = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "size": 32, "resize": 32}
LAYER = {"layer": "body.2", "kind": "Conv2d", "channels": 8, "grid": [8, 8]}


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")


def photos_in(folder: Path, count: int) -> list[str]:
    paths = [folder / f"photo {index}.png" for index in range(count)]
    for index, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").rotate(40 * index).resize((60, 44)).convert("RGB").save(path)
    return [str(path) for path in paths]


def explanation(tmp_path: Path, name: str = "net", photos: int = 5, checked: bool = True) -> Path:
    """A run of ``explain``: each photo by two methods and two networks, one of whose maps failed."""
    folder = tmp_path / "explained"
    entries = []
    for number, path in enumerate(photos_in(tmp_path / "photos", photos)):
        maps = []
        for network in (name, "other"):
            for method in ("occlusion", "grad-cam"):
                own = f"{number}-{network == name}.{method}.overlay.png"
                folder.mkdir(exist_ok=True)
                Image.new("RGB", (32, 32), (10 * number, 80, 20)).save(folder / own)
                about = {"model": network, "method": method, "target": "zebra (340)"}
                check = {"deletion": {"area": 0.2}, "insertion": {"area": 0.6}}
                maps.append(
                    about
                    | {"overlay": own, "range": [-0.5, 2.0], "settings": {"stride": [4, 4]}}
                    | {"numbers": {"score": 7.25, "largest_drop": 1.5}, "check": check if checked else None}
                )
        maps[1] |= {"status": "failed", "reason": f"no gradient in {name}", "overlay": None}
        entries.append({"name": f"photo {number}", "path": path, "maps": maps})
    models = [{"name": network, "asked": network, "preprocessing": MID, "side": 32} for network in (name, "other")]
    write_json(
        folder / "run.json",
        {"schema": SCHEMA, "kind": "explain", "status": "partial", "seed": 3, "target": "top"}
        | {"command": f"mindseye explain {name}", "methods": ["occlusion", "grad-cam"]}
        | {"models": models, "photos": entries, "options": {"check": checked}},
    )  # fmt: skip
    return folder


def channel_examples(tmp_path: Path, name: str = "net", tiles: str = "crops") -> Path:
    """Examples of two channels in nine photos."""
    paths = photos_in(tmp_path / "photos", 9)
    groups = {
        group: {
            "score": f"{group} over positions",
            "photos": [
                {
                    "path": path,
                    "index": n,
                    "score": 0.5 - n,
                    "position": [1, 2],
                    "box": [8, 4, 24, 20],
                    "percentile": 0.5,
                }
                for n, path in enumerate(paths[place : place + 3])
            ],
        }
        for place, group in enumerate(("minimum", "slightly negative", "slightly positive", "maximum"))
    }
    channels = [
        {"channel": number, "sheet": f"channel-{number:03d}.png", "over_photos": {"mean": 0.25}, "groups": groups}
        for number in (11, 60)
    ]
    folder = tmp_path / "examples"
    write_json(
        folder / "examples.json",
        {"schema": SCHEMA, "layer": LAYER, "model": {"name": name, "weights": "ImageNet", "preprocessing": MID}, "side": 32}
        | {"images": {"root": str(tmp_path / "photos"), "count": 9}, "tiles": tiles, "channels": channels},
    )  # fmt: skip
    return folder


def transfer(tmp_path: Path, name: str = "net") -> Path:
    """A transfer of two classes between two networks, with a sheet of what failed, and the painter's page."""
    folder = tmp_path / "transfer"
    share = {"mean": 0.625, "low": 0.5, "high": 0.75}
    accuracy = {"n": 8, "top1": share, "top5": share}
    (folder / "figures").mkdir(parents=True)
    (folder / "net-all").mkdir()
    Image.new("RGB", (600, 300), (90, 10, 10)).save(folder / "figures/failures.png")
    (folder / "net-all/report.html").write_text("<!doctype html><title>the run</title>")
    result = accuracy | {"judge": "other", "painter": name, "condition": "all", "sheet": "figures/failures.png"}
    result |= {"over_paintings": accuracy, "as_painted": accuracy}
    result |= {
        "classes": [accuracy | {"class_name": "ant"}],
        "confusions": [{"wanted": "ant", "seen": "bee", "count": 3}],
    }
    write_json(
        folder / "transfer.json",
        {"schema": TRANSFER_SCHEMA, "classes": ["ant", "bee"], "results": [result], "command": f"mindseye transfer {name}"}
        | {"options": {"paintings": 2, "copies": 2, "recipe": {"name": "class"}, "seed": 0}}
        | {"runs": [{"painter": name, "condition": "all", "folder": "net-all"}]},
    )  # fmt: skip
    return folder


def test_an_explanation_shows_each_photo_beside_its_maps(tmp_path: Path, visit) -> None:
    """A row per network, the reason where a map failed, the checks as a table; a search leaves the photos that fit."""
    page = visit(write_page(explanation(tmp_path)))
    assert page.title() == "Where net and other look"
    parts = page.locator("main .part")
    assert parts.count() == 1 + 5
    assert page.evaluate("window.shifts") == 0
    first = parts.nth(1)
    assert first.locator(".row-about").all_inner_texts() == [
        "net\nzebra (340) · score 7.25",
        "other\nzebra (340) · score 7.25",
    ]
    assert first.locator("img").count() == 2 + 3
    assert "no gradient in net" in first.locator(".me-gone").inner_text()
    assert "values -0.50 to 2.00 · stride 4 x 4 · largest drop 1.50" in first.inner_text()
    assert parts.first.locator("tbody tr").count() == 4
    field = page.locator("#filter")
    field.fill("photo 3")
    settle(page)
    assert page.locator("main .part:visible h2").all_inner_texts() == ["photo 3.png"]
    assert page.locator("#found").inner_text() == "1 of 6"
    field.fill("zzz")
    settle(page)
    assert page.locator("#nothing").is_visible()
    assert page.locator("#command").inner_text() == "mindseye explain net"


def test_a_map_opens_at_full_size_by_key_and_pointer(tmp_path: Path, visit) -> None:
    """Every picture is a button; Escape closes, and the focus is back where it was."""
    page = visit(write_page(explanation(tmp_path, photos=1, checked=False)))
    button = page.locator(".look-at").nth(1)
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog.zoom b").inner_text() == "photo 0.png: occlusion, net"
    page.keyboard.press("Escape")
    page.locator("dialog.zoom").wait_for(state="detached")  # a browser closes it a moment after the key
    assert button.evaluate("one => document.activeElement === one")
    assert page.locator(".filter").is_hidden()  # two parts need no search


def test_examples_show_what_the_unit_saw(tmp_path: Path, visit) -> None:
    """Four rows a channel; each tile is the box of the photo, with its value and name; whole photos where these were asked for."""
    page = visit(write_page(channel_examples(tmp_path)))
    assert page.title() == "What channels of net answer to in photos"
    assert page.locator("main .part h2").all_inner_texts() == ["channel 11", "channel 60"]
    rows = page.locator("main .part").first.locator(".tile-row")
    assert rows.count() == 4
    assert rows.first.locator("figcaption").all_inner_texts() == [f"{0.5 - n:.2f}\nphoto {n}.png" for n in range(3)]
    sides = "[...document.images].map((image) => [image.naturalWidth, image.naturalHeight].join())"
    assert set(page.evaluate(sides)) == {"16,16"}
    whole = visit(write_page(channel_examples(tmp_path, tiles="whole")))
    assert set(whole.evaluate(sides)) == {"32,32"}


def test_examples_whose_photos_are_gone_show_their_sheets(tmp_path: Path, visit) -> None:
    """Arrays never had a file: the sheet that was drawn of them is shown."""
    folder = channel_examples(tmp_path)
    for path in (tmp_path / "photos").iterdir():
        path.unlink()
    for number in (11, 60):
        Image.new("RGB", (900, 400)).save(folder / f"channel-{number:03d}.png")
    page = visit(write_page(folder))
    assert page.locator(".tile").count() == 0
    assert page.locator(".look-at.wide img").count() == 2


def test_a_transfer_is_its_tables_and_what_failed(tmp_path: Path, visit) -> None:
    """Accuracies over all, then by class, what was taken for what, and the way to the painted pictures."""
    page = visit(write_page(transfer(tmp_path)))
    tables = page.locator("main table")
    assert tables.first.locator("tbody td").all_inner_texts()[:5] == ["net", "all", "other", "8", "62.5 [50.0, 75.0]"]
    assert tables.nth(1).locator("tbody td").first.inner_text() == "ant"
    assert tables.nth(2).locator("tbody td").all_inner_texts() == ["ant", "bee", "3"]
    assert page.locator(".look-at.wide img").count() == 1
    assert page.locator("main .part a").get_attribute("href") == "./net-all/report.html"


@pytest.mark.parametrize("make", [explanation, channel_examples, transfer])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(tmp_path: Path, visit, make: Any, scheme: str) -> None:
    """At 360 px; every picture has its words and its size, and the button turns the colours."""
    page = visit(write_page(make(tmp_path, "a_network_with_a_name_that_is_long_" * 3)), width=360, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.images].every((image) => image.alt && image.getAttribute('width'))")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    before = page.evaluate(paper)
    page.locator("#theme").click()
    settle(page)
    assert page.evaluate(paper) != before


@pytest.mark.parametrize("make", [explanation, channel_examples, transfer])
def test_hostile_names_are_shown_as_they_are(tmp_path: Path, visit, make: Any) -> None:
    """A network called like a tag is text."""
    page = visit(write_page(make(tmp_path, EVIL)))
    assert page.title() != "owned"
    assert page.locator("img[src=x]").count() == 0
    assert EVIL in page.locator("body").inner_text()


def test_what_has_a_page(tmp_path: Path) -> None:
    """The folders of all commands that leave something to look at; nothing else."""
    folders = [explanation(tmp_path), channel_examples(tmp_path), transfer(tmp_path)]
    assert all(map(has_page, folders))
    assert not has_page(tmp_path)
    with pytest.raises(UserError, match="no run folder"):
        write_page(tmp_path)
    (folders[1] / "examples.json").write_text('{"schema": 2, "channels": 3}')
    with pytest.raises(UserError, match="is damaged"):
        write_page(folders[1])

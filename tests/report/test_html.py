"""Results as HTML: what tables and pictures hold, and that nothing in them is ever mark-up."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mindseye.report.html import (
    MOST_PICTURES,
    MOST_ROWS,
    MOST_TILES,
    grid,
    html_block,
    html_grid,
    html_strips,
    html_table,
    table,
)

EVIL = "<script>alert('x')</script>\" onerror='y' \x1b[31m"


def images_in(html: str) -> list[Image.Image]:
    return [
        Image.open(io.BytesIO(base64.b64decode(data)))
        for data in re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)
    ]


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_a_table_shows_its_rows() -> None:
    """Headings are the keys; numbers have the digits that count and stand to the right; what is absent is a dash."""
    rows = [
        {"layer": "layer3", "channels": 256, "cost": 0.123456, "grid": [14, 14], "own": True, "file": Path("a.png")},
        {"layer": "layer4", "channels": np.int64(512), "cost": None, "grid": (7, 7), "own": False, "file": None},
    ]
    html = html_table(rows, "two layers")
    assert cells(html) == [
        ["layer", "channels", "cost", "grid", "own", "file"],
        ["layer3", "256", "0.12", "14, 14", "yes", "a.png"],
        ["layer4", "512", "–", "7, 7", "no", "–"],
    ]
    assert re.findall(r'<th class="me-number">(\w+)', html) == ["channels", "cost"]
    assert "two layers" in html


def test_long_results_say_how_much_is_left_out() -> None:
    """Rows, tiles and pictures have a bound each."""
    html = html_table([{"n": index} for index in range(MOST_ROWS + 3)], "")
    assert len(cells(html)) == 1 + MOST_ROWS
    assert "and 3 more" in html
    tiny = torch.zeros(MOST_TILES + 2, 3, 4, 4)
    assert "and 2 more" in html_strips({"a": tiny}, "")
    assert len(images_in(html_strips({"a": tiny, "b": tiny[:1]}, ""))) == MOST_TILES + 1
    assert "and 1 more" in html_grid([("x", None)] * (MOST_PICTURES + 1), "")
    assert html_table([], "none").count("<tr>") == 0


def test_everything_is_escaped() -> None:
    """Titles, headings, cells, names of strips and pictures."""
    picture = torch.zeros(3, 4, 4)
    for html in (
        html_table([{EVIL: EVIL, "list": [EVIL]}], EVIL),
        html_strips({EVIL: [picture]}, EVIL),
        html_grid([(EVIL, picture)], EVIL),
    ):
        assert "<script" not in html
        assert "\x1b" not in html
        assert not re.search(r"<[^>]*onerror='y'[^>]*>", html.replace("&#39;", "’"))
        assert html.count("alert(") >= 2


@pytest.mark.parametrize("planes", [1, 3, 7])
def test_tensors_are_shown_as_they_are(planes: int) -> None:
    """In [0, 1] and as bytes alike; one plane, or the first of many, is grey."""
    values = torch.zeros(planes, 8, 8)
    values[0] = 1.0
    for picture in (values, (values * 255).to(torch.uint8), values.bfloat16().requires_grad_()):
        (image,) = images_in(grid([("a", picture)]))
        red, green, _ = np.asarray(image.convert("RGB"))[4, 4].astype(int)
        assert red > 240
        assert (green > 240) == (planes != 3)


def test_pictures_are_small_copies(tmp_path: Path) -> None:
    """A large one is reduced, one that is not square keeps its form, and one that is gone has its place."""
    Image.new("RGB", (1000, 500), (200, 10, 10)).save(tmp_path / "wide.png")
    html = grid([("wide", tmp_path / "wide.png"), ("gone", tmp_path / "gone.png"), ("none", None)], side=100)
    (image,) = images_in(html)
    assert image.size == (200, 100)
    assert 'width="100" height="50"' in html
    assert html.count("no picture") == 2


def test_parts_stand_under_one_root() -> None:
    """A result of a table and pictures has one style sheet and one root."""
    html = html_block("both", table([{"a": 1}]), grid([("b", None)]))
    assert html.count("<style>") == html.count('<div class="mindseye">') == 1
    assert html.index("<table>") < html.index('class="me-grid"')

"""Every figure with few and many facets and with long names: its size, its labels, its colours, and its files."""

import io
import re
import unicodedata
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mindseye.errors import UserError
from mindseye.report.drawing import LARGEST
from mindseye.report.figure_files import draw_pages, write_sheet
from mindseye.report.figures import write_figures
from mindseye.report.sheet import Sheet, Text
from mindseye.report.theme import DARK, LIGHT, FigureStyle, Theme
from mindseye.report.typeface import base_file, fallback_files, letters_of, printable, runs_of, text_width
from mindseye.report.vector import vector_file

GAP = 5
"""In px, between labels of one line."""
LONG = "a_name_that_is_long_" * 4


def texts(sheet: Sheet) -> list[Text]:
    return [item for item in sheet.items if isinstance(item, Text)]


def assert_legible(sheet: Sheet, name: str) -> None:
    """No label comes within a gap of another on its line, and none leaves the sheet."""
    boxes = [(text.text, *text.box) for text in texts(sheet)]
    for word, left, top, right, bottom in boxes:
        assert min(left, top) >= 0, (name, word)
        assert right <= sheet.width, (name, word)
        assert bottom <= sheet.height, (name, word)
    for one, other in combinations(boxes, 2):
        across = min(one[3], other[3]) - max(one[1], other[1])
        down = min(one[4], other[4]) - max(one[2], other[2])
        assert across <= -GAP or down <= 0, (name, one[0], other[0])


def rename(manifest: dict[str, Any]) -> None:
    """Everything that has a name has a long one."""
    manifest["model"] |= {"name": f"network_{LONG}", "weights": "none"}
    manifest["recipe"]["name"] = LONG
    for layer in manifest["layers"]:
        layer["kind"] = f"Kind{LONG}"
        for facet in layer["facets"]:
            facet["label"] = f"label {LONG}, {LONG}"
            facet["size"] = 123456
            facet["loss"] = {
                f"match {LONG}": [123456.0, -0.001],
                LONG: [1e-9, 1e9],
                "dot": [-1.0, -2.0],
                "l1": [0.5, 0.4],
            }
            facet["measures"]["transfer"] = {LONG: facet["measures"]["transfer"]["efficientnet_lite1"]}
    for number, layer in enumerate(manifest["layers"]):
        layer["entanglement"] = {"mean": 0.2, "low": 0.1, "high": 0.3, "null": 0.05, "null_low": 0.0, "null_high": 0.1}
        layer["entanglement"] |= {"channels": 3}
        layer["channel_means"] = {
            "explained": {"mean": 0.123, "null": 1e-7},
            "class_selectivity": {"mean": 0.5, "null": 0.4},
        }
        layer["channel_stats"] = [
            {"channel": channel, "facets": 3, "entanglement": channel / 70, "explained": 1e-9, "class_selectivity": 0.5}
            for channel in range(40)
        ]
        first = layer["facets"][0]
        examples = [{"path": member["path"], "activation": 2.5} for member in first["members"]]
        layer["channel_pictures"] = [
            {
                "channel": channel,
                "which": which,
                "picture": first["picture"],
                "silhouette": 0.3,
                "silhouette_chance": 0.2,
            }
            | {"examples": examples, "facets": layer["facets"][:6], "over_photos": {"mean": 0.5}}
            for channel, which in ((7 + number, "most"), (1234567, "least"))
        ]


def sheets_of(folder: Path, theme: Theme = LIGHT) -> dict[str, Sheet]:
    """The figures of a run as they are drawn."""
    from mindseye.report.figures import _figures
    from mindseye.runs.folder import RunFolder

    return dict(_figures(folder, RunFolder(folder).read(), theme))


@pytest.mark.parametrize("facets", [1, 4, 30])
def test_labels_do_not_run_into_each_other(make_run, facets: int) -> None:
    """Whatever the names are and however many facets there are; and no sheet is larger than its pages allow."""
    sheets = sheets_of(make_run(layers=2, facets=facets, images=40, snapshots=1, change=rename))
    first = "blocks.0.1/"
    wanted = {f"{own}{name}" for own in ("", first) for name in ("facets", "steps", "channels")}
    assert wanted | {"embedding", "depth", "entanglement"} <= set(sheets)
    assert (f"{first}facets-2" in sheets) == ("depth-2" in sheets) == (facets == 30)
    for name, sheet in sheets.items():
        assert_legible(sheet, name)
        assert max(sheet.width, sheet.height) <= LARGEST, name


@pytest.mark.parametrize("largest", [0.04, 0.11, 0.2, 0.23, 0.3, 0.37, 0.5, 0.61, 0.9])
def test_labels_of_an_axis_leave_room_for_what_is_said_beside_it(make_run, largest: float) -> None:
    """At whatever height the numbers of the axis stand."""

    def scale(manifest: dict[str, Any]) -> None:
        rename(manifest)
        for layer in manifest["layers"]:
            for number, stats in enumerate(layer["channel_stats"]):
                stats["entanglement"] = largest * number / 39
            layer["entanglement"] |= {"mean": largest / 2, "low": largest / 3, "high": largest}

    assert_legible(sheets_of(make_run(layers=1, images=6, snapshots=0, change=scale))["entanglement"], "entanglement")


@pytest.mark.parametrize("objectives", [1, 4, 30])
def test_labels_of_named_objectives_neither(make_commission, objectives: int) -> None:
    """Pictures of objectives with long names, beside their photos, judged."""
    names = [f"layer.{number}.{LONG}" for number in range(objectives)]

    def judge(manifest: dict[str, Any]) -> None:
        for picture in manifest["pictures"]:
            seen = picture["measures"]["transfer"].pop("efficientnet_lite1")
            seen["sees"][0]["label"] = seen["label"] = LONG
            picture["measures"]["transfer"] = {f"{LONG}{number}": seen for number in range(3)}

    folder = make_commission(names, about=lambda index, photo: {"photo": str(photo)}, change=judge)
    sheets = sheets_of(folder)
    assert ("pictures-2" in sheets) == (objectives == 30)
    for name, sheet in sheets.items():
        assert_legible(sheet, name)
        assert max(sheet.width, sheet.height) <= LARGEST, name


def test_pages_hold_every_entry_once_and_in_order() -> None:
    """By a figure that is as tall as its entries together: parts of even length, none above the largest side."""
    drawn: list[list[int]] = []

    def draw(part: Any) -> Sheet:
        drawn.append(list(part))
        return Sheet(100, 700 * len(part))

    pages = list(draw_pages(range(13), draw))
    assert [page.height for page in pages] == [2800, 3500, 2800]
    assert [entry for part in drawn[-len(pages) :] for entry in part] == list(range(13))
    assert len(list(draw_pages(range(1), lambda part: Sheet(100, 9000)))) == 1
    assert len(list(draw_pages([], lambda part: Sheet(100, 100)))) == 1


def test_a_figure_that_no_page_holds_is_made_smaller(tmp_path: Path) -> None:
    """4000 px are its longest side then, its shape the same; the file says 300 dpi."""
    (path,) = write_sheet(tmp_path / "a.png", Sheet(8000, 1000), FigureStyle())
    with Image.open(path) as image:
        assert image.size == (4000, 500)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_light_is_the_default_and_a_run_keeps_its_style(make_run) -> None:
    """Paper and ink change with the theme; what the run was made with holds when its figures are drawn anew."""
    folder = make_run(layers=1)
    for style, paper in ((None, LIGHT), (FigureStyle(DARK), DARK)):
        path = next(path for path in write_figures(folder, style) if path.name == "facets.png")
        with Image.open(path) as image:
            assert image.getpixel((2, 2)) == paper.paint("paper")
    folder = make_run(layers=1, change=lambda manifest: manifest.update(figures=["dark", "svg"]))
    written = write_figures(folder)
    assert {path.suffix for path in written} == {".png", ".svg"}
    with Image.open(written[0]) as image:
        assert image.getpixel((2, 2)) == DARK.paint("paper")


@pytest.mark.parametrize(
    ("words", "theme", "formats"),
    [
        (None, "light", ()),
        ("dark", "dark", ()),
        ("pdf, SVG", "light", ("svg", "pdf")),
        (["dark", "png", "pdf"], "dark", ("pdf",)),
        ("", "light", ()),
    ],
)
def test_words_of_a_style(words: Any, theme: str, formats: tuple[str, ...]) -> None:
    """With commas or as a list; its own words name it again."""
    style = FigureStyle.of(words)
    assert (style.theme.name, style.formats) == (theme, formats)
    assert FigureStyle.of(style.words()) == style


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("drak", "did you mean 'dark'"),
        ("light,dark", "not both"),
        ("jpeg", "light, dark, png, svg, pdf"),
        ([3], "are words"),
    ],
)
def test_other_words_are_refused(words: Any, said: str) -> None:
    """In one line."""
    with pytest.raises(UserError, match=said):
        FigureStyle.of(words)


def shaped() -> Sheet:
    """One of everything that a sheet can draw."""
    sheet = Sheet(600, 300)
    sheet.text(20, 20, "price $5 and $6 & <b>", 40, bold=True)
    sheet.paste(300, 40, Image.new("RGB", (50, 50), (200, 10, 10)))
    sheet.rule(20, 100, 580, 100)
    with sheet.smooth(0, 120, 600, 180) as brush:
        brush.line([(20, 140), (200, 180)], "ink", 4)
        brush.disc(300, 200, 30, (10, 120, 10))
        brush.box(400, 150, 100, 60, (10, 10, 200), 8)
        brush.mark(100, 250, 20, "warning", "triangle")
    return sheet


def test_an_svg_holds_the_figure_as_lines_and_its_picture_as_pixels() -> None:
    """As large as the PNG at 300 dpi; the same bytes each time, with no date in them."""
    text = vector_file(shaped(), "svg").decode()
    width, height = (float(number) for number in re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', text).groups())
    assert (width, height) == pytest.approx((600 * 72 / 300, 300 * 72 / 300))
    assert text.count("<image ") == 1
    assert "<dc:date>" not in text
    for colour in ("#0a780a", "#0a0ac8"):
        assert colour in text
    assert vector_file(shaped(), "svg").decode() == text


def test_a_pdf_has_one_page_and_its_text_as_text() -> None:
    """With the font embedded, so that it can be selected and edited."""
    data = vector_file(shaped(), "pdf")
    assert data.startswith(b"%PDF")
    assert re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", data) == [(b"144", b"72")]
    assert b"/Type0" in data or b"/TrueType" in data
    assert b"DejaVuSans-Bold" in data


def test_a_vector_looks_like_its_png(browser, tmp_path: Path) -> None:
    """Drawn by a browser at the same size, nearly all pixels are the same."""
    sheet = shaped()
    (tmp_path / "a.svg").write_bytes(vector_file(sheet, "svg"))
    page = browser.new_page(viewport={"width": 600, "height": 300})
    page.set_content(f"<style>body{{margin:0}}</style><img width=600 height=300 src='{_inline(tmp_path / 'a.svg')}'>")
    page.wait_for_function("document.images[0].complete")
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    apart = np.abs(np.asarray(shot, dtype=int) - np.asarray(sheet.image, dtype=int)).max(-1)
    assert (apart > 100).mean() < 0.01


def _inline(path: Path) -> str:
    import base64

    return f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_letters_that_the_font_lacks_come_from_another_or_are_numbered() -> None:
    """A name of any script can be told from others; what the font has is drawn with it."""
    base = base_file()
    assert runs_of("naïve Ω") == [("naïve Ω", base)]
    elsewhere = next(
        (letter for file in fallback_files() for letter in sorted(letters_of(file)) if _lacks(letter)), None
    )
    assert elsewhere is not None, "matplotlib's own STIX has letters that DejaVu lacks"
    (start, first), (letter, other), *rest = runs_of(f"a{chr(elsewhere)}b")
    assert (start, first, letter, rest) == ("a", base, chr(elsewhere), [("b", base)])
    assert other in fallback_files()
    every = frozenset().union(*map(letters_of, (base, *fallback_files())))
    nowhere = next(code for code in range(0xE000, 0xF8FF) if code not in every)
    assert runs_of(f"x{chr(nowhere)}") == [(f"xU+{nowhere:04X}", base)]
    assert text_width(chr(elsewhere), 30) > 0


def test_letters_without_a_shape_stay_with_those_that_they_join() -> None:
    """Persian, Hindi and compound emoji are written with joiners; what they join may be a number, a sign has its name."""
    assert runs_of(printable("\u0645\u06cc\u200c\u062e")) == [("\u0645\u06cc\u200c\u062e", base_file())]
    every = frozenset().union(*map(letters_of, (base_file(), *fallback_files())))
    nowhere = [code for code in range(0xE000, 0xF8FF) if code not in every][:3]
    row = f"x{chr(nowhere[0])}\u200d{chr(nowhere[1])}\ufe0f y{chr(nowhere[2])}"
    assert runs_of(row) == [(f"xU+{nowhere[0]:04X}·{nowhere[1]:04X} yU+{nowhere[2]:04X}", base_file())]
    sign = next(
        (code for code in range(0x1F000, 0x1FAFF) if code not in every and unicodedata.name(chr(code), "")), None
    )
    if sign:  # some machines have a font for each
        assert runs_of(chr(sign)) == [(f"[{unicodedata.name(chr(sign)).lower()}]", base_file())]


def _lacks(letter: int) -> bool:
    return letter not in letters_of(base_file()) and chr(letter).isprintable()

"""The sheets and the first screen of named objectives."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_files import manifest_in
from PIL import Image

from mindseye.report.drawing import MARGIN
from mindseye.report.figures import split_sheets, write_figures
from mindseye.report.gallery import GAP, INSET, SIDE, draw_gallery
from mindseye.report.manifest import picture_groups, preprocessing_line, seen_side, title
from mindseye.report.notebook import Run
from mindseye.report.numbers import Reading, predictions
from mindseye.report.steps import draw_steps
from mindseye.report.tables import score_table
from mindseye.report.theme import LIGHT
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import Manifest, ModelEntry, PictureEntry

SHEETS = (draw_gallery, draw_steps)
EVIL = [
    "layer3:\n\x1b[31mred.npy",
    "<script>alert('x')</script>\" onerror='y'",
    "\udcff\u202e:1",
    "long." * 200,
    "",
    " > 1/",
]


def has_colour(image: Image.Image, colour: tuple[int, int, int]) -> bool:
    return bool((np.asarray(image) == np.array(colour)).all(-1).any())


def drawn(folder: Path) -> Image.Image:
    return draw_gallery(folder, manifest_in(folder))


def variant(index: int, photo: Path) -> dict[str, Any]:
    return {"variant": index % 4}


def tiles_on(sheet: Image.Image, folder: Path) -> list[tuple[int, int]]:
    """Where each picture of the run stands on a sheet: (x, y) of its upper left corner, in the run's order."""
    pixels, places = np.asarray(sheet).astype(int), []
    for entry in manifest_in(folder).pictures:
        with Image.open(folder / str(entry.picture)) as small:
            tile = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.NEAREST)).astype(int)
        first = (pixels[: -SIDE or None, : -SIDE or None] == tile[0, 0]).all(-1)
        matches = [
            (int(x), int(y))
            for y, x in np.argwhere(first)
            if (np.abs(pixels[y : y + SIDE, x : x + SIDE] - tile).max() == 0)
        ]
        assert len(matches) == 1, entry.objective
        places += matches
    return places


def test_a_run_of_objectives_has_two_figures(make_commission) -> None:
    """Gallery and steps; no sheet of facets, no map, no sheet by depth."""
    folder = make_commission(["class:zebra", "layer3:11"])
    written = write_figures(folder)
    assert [path.relative_to(folder).as_posix() for path in written] == ["figures/pictures.png", "figures/steps.png"]

    def forget(manifest: dict[str, Any]) -> None:
        for entry in manifest["pictures"]:
            entry["steps"] = []

    assert [path.name for path in write_figures(make_commission(["a:1"], change=forget))] == ["pictures.png"]


def test_objectives_fill_rows_from_left_to_right(make_commission) -> None:
    """Whole pictures, at equal distances, in the order in which they were asked for."""
    folder = make_commission([f"layer3:{index}" for index in range(7)])
    places = tiles_on(drawn(folder), folder)
    assert [x for x, _ in places] == [MARGIN + column * (SIDE + GAP) for column in (0, 1, 2, 3, 4, 0, 1)]
    assert len({y for _, y in places[:5]}) == len({y for _, y in places[5:]}) == 1
    assert places[5][1] > places[0][1] + SIDE


def test_variants_stand_in_one_row(make_commission) -> None:
    """Each objective's variants side by side, and the next objective's below."""
    folder = make_commission(["layer3:11"] * 4 + ["layer3:60"] * 4, about=variant)
    rows = [y for _, y in tiles_on(drawn(folder), folder)]
    assert len(set(rows[:4])) == len(set(rows[4:])) == 1
    assert rows[4] > rows[0] + SIDE
    assert [name for name, _ in picture_groups(manifest_in(folder))] == ["layer3:11", "layer3:60"]


def test_an_interpolation_stands_in_one_row(make_commission) -> None:
    """Under the names of its ends, even where single pictures would go on to the next row."""

    def between(manifest: dict[str, Any]) -> None:
        manifest["options"]["interpolate"] = 8

    folder = make_commission([f"a:1 > a:2 {place}/8" for place in range(1, 9)], change=between)
    assert len({y for _, y in tiles_on(drawn(folder), folder)}) == 1
    ((name, group),) = picture_groups(manifest_in(folder))
    assert (name, len(group)) == ("a:1 > a:2", 8)


def test_a_photo_stands_beside_its_picture(make_commission) -> None:
    """As large as the picture, to its left; a photo that is gone leaves a grey tile there."""

    def source(index: int, photo: Path) -> dict[str, Any]:
        return {"photo": str(photo if index == 0 else photo.with_name("gone.png"))}

    folder = make_commission(["photo.png at layer1", "gone.png at layer1"], "invert", about=source)
    sheet = drawn(folder)
    (x, y), (other, _) = tiles_on(sheet, folder)
    colours = [
        sheet.image.crop((place - INSET - SIDE, y, place - INSET, y + SIDE)).getcolors(SIDE * SIDE)
        for place in (x, other)
    ]
    assert colours[0] == [(SIDE * SIDE, (10, 200, 30))]
    assert max(colours[1])[1] == LIGHT.paint("raised")
    assert title(manifest_in(folder)) == "What efficientnet_lite0 keeps of a photo"


def test_members_are_a_mosaic(make_commission) -> None:
    """The photos that a variant stands for, three by three, beside it."""
    folder = make_commission(
        ["layer3:11"] * 2, about=lambda index, photo: {"variant": index, "members": [{"path": str(photo)}] * 9}
    )
    sheet = drawn(folder)
    x, y = tiles_on(sheet, folder)[0]
    beside = np.asarray(sheet.image.crop((x - INSET - SIDE, y, x - INSET, y + SIDE)))
    assert (beside == (10, 200, 30)).all(-1).mean() == pytest.approx(((SIDE - 8) / SIDE) ** 2, abs=0.005)


@pytest.mark.parametrize("draw", SHEETS)
def test_a_failed_picture_is_a_tile_with_the_reason(make_commission, draw: Any) -> None:
    """On both sheets, on the screen and in the run's failures."""

    def fail(manifest: dict[str, Any]) -> None:
        manifest["pictures"][1] |= {"status": "failed", "reason": "turned NaN", "picture": None, "measures": {}}

    names = ["layer3:11", "layer3:11", "class:zebra"]
    folder = make_commission(names)
    assert not has_colour(draw(folder, manifest_in(folder)), LIGHT.paint("warning"))
    folder = make_commission(names, about=variant, change=fail)
    assert has_colour(draw(folder, manifest_in(folder)), LIGHT.paint("warning"))
    run = Run(folder)
    assert run.failures == ["layer3:11 variant 1: turned NaN"]
    assert {name: [path.name for path in paths] for name, paths in run.pictures.items()} == {
        "layer3:11": ["00.png"],
        "class:zebra": ["02.png"],
    }


@pytest.mark.parametrize("draw", SHEETS)
def test_random_weights_are_said(make_commission, draw: Any) -> None:
    """As on every other sheet."""

    def untrained(manifest: dict[str, Any]) -> None:
        manifest["model"]["weights"] = "none"

    folder = make_commission(["layer3:11"], change=untrained)
    assert has_colour(draw(folder, manifest_in(folder)), LIGHT.paint("warning"))


@pytest.mark.parametrize("draw", SHEETS)
def test_fields_that_are_absent_are_no_error(make_commission, draw: Any) -> None:
    """Whatever the run, or one of its pictures, does not say, the sheet is drawn all the same."""
    about = {"variant": 0, "members": [], "photo": "x", "reason": "y"}
    folder = make_commission(["layer3:11"] * 20, about=lambda index, photo: about)
    content = json.loads((folder / "run.json").read_text("utf-8"))
    for entry, field in zip(content["pictures"], list(content["pictures"][0]), strict=False):
        del entry[field]
    for field in ("recipe", "model", "options", "seed", "status"):
        del content[field]
    assert draw(folder, Manifest.parse(content)).width > 300


@pytest.mark.parametrize("value", [None, [], {}, "text", -1.5, [{}]])
def test_measures_of_any_kind_are_no_error(make_commission, value: Any) -> None:
    """What judges said is shown as far as it can be read."""
    folder = make_commission(["layer3:11"] * 8)
    manifest = manifest_in(folder)
    fields = ("picture", "start", "label", "sees", "labels")
    for entry, field in zip(manifest.pictures, fields, strict=False):
        entry.measures["transfer"]["efficientnet_lite1"][field] = value
    manifest.pictures[5].measures["transfer"]["efficientnet_lite1"] = value
    manifest.pictures[6].measures["transfer"] = value
    manifest.pictures[7].measures["objective"] = value
    assert draw_gallery(folder, manifest).width > 300


def test_names_are_text_whatever_they_hold(make_commission) -> None:
    """Sheets are drawn, and the screen holds no tag that a name brought along."""
    folder = make_commission(EVIL)
    assert len(write_figures(folder)) == 2
    screen = Run(folder)._repr_html_()
    assert "<script" not in screen
    assert screen.count("<img ") == len(re.findall(r'<img class="me-[a-z]+" src="data:[^"]*" [^<>"]*"[^<>]*">', screen))
    screen.encode("utf-8")


def test_many_pictures_are_several_sheets(make_commission) -> None:
    """No picture is left out or drawn twice, and the variants of one objective stay on one sheet."""
    folder = make_commission(
        [f"a:{index // 4}" for index in range(12)] + ["b:1", "b:2", "b:3"],
        about=lambda index, photo: {"variant": index % 4} if index < 12 else {},
    )
    parts = [[picture.index for picture in part] for part in split_sheets(manifest_in(folder), 6)]
    assert parts == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11, 12, 13], [14]]


def test_the_pictures_beyond_one_sheet_stand_on_others(make_commission) -> None:
    """Figures are numbered from the second on."""
    names = [path.name for path in write_figures(make_commission([f"a:{index}" for index in range(61)]))]
    assert names == [
        "pictures.png",
        *(f"pictures-{n}.png" for n in (2, 3)),
        "steps.png",
        *(f"steps-{n}.png" for n in range(2, 6)),
    ]


def test_the_screen_shows_at_most_24(make_commission) -> None:
    """All pictures inline up to then, with what the objective says of each; the text says how many more there are."""
    screen = Run(make_commission([f"layer3:{index}" for index in range(5)], judged=False))._repr_html_()
    assert screen.count("<img ") == 5
    assert screen.count("value -0.57 → 4.64") == 5
    assert "What efficientnet_lite0 looks for" in screen
    assert " more " not in screen
    screen = Run(make_commission(["a:1"] * 4 + [f"layer3:{index}" for index in range(23)]))._repr_html_()
    assert screen.count("<img ") == 24
    assert "3 more pictures" in screen


def test_a_photo_is_on_the_screen_too(make_commission) -> None:
    """Beside its picture."""
    folder = make_commission(["p.png at a"], "invert", about=lambda index, photo: {"photo": str(photo)})
    assert Run(folder)._repr_html_().count("<img ") == 2


def test_judges_are_read_from_the_pictures(make_commission) -> None:
    """What a judge sees, likeliest first, and the label that was wanted of it; nothing where none has looked."""
    (prediction,) = predictions(manifest_in(make_commission(["class:zebra"])).pictures[0].measures)
    assert prediction.labels == [("zebra", 0.93), ("impala, Aepyceros melampus", 0.02)]
    assert (prediction.target, prediction.probability) == ("zebra", Reading(0.93, start=0.001))
    manifest = manifest_in(make_commission(["class:zebra"], judged=False))
    assert predictions(manifest.pictures[0].measures) == []
    assert score_table(manifest) == ""


@pytest.mark.parametrize(("value", "warns"), [(2.0, False), (-2.44, True)])
def test_a_value_that_fell_is_no_success(tmp_path, value, warns):
    """It is drawn as a warning."""
    measures = {"objective": {"picture": {"value": value}, "start": {"value": -0.71}}}
    entry = PictureEntry(index=0, objective="a:1", status="done", measures=measures)
    drawn = [Manifest(kind="paint", pictures=[one]) for one in (entry, replace(entry, measures=None))]
    marked, plain = (
        (np.asarray(draw_gallery(RunFolder(tmp_path), manifest)) == LIGHT.paint("warning")).all(-1).sum()
        for manifest in drawn
    )
    assert (marked > plain) == warns


def test_the_size_that_was_used():
    """Not what the weights were trained at, unless the network takes no other."""
    model = ModelEntry(preprocessing={"size": 224, "resize": 256, "crop": "center"})
    manifest = Manifest(kind="paint", recipe={"size": 96}, model=model)
    assert preprocessing_line(model, seen_side(manifest)) == "preprocessing: size 96, resize 110, crop center"
    model.preprocessing["fixed_size"] = True
    assert preprocessing_line(model, seen_side(manifest)).startswith("preprocessing: size 224, resize 256")
    assert preprocessing_line(model, seen_side(Manifest(kind="paint"))).startswith("preprocessing: size 224")

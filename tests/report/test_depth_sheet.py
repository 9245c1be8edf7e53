"""The sheet by depth: every picture at its place, the curves at their heights."""

from typing import Any

import numpy as np
import pytest
from page_files import manifest_in
from PIL import Image

from mindseye.report import curves
from mindseye.report.curves import Curve, draw_curve
from mindseye.report.depth import draw_depth
from mindseye.report.numbers import Reading
from mindseye.report.palette import facet_colour
from mindseye.report.sheet import Sheet, Text
from mindseye.report.theme import LIGHT
from mindseye.runs.folder import RunFolder


def centre_of(image: Image.Image, colour: tuple[int, int, int]) -> tuple[float, float]:
    """(x, y) in px: the middle of all pixels of `colour`."""
    rows, columns = np.nonzero((np.asarray(image) == np.array(colour)).all(-1))
    assert len(rows) > 500, f"{colour} is not on the sheet"
    return float(columns.mean()), float(rows.mean())


def test_layers_run_down_and_facets_across(make_run) -> None:
    """Pictures of plain colours are found again in a grid: one height per layer, one column per facet, in order."""
    folder = make_run(layers=3, facets=4)
    colours = {}
    for row in range(3):
        for column in range(4):
            colour = colours[row, column] = (200 + row, 10 + column, 90)
            Image.new("RGB", (48, 48), colour).save(folder / f"pictures/blocks.{row}.1/facet-{column:02d}.png")
    sheet = draw_depth(folder, manifest_in(folder))
    places = {key: centre_of(sheet, colour) for key, colour in colours.items()}
    for row in range(3):
        assert len({places[row, column][1] for column in range(4)}) == 1
    for column in range(4):
        assert len({places[row, column][0] for row in range(3)}) == 1
    assert [key for key, _ in sorted(places.items(), key=lambda item: (item[1][1], item[1][0]))] == sorted(colours)


def test_facets_are_matched_by_index_not_by_place(make_run) -> None:
    """A layer that lacks a facet leaves that place empty; the others keep their columns."""

    def drop(manifest: dict[str, Any]) -> None:
        del manifest["layers"][0]["facets"][0]

    folder = make_run(layers=2, facets=2, change=drop)
    for row in range(2):
        Image.new("RGB", (48, 48), (200, 10, 90 + row)).save(folder / f"pictures/blocks.{row}.1/facet-01.png")
    sheet = draw_depth(folder, manifest_in(folder))
    assert centre_of(sheet, (200, 10, 90))[0] == centre_of(sheet, (200, 10, 91))[0]


@pytest.mark.parametrize(("layers", "facets"), [(1, 1), (1, 40), (12, 1), (12, 40)])
def test_tiles_stay_legible_at_every_size(make_run, layers: int, facets: int) -> None:
    """From one facet of one layer to forty of twelve, a tile has at least 132 px and the sheet holds them all."""
    folder = make_run(layers=layers, facets=facets, images=12, snapshots=0)
    sheet = draw_depth(folder, manifest_in(folder))
    assert sheet.width >= facets * 132
    assert sheet.height >= (layers + 1) * 132
    assert sheet.width < 8000


def test_measures_are_chosen_by_what_was_measured(make_run) -> None:
    """Judges' numbers come first, three at most; without them the cosine; without any the loss."""
    manifest = manifest_in(make_run())
    assert [curve.title for curve in curves.curves(manifest)] == ["judge's probability", "home folder", "percentile"]
    facets = [facet for layer in manifest.layers for facet in layer.facets]
    for facet in facets:
        facet.measures = {"fidelity": facet.measures["fidelity"]}
    assert [curve.title for curve in curves.curves(manifest)] == ["cosine"]
    for facet in facets:
        facet.measures = None
    assert [curve.title for curve in curves.curves(manifest)] == ["loss left"]
    assert curves.curves(manifest)[0].means("picture") == pytest.approx([0.16, 0.16])
    for facet in facets:
        facet.loss = {}
    assert curves.curves(manifest) == []


def test_means_are_over_the_facets_that_have_the_number() -> None:
    """A facet that failed takes no part in the mean; a layer without numbers has none."""
    points = [{0: Reading(0.2, 0.4), 1: Reading(0.6), 2: Reading()}, {0: Reading()}]
    curve = Curve("p", "", "", points)
    assert curve.means("picture") == [pytest.approx(0.4), None]
    assert curve.means("members") == [0.4, None]
    assert curve.means("start") == [None, None]


@pytest.mark.parametrize(
    ("values", "span"), [([0.2, 0.9], (0, 1)), ([-0.3, 0.5], (-1, 1)), ([0.1, 2.4], (0, 3)), ([1.0, 0.0], (0, 1))]
)
def test_axis_holds_every_value(values: list[float], span: tuple[float, float]) -> None:
    """The axis is [0, 1], widened to whole numbers where a value leaves it."""
    assert Curve("p", "", "", [{0: Reading(value)} for value in values]).span() == span


def test_points_lie_where_their_values_say() -> None:
    """The mean's disc is centred at its layer's height and at its value's share of the panel."""
    curve = Curve("p", "", "", [{0: Reading(0.25)}, {0: Reading(0.75)}])
    sheet = Sheet(400, 500)
    draw_curve(sheet, curve, 100, [150, 350], 80, 420)
    for value, row in ((0.25, 150), (0.75, 350)):
        at = 100 + value * curves.PANEL
        assert sheet.image.getpixel((round(at), row)) == LIGHT.paint("ink")
        ink = (np.asarray(sheet.image)[row + 5, 90:310] == LIGHT.paint("ink")).all(-1)
        left, right = np.flatnonzero(ink)[[0, -1]] + 90
        assert (left + right) / 2 == pytest.approx(at, abs=2.5)  # the line to the next point widens one side


def test_each_facet_has_a_point_of_its_colour() -> None:
    """Beside the mean every facet's own value is marked."""
    curve = Curve("p", "", "", [{0: Reading(0.1), 3: Reading(0.9)}])
    sheet = Sheet(400, 300)
    draw_curve(sheet, curve, 100, [150], 80, 220)
    assert sheet.image.getpixel((100 + round(0.1 * curves.PANEL), 150)) == facet_colour(0, dark=False)
    assert sheet.image.getpixel((100 + round(0.9 * curves.PANEL), 150)) == facet_colour(3, dark=False)


@pytest.mark.parametrize("facets", [1, 10, 18])
def test_no_word_of_the_curves_is_cut(make_run, facets: int) -> None:
    """The headings of the panels and what they mean, whole, whatever the side of the pictures is."""

    def unname(manifest: dict[str, Any]) -> None:
        for layer in manifest["layers"]:
            for facet in layer["facets"]:
                facet["label"] = None

    folder = make_run(facets=facets, images=20, snapshots=0, change=unname)
    sheet = draw_depth(folder, RunFolder(folder).read())
    texts = [item.text for item in sheet.items if isinstance(item, Text)]
    assert not [text for text in texts if "…" in text]
    assert "judge's probability" in texts


def test_of_synonyms_that_are_too_long_the_first_is_shown(make_run) -> None:
    """Its end would be the least known name; a label that fits is shown whole, and one without synonyms keeps both ends."""

    def label(manifest: dict[str, Any]) -> None:
        for facet, name in zip(manifest["layers"][-1]["facets"], LABELS, strict=True):
            facet["label"] = name

    folder = make_run(change=label)
    sheet = draw_depth(folder, RunFolder(folder).read())
    texts = [item.text for item in sheet.items if isinstance(item, Text)]
    assert {"ant, emmet", "grand piano"} <= set(texts)
    assert any(text.startswith("a_l") and text.endswith("ame") and "…" in text for text in texts)


LABELS = ("ant, emmet", "grand piano, grand", "a_long_and_even_longer_name")

"""Maps as colours, the figure of an explained photo, the table of the checks, and where facets live on their sheet."""

import numpy as np
import pytest
import torch
from PIL import Image

from mindseye.report.drawing import MARGIN
from mindseye.report.explanation import GAP, SIDE, draw_explanation
from mindseye.report.facets import THUMB, draw_facets
from mindseye.report.heat import as_image, bar, heat, limit, overlay
from mindseye.report.markdown import check_table
from mindseye.report.theme import LIGHT
from mindseye.report.where import where_tiles
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import (
    CheckEntry,
    CurveEntry,
    ExplainedModelEntry,
    ExplainedPhotoEntry,
    ForgettingEntry,
    Manifest,
    MapEntry,
    TargetEntry,
)

MAP = 32
WHITE = (247, 246, 246)


def ramp():
    """From -1 at the left edge to 1 at the right one."""
    return np.repeat(np.linspace(-1, 1, MAP, dtype=np.float32)[None], MAP, 0)


def test_red_speaks_for_and_blue_against():
    """Zero is white, in the middle, whatever the range of the values is; what is not signed is black at zero."""
    colours = np.asarray(heat(np.array([[-2.0, 0.0, 1.0, 2.0]], np.float32), 2.0, True)).astype(int)[0]
    assert colours[0, 2] > colours[0, 0] + 50
    assert tuple(colours[1]) == WHITE
    assert colours[3, 0] > colours[3, 2] + 50
    assert (colours[2] > colours[3]).all()
    brightness = np.asarray(heat(np.array([[0.0, 0.5, 1.0, 9.0]], np.float32), 1.0, False)).astype(int).sum(-1)[0]
    assert brightness[0] < 10
    assert (np.diff(brightness)[:2] > 0).all()
    assert brightness[2] == brightness[3]


def test_colours_end_where_nearly_all_values_do():
    """One pixel of 10000 does not leave the rest white; a map of one pixel, or a flat one, has a limit all the same."""
    values = np.ones((100, 100), np.float32)
    values[0, 0] = -1000
    assert limit(values) == pytest.approx(1)
    assert limit(-7 * values.clip(0, 1)) == pytest.approx(7)
    alone = np.zeros((100, 100), np.float32)
    alone[3, 4] = -5
    assert limit(alone) == pytest.approx(5)
    assert limit(np.zeros((2, 2), np.float32)) == 0
    flat = np.asarray(heat(np.zeros((2, 2), np.float32), 0.0, True))
    assert (flat == WHITE).all()


def test_an_overlay_shows_the_photo_where_the_map_is_zero():
    """In grey; the colour of the map where it is strongest."""
    photo = Image.fromarray(np.full((MAP, MAP, 3), (200, 40, 40), np.uint8))
    values = np.zeros((MAP, MAP), np.float32)
    values[:, MAP // 2 :] = 1
    shown = np.asarray(overlay(photo, values, 1.0, True)).astype(int)
    assert np.ptp(shown[:, : MAP // 2], axis=-1).max() == 0
    colour = np.asarray(heat(values, 1.0, True)).astype(int)[0, -1]
    assert np.abs(shown[0, -1] - colour).max() < 0.2 * 255


def test_the_bar_has_the_colours_of_the_map():
    colours = np.asarray(bar(MAP, 3, True))
    assert np.array_equal(colours[0], np.asarray(heat(ramp(), 1.0, True))[0])
    assert np.array_equal(np.asarray(bar(3, 1, False))[0, -1], np.asarray(heat(ramp(), 1.0, False))[0, -1])


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_photos_of_any_number_of_channels(channels):
    photo = torch.randint(0, 256, (channels, 4, 6), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    got = np.asarray(as_image(photo))
    for plane in range(3):
        assert np.array_equal(got[..., plane], photo[plane if channels == 3 else 0].numpy())


def entry(folder, model, method, values=None):
    values = ramp() if values is None else values
    name = f"{model}-{method}.npy"
    np.save(folder / name, values)
    return MapEntry(
        model,
        method,
        "zebra (340)",
        signed=True,
        range=[-1.0, 1.0],
        limit=1.0,
        settings={"box": [32, 16], "fill": "mean"},
        numbers={"score": 7.5, "error": 0.01},
        map=name,
    )


def manifest_of(models=("net",), methods=("occlusion", "lrp"), weights="ImageNet", refused=None, photos=()):
    target = TargetEntry("output", is_class=True)
    return Manifest(
        "explain",
        seed=0,
        target="top",
        methods=list(methods),
        models=[ExplainedModelEntry(name, weights, target=target, refused=refused or {}) for name in models],
        photos=list(photos),
    )


def photo_of(maps, **about):
    return ExplainedPhotoEntry("zebra", "/photos/zebra.jpg", maps, **about)


def squares(*models):
    return {name: torch.full((3, MAP, MAP), 90, dtype=torch.uint8) for name in models}


def columns_with(image, place):
    """The part of a figure below the header in the column of one method, 0 for the photo's."""
    left = MARGIN + place * (SIDE + GAP)
    return np.asarray(image)[:, left : left + SIDE].astype(int)


def test_each_method_has_a_column(tmp_path):
    """Blue at the left of its tile and red at the right, twice: alone and over the photo."""
    maps = [entry(tmp_path, "net", "occlusion"), entry(tmp_path, "net", "lrp", -ramp())]
    image = draw_explanation(tmp_path, manifest_of(), photo_of(maps), squares("net"))
    for place, is_red in ((1, True), (2, False)):
        right = columns_with(image, place)[:, -4]
        redder = (right[:, 0] > right[:, 2] + 40).sum() if is_red else (right[:, 2] > right[:, 0] + 40).sum()
        assert redder > 1.8 * SIDE


def test_networks_and_further_methods_have_rows(tmp_path):
    """A block for each network; twelve methods take two rows of it."""
    maps = [entry(tmp_path, model, method) for model in ("one", "two") for method in "abcdefghijkl"]

    def height(models, methods):
        manifest = manifest_of(models, methods)
        return draw_explanation(tmp_path, manifest, photo_of(maps), squares(*models)).height

    single = height(["one"], "abc")
    assert height(["one", "two"], "abc") > single + 2 * SIDE
    assert height(["one"], "abcdefghijkl") > single + 2 * SIDE


def test_what_is_not_there_is_said(tmp_path):
    """A method that is refused, a map that failed, and one whose file is gone: tiles, with the reason where there is one."""
    whole = entry(tmp_path, "net", "lrp")
    failed = MapEntry("net", "lrp", "x", "failed", reason="the map is NaN")
    for maps, refused, warns in (
        ([failed], {}, True),
        ([], {"lrp": "module 'a' computes 'Gelu'"}, True),
        ([], {}, False),
    ):
        manifest = manifest_of(methods=["lrp"], refused=refused)
        tile = columns_with(draw_explanation(tmp_path, manifest, photo_of(maps), squares("net")), 1)
        assert (tile == LIGHT.paint("raised")).all(-1).sum() > SIDE * SIDE / 2
        assert (tile == LIGHT.paint("warning")).all(-1).any() == warns
    (tmp_path / whole.map).write_bytes(b"nothing")
    tile = columns_with(draw_explanation(tmp_path, manifest_of(methods=["lrp"]), photo_of([whole]), squares("net")), 1)
    assert (tile == LIGHT.paint("raised")).all(-1).sum() > SIDE * SIDE / 2


def test_random_weights_are_said(tmp_path):
    for weights, is_said in (("none", True), ("ImageNet", False)):
        manifest = manifest_of(methods=["lrp"], weights=weights)
        image = draw_explanation(tmp_path, manifest, photo_of([entry(tmp_path, "net", "lrp")]), squares("net"))
        assert (np.asarray(image) == LIGHT.paint("warning")).all(-1).any() == is_said


def checked(deletion, insertion, absolute):
    forgetting = ForgettingEntry(absolute=absolute, signed=[0.0, -0.5])
    return MapEntry("net", "lrp", check=CheckEntry(CurveEntry(deletion), CurveEntry(insertion), forgetting))


def test_the_table_by_hand():
    """Means over the photos, standard errors of the areas; a correlation that is no number is left out."""
    chance = CheckEntry(CurveEntry(0.5), CurveEntry(0.5))
    others = checked(9.0, 9.0, [9.0, 9.0])
    others.model = "other"
    photos = [
        photo_of([], chance={"net": chance}),
        photo_of([checked(0.1, 0.6, [0.9, 0.2])]),
        photo_of([checked(0.3, 0.8, [None, 0.4])]),
        photo_of([MapEntry("net", "lrp", status="failed")]),
        photo_of([others]),
    ]
    table = check_table(manifest_of(photos=photos))
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| net")]
    assert rows[-2] == ["net", "random order", "0.50", "0.50", "–", "–", "–", "1"]
    assert rows[-1] == ["net", "lrp", "0.20 ± 0.10", "0.70 ± 0.10", "0.90", "0.30", "-0.50", "2"]
    assert "probability" in table


def locate(folder, values):
    """Give every facet of a run maps of two members, and the manifest what the network saw."""
    manifest = RunFolder(folder).read()
    manifest.options = {"size": 64}
    manifest.model.preprocessing |= {"resize": 256, "interpolation": "bicubic", "crop": "center", "source": "x"}
    for facet in manifest.layers[-1].facets:
        facet.where = f"where/{facet.index}.npy"
        (folder / "where").mkdir(exist_ok=True)
        np.save(folder / facet.where, values)
    return manifest


def test_where_a_facet_lives_has_a_column(make_run):
    """Bright where the map is; without maps the sheet is what it was."""
    folder = make_run(layers=1)
    plain = draw_facets(folder, RunFolder(folder).read())
    values = np.zeros((2, 4, 4), np.float32)
    values[:, :, 2:] = 1
    manifest = locate(folder, values)
    sheet = draw_facets(folder, manifest)
    assert sheet.width > plain.width + 2 * THUMB
    assert sheet.height == plain.height
    assert np.array_equal(np.asarray(sheet)[:, : 2 * THUMB], np.asarray(plain)[:, : 2 * THUMB])
    tiles = where_tiles(folder, manifest, manifest.layers[0].facets[0], THUMB)
    assert len(tiles) == 2
    for tile in tiles:
        shown = np.asarray(tile).astype(int)
        assert np.ptp(shown[:, : THUMB // 4], axis=-1).max() == 0
        assert shown[:, -1, 0].mean() > shown[:, -1, 2].mean() + 50


@pytest.mark.parametrize("damage", ["file", "shape", "values", "preprocessing", "photo"])
def test_where_is_left_out_if_it_cannot_be_shown(make_run, damage):
    """The rest of the sheet is drawn; a photo that is gone is a grey tile."""
    folder = make_run(layers=1)
    values = np.ones((2, 4, 4), np.float32)
    manifest = locate(folder, {"shape": values[0], "values": values * np.nan}.get(damage, values))
    facet = manifest.layers[0].facets[0]
    if damage == "file":
        (folder / facet.where).write_bytes(b"nothing")
    if damage == "preprocessing":
        manifest.model.preprocessing = {"mean": 3}
    if damage == "photo":
        facet.members[0].path = "gone.jpg"
    tiles = where_tiles(folder, manifest, facet, THUMB)
    assert len(tiles) == (2 if damage == "photo" else 0)
    if tiles:
        assert (np.asarray(tiles[0]) == LIGHT.paint("raised")).all(-1).sum() > THUMB * THUMB / 2
    assert draw_facets(folder, manifest).width > 300

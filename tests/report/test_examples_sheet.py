"""The sheet of a channel's examples: what is cut out, and where the box is drawn."""

import numpy as np
import pytest
import torch

from mindseye.report.drawing import MARGIN, SMALL
from mindseye.report.examples import GAP, NAMES, SIDE, crop_box, draw_examples
from mindseye.report.headings import HEADER
from mindseye.report.theme import LIGHT
from mindseye.runs.schema import (
    ChannelExamplesEntry,
    ChannelRange,
    Example,
    ExampleGroup,
    ExamplesRecord,
    ImagesEntry,
    LayerEntry,
    ModelEntry,
)

PHOTO = 80
BOX = (10, 20, 50, 60)
NAMES_OF_GROUPS = ("minimum", "slightly negative", "slightly positive", "maximum")


def square():
    """Red where the box is, blue elsewhere."""
    photo = torch.zeros(3, PHOTO, PHOTO, dtype=torch.uint8)
    photo[2] = 200
    photo[:, 10:50, 20:60] = torch.tensor([200, 0, 0], dtype=torch.uint8)[:, None, None]
    return photo


def content(box=BOX, each=2, weights="ImageNet"):
    example = Example("a.png", 0, -0.25, (0, 0), box, 0.5)
    quantiles = {name: {"0.05": -1.0, "0.5": 0.0, "0.95": 1.0} for name in ("minimum", "mean", "maximum")}
    groups = {name: ExampleGroup("mean over positions", [example] * each) for name in NAMES_OF_GROUPS}
    channel = ChannelExamplesEntry(11, "channel-011.png", "zero", ChannelRange(0.1, quantiles), groups)
    return ExamplesRecord(LayerEntry("body.1"), ModelEntry("net", weights), ImagesEntry("/photos", 8)), channel


def tile(sheet, row, column):
    x = MARGIN + NAMES + column * (SIDE + GAP)
    y = MARGIN + HEADER + 30 + row * (SIDE + SMALL + 3 * GAP)
    return np.asarray(sheet)[y : y + SIDE, x : x + SIDE]


def test_crops_show_the_box_alone():
    """Every tile is red to its edges: nothing of the photo around the box is in it."""
    sheet = draw_examples(*content(), {0: square()}, whole=False)
    for row in range(4):
        for column in range(2):
            assert (tile(sheet, row, column) == (200, 0, 0)).all()


def test_whole_photos_have_a_line_around_the_box():
    """The line runs where the colours change, twice as far from the corner in a tile of twice the size."""
    shown = tile(draw_examples(*content(), {0: square()}, whole=True), 2, 1)
    scale = SIDE / PHOTO
    ink = (np.abs(shown.astype(int) - LIGHT.paint("ink")) < 40).all(-1)
    rows, columns = np.nonzero(ink)
    edges = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    assert np.abs(np.array(edges) - scale * np.array(BOX)).max() <= 2
    assert tuple(shown[2, 2]) == (0, 0, 200)
    assert tuple(shown[SIDE // 2 - 20, SIDE // 2]) == (200, 0, 0)


def test_no_line_where_the_whole_photo_is_seen():
    """The tile is the photo as it is."""
    seen = tile(draw_examples(*content((0, 0, PHOTO, PHOTO)), {0: square()}, whole=True), 0, 0)
    assert not (np.abs(seen.astype(int) - LIGHT.paint("ink")) < 40).all(-1).any()


def test_random_weights_are_said():
    """As on every figure."""
    for weights, is_said in (("none", True), ("ImageNet", False)):
        sheet = np.asarray(draw_examples(*content(weights=weights), {0: square()}, whole=False))
        assert (sheet == LIGHT.paint("warning")).all(-1).any() == is_said


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_crop_box_pixels(channels):
    """The very pixels of the box; the first channel as grey where they are not three."""
    photo = torch.randint(0, 256, (channels, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    got = np.asarray(crop_box(photo, (2, 3, 9, 13)))
    assert got.shape == (7, 10, 3)
    for plane in range(3):
        expected = photo[plane if channels == 3 else 0, 2:9, 3:13]
        assert np.array_equal(got[..., plane], expected.numpy())

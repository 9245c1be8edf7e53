"""The curve of entanglement and the sheets of channels: numbers and pictures at their places, gaps without an error."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mindseye.report.channels import SIDE, draw_channels
from mindseye.report.entanglement import beeswarm, draw_entanglement, has_entanglement, nice_step
from mindseye.report.figures import write_figures
from mindseye.report.tables import entanglement_table
from mindseye.report.theme import LIGHT
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import (
    ChannelExample,
    ChannelPictureEntry,
    ChannelStats,
    Entanglement,
    FacetEntry,
    LayerEntry,
    Manifest,
)


def add_entanglement(folder: Path, means: list[float | None]) -> Manifest:
    """The manifest in a folder with entanglement added to each of its layers."""
    manifest = RunFolder(folder).read()
    for layer, mean in zip(manifest.layers, means, strict=True):
        low, high = (None, None) if mean is None else (0.8 * mean, 1.2 * mean)
        layer.entanglement = Entanglement(mean, low, high, null=0.03, null_low=0.02, null_high=0.04, channels=5)
        layer.channel_means = {"explained": {"mean": 0.4, "null": 0.1}, "spread": {"mean": None, "null": 0.4}}
        layer.channel_stats = [
            ChannelStats(index, 2, entanglement=mean and mean * index / 2, null=0.03, explained=0.4)
            for index in range(5)
        ]
    return manifest


def plain_channel(folder: Path, colours: list[tuple[int, int, int]]) -> ChannelPictureEntry:
    """A channel with a picture and facets in plain colours, the first the channel's own."""
    names = [f"pictures/plain-{number}.png" for number in range(len(colours))]
    for name, colour in zip(names, colours, strict=True):
        Image.new("RGB", (48, 48), colour).save(folder / name)
    return ChannelPictureEntry(
        status="done",
        picture=names[0],
        channel=3,
        over_photos={"mean": 2.0, "deviation": 1.0},
        examples=[ChannelExample("gone.png", 6.0)],
        silhouette=0.5,
        facets=[
            FacetEntry(status="done", picture=name, index=index, size=7, activation=2.0 + index)
            for index, name in enumerate(names[1:])
        ],
    )


def rows_of(image: Image.Image, colour: tuple[int, int, int]) -> Any:
    rows, columns = np.nonzero((np.asarray(image) == np.array(colour)).all(-1))
    return rows, columns


def test_the_curve_follows_its_numbers(make_run) -> None:
    """The bold points of three layers lie at heights that are linear in their means, from left to right."""
    manifest = add_entanglement(make_run(layers=3), [0.1, 0.2, 0.15])
    image = draw_entanglement(manifest)
    rows, columns = rows_of(image, LIGHT.paint("ink"))
    inside = (rows > 340) & (rows < 760)  # the first panel, without its headings
    heights = []
    width = image.width
    left = 60 + 310
    step = (width - left - 60) / 3
    for index in range(3):
        x = left + step * (index + 0.5)
        # The disc of radius 8 is the only mark as wide as this, five px beside the middle.
        beside = inside & (np.abs(columns - (x - 5)) <= 1)
        heights.append(float(np.median(rows[beside])))
    assert (heights[0] - heights[2]) / (heights[0] - heights[1]) == pytest.approx(0.5, abs=0.05)
    assert heights[1] < heights[2] < heights[0]
    assert len(rows_of(image, LIGHT.paint("channel"))[0]) > 100


def test_the_channels_pictures_stand_in_a_row(make_run) -> None:
    """The channel's own picture, then its facets', left to right at one height."""
    folder = make_run(layers=1)
    manifest = add_entanglement(folder, [0.1])
    colours = [(201, 7, 90), (202, 8, 90), (203, 9, 90)]
    manifest.layers[0].channel_pictures = [plain_channel(folder, colours)]
    image = draw_channels(folder, manifest, manifest.layers[0])
    places = []
    for colour in colours:
        rows, columns = rows_of(image, colour)
        assert len(rows) == SIDE * SIDE
        places.append((rows.mean(), columns.mean()))
    assert len({row for row, _ in places}) == 1
    assert all(first[1] + SIDE < second[1] for first, second in pairwise(places))


def test_figures_are_written_where_channels_were_inspected(make_run) -> None:
    folder = make_run(layers=2)
    manifest = add_entanglement(folder, [0.1, None])
    manifest.layers[0].channel_pictures = [plain_channel(folder, [(1, 2, 3)])]
    assert has_entanglement(manifest)
    assert not has_entanglement(RunFolder(folder).read())
    RunFolder(folder).write(manifest)
    names = {path.relative_to(folder / "figures").as_posix() for path in write_figures(folder)}
    assert "entanglement.png" in names
    assert "blocks.0.1/channels.png" in names
    assert "channels.png" not in names


ABSENT: list[dict[str, Any]] = [{}, {"facets": []}, {"examples": [], "over_photos": {}}, {"picture": "gone.png"}]


@pytest.mark.parametrize("absent", ABSENT)
def test_what_is_missing_is_left_out(make_run, absent) -> None:
    folder = make_run(layers=1)
    manifest = add_entanglement(folder, [None])
    layer = manifest.layers[0]
    layer.channel_pictures = [replace(plain_channel(folder, [(1, 2, 3), (4, 5, 6)]), **absent)]
    if absent:
        layer.channel_stats = []
    draw_channels(folder, manifest, layer)
    draw_entanglement(manifest)
    assert "–" in entanglement_table(manifest)
    draw_channels(folder, manifest, LayerEntry("head"))


def test_a_failed_picture_says_why(make_run) -> None:
    folder = make_run(layers=1)
    manifest = add_entanglement(folder, [0.1])
    channel = replace(plain_channel(folder, [(1, 2, 3)]), status="failed", reason="turned NaN", picture=None)
    manifest.layers[0].channel_pictures = [channel]
    assert len(rows_of(draw_channels(folder, manifest, manifest.layers[0]), LIGHT.paint("warning"))[0]) > 10


def test_the_table_has_a_row_per_layer(make_run) -> None:
    text = entanglement_table(add_entanglement(make_run(layers=2), [0.1, 0.25]))
    assert len(text.splitlines()) == 4
    assert "0.25" in text.splitlines()[3]
    assert "0.40 (0.10)" in text


def test_a_swarm_keeps_its_values_and_its_room() -> None:
    values = [0.1, 0.101, 0.102, 0.3]
    points = beeswarm(values, 0.05, 10.0, 9.0)
    assert sorted(value for _, value in points) == values
    assert sorted(offset for offset, value in points if value < 0.2) == [-9, 0, 9]
    crowded = beeswarm([0.1] * 100, 0.05, 10.0, 9.0)
    assert max(abs(offset) for offset, _ in crowded) == pytest.approx(10)


@pytest.mark.parametrize(("least", "step"), [(0.9, 1), (1.0, 1), (0.011, 0.02), (0.03, 0.05), (6, 10)])
def test_nice_steps(least, step) -> None:
    assert nice_step(least) == pytest.approx(step)

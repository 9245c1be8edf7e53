"""The curve of entanglement and the sheets of channels: numbers and pictures at their places, gaps without an error."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mindseye.report.channels import SIDE, draw_channels
from mindseye.report.drawing import INK
from mindseye.report.entanglement import (
    CHANNEL,
    beeswarm,
    draw_entanglement,
    entanglement_table,
    is_weighed,
    nice_step,
)
from mindseye.report.figures import write_figures


def weighed(folder: Path, means: list[float | None]) -> dict[str, Any]:
    """The manifest in a folder with entanglement added to each of its layers, and a channel that is shown."""
    manifest: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    for layer, mean in zip(manifest["layers"], means, strict=True):
        around = None if mean is None else [0.8 * mean, 1.2 * mean]
        layer["entanglement"] = {"mean": mean, "null": 0.03, "null_low": 0.02, "null_high": 0.04, "channels": 5}
        layer["entanglement"] |= {"low": around and around[0], "high": around and around[1]}
        layer["channel_means"] = {"explained": {"mean": 0.4, "null": 0.1}, "spread": {"mean": None, "null": 0.4}}
        layer["channel_stats"] = [
            {"channel": n, "entanglement": mean and mean * n / 2, "null": 0.03, "facets": 2, "explained": 0.4}
            for n in range(5)
        ]
    return manifest


def shown_channel(folder: Path, colours: list[tuple[int, int, int]]) -> dict[str, Any]:
    """A channel with a picture and facets in plain colours, the first the channel's own."""
    names = [f"pictures/plain-{number}.png" for number in range(len(colours))]
    for name, colour in zip(names, colours, strict=True):
        Image.new("RGB", (48, 48), colour).save(folder / name)
    facets = [
        {"index": index, "size": 7, "picture": name, "status": "done", "members": [], "activation": 2.0 + index}
        for index, name in enumerate(names[1:])
    ]
    one = {"channel": 3, "which": "most", "picture": names[0], "status": "done", "facets": facets, "silhouette": 0.5}
    return one | {"examples": [{"path": "gone.png", "activation": 6.0}], "over_photos": {"mean": 2.0, "deviation": 1.0}}


def rows_of(image: Image.Image, colour: tuple[int, int, int]) -> Any:
    rows, columns = np.nonzero((np.asarray(image) == np.array(colour)).all(-1))
    return rows, columns


def test_the_curve_follows_its_numbers(make_run) -> None:
    """The bold points of three layers lie at heights that are linear in their means, from left to right."""
    manifest = weighed(make_run(layers=3), [0.1, 0.2, 0.15])
    image = draw_entanglement(manifest)
    rows, columns = rows_of(image, INK)
    inside = (rows > 340) & (rows < 760)  # the first panel, without its headings
    heights = []
    width = image.width
    left = 60 + 250
    step = (width - left - 60) / 3
    for index in range(3):
        x = left + step * (index + 0.5)
        # The disc of radius 8 is the only mark as wide as this, five px beside the middle.
        beside = inside & (np.abs(columns - (x - 5)) <= 1)
        heights.append(float(np.median(rows[beside])))
    assert (heights[0] - heights[2]) / (heights[0] - heights[1]) == pytest.approx(0.5, abs=0.05)
    assert heights[1] < heights[2] < heights[0]
    assert len(rows_of(image, CHANNEL)[0]) > 100


def test_the_channels_pictures_stand_in_a_row(make_run) -> None:
    """The channel's own picture, then its facets', left to right at one height."""
    folder = make_run(layers=1)
    manifest = weighed(folder, [0.1])
    colours = [(201, 7, 90), (202, 8, 90), (203, 9, 90)]
    manifest["layers"][0]["channel_pictures"] = [shown_channel(folder, colours)]
    image = draw_channels(folder, manifest, manifest["layers"][0])
    places = []
    for colour in colours:
        rows, columns = rows_of(image, colour)
        assert len(rows) == SIDE * SIDE
        places.append((rows.mean(), columns.mean()))
    assert len({row for row, _ in places}) == 1
    assert all(first[1] + SIDE < second[1] for first, second in pairwise(places))


def test_figures_are_written_where_channels_were_inspected(make_run) -> None:
    folder = make_run(layers=2)
    manifest = weighed(folder, [0.1, None])
    manifest["layers"][0]["channel_pictures"] = [shown_channel(folder, [(1, 2, 3)])]
    assert is_weighed(manifest)
    assert not is_weighed(json.loads((folder / "run.json").read_text("utf-8")))
    (folder / "run.json").write_text(json.dumps(manifest))
    names = {path.relative_to(folder / "figures").as_posix() for path in write_figures(folder)}
    assert "entanglement.png" in names
    assert "blocks.0.1/channels.png" in names
    assert "channels.png" not in names


BROKEN = [{}, {"facets": None}, {"examples": "x", "over_photos": 3}, {"picture": "gone.png", "channel": None}]


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_missing_is_left_out(make_run, broken) -> None:
    folder = make_run(layers=1)
    manifest = weighed(folder, [None])
    manifest["layers"][0]["channel_pictures"] = [shown_channel(folder, [(1, 2, 3), (4, 5, 6)]) | broken]
    manifest["layers"][0]["channel_stats"] = "none" if broken else []
    draw_channels(folder, manifest, manifest["layers"][0])
    draw_entanglement(manifest)
    assert "–" in entanglement_table(manifest)


def test_a_failed_picture_says_why(make_run) -> None:
    folder = make_run(layers=1)
    manifest = weighed(folder, [0.1])
    one = shown_channel(folder, [(1, 2, 3)]) | {"status": "failed", "reason": "turned NaN", "picture": None}
    manifest["layers"][0]["channel_pictures"] = [one]
    assert len(rows_of(draw_channels(folder, manifest, manifest["layers"][0]), (255, 178, 62))[0]) > 10


def test_the_table_has_a_row_per_layer(make_run) -> None:
    text = entanglement_table(weighed(make_run(layers=2), [0.1, 0.25]))
    assert len(text.splitlines()) == 4
    assert "0.25" in text.splitlines()[3]
    assert "0.40 (0.10)" in text


def test_a_swarm_keeps_its_values_and_its_room() -> None:
    values = [0.1, 0.101, 0.102, 0.3]
    found = beeswarm(values, 0.05, 10.0, 9.0)
    assert sorted(value for _, value in found) == values
    assert sorted(offset for offset, value in found if value < 0.2) == [-9, 0, 9]
    crowded = beeswarm([0.1] * 100, 0.05, 10.0, 9.0)
    assert max(abs(offset) for offset, _ in crowded) == pytest.approx(10)


@pytest.mark.parametrize(("least", "wanted"), [(0.9, 1), (1.0, 1), (0.011, 0.02), (0.03, 0.05), (6, 10)])
def test_nice_steps(least, wanted) -> None:
    assert nice_step(least) == pytest.approx(wanted)

"""The spectrum of units over a folder: scores, places and boxes by hand, what is left, and one line per mistake."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError

SIDE = 32


def network():
    """Two convolutions of 3 px and stride 2: a position sees 7 px, 4 px from the next one's; 8 channels of both signs."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
        )  # fmt: skip


def write_photos(folder, count):
    draw = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for number in range(count):
        cells = draw.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(cells).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with 40 photos of the size that the network sees."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 40)
    return tmp_path


def look(**changes):
    asked = {
        "images": "photos",
        "model": network(),
        "layer": "2",
        "channels": [5],
        "size": SIDE,
        "quiet": True,
    } | changes
    return mindseye.examples(asked.pop("images"), **asked)


def pixels_of(path):
    return torch.from_numpy(np.array(Image.open(path))).movedim(-1, 0).float()[None] / 255


def test_scores_positions_and_boxes_by_hand(place):
    """Each photo put through the network alone: the value at its position, and the 7 px that the position sees."""
    found = look(channels=[5, 2])
    assert [one.channel for one in found.channels] == [5, 2]
    for one in found.channels:
        assert list(one.groups) == ["minimum", "slightly negative", "slightly positive", "maximum"]
        for name, group in one.groups.items():
            assert len(group) == 9
            for example in group:
                with torch.no_grad():
                    values = network().eval()[:3](pixels_of(example.path))[0, one.channel]
                wanted = {"minimum": values.min(), "maximum": values.max()}.get(name, values.mean())
                x, y = example.position
                assert example.score == pytest.approx(wanted.item(), abs=1e-5)
                assert abs(values[y, x] - wanted) <= (values - wanted).abs().min() + 1e-5
                assert example.box == (4 * y, 4 * x, 4 * y + 7, 4 * x + 7)


def test_maximum_is_that_of_all_photos(place):
    """The first of the group is the photo with the greatest value of the whole folder, the first of minimum the least."""
    with torch.no_grad():
        values = {path: network().eval()[:3](pixels_of(path))[0, 5] for path in sorted((place / "photos").iterdir())}
    (one,) = look().channels
    assert Path(one.groups["maximum"][0].path) == max(values, key=lambda path: values[path].max())
    assert Path(one.groups["minimum"][0].path) == min(values, key=lambda path: values[path].min())


def test_what_is_left_and_under_which_name(place):
    """examples.json says what Python gets; a sheet a channel; nothing else."""
    found = look(channels=[5, 2])
    assert found.path == Path("runs/examples-photos-Sequential-2")
    assert sorted(path.name for path in found.path.iterdir()) == [
        "channel-002.png",
        "channel-005.png",
        "examples.json",
        "report.html",
    ]
    record = json.loads((found.path / "examples.json").read_text())
    assert (record["schema"], record["kind"], record["layer"]["layer"], record["side"]) == (2, "examples", "2", SIDE)
    assert record["images"]["count"] == 40
    for entry, one in zip(record["channels"], found.channels):
        assert (entry["channel"], entry["rule"]) == (one.channel, one.rule)
        for name, group in one.groups.items():
            first = entry["groups"][name]["photos"][0]
            assert first["path"] == group[0].path
            assert (tuple(first["position"]), tuple(first["box"])) == (group[0].position, group[0].box)
            assert 0 <= first["percentile"] <= 1


def test_a_second_call_replaces_the_first_and_nothing_else(place):
    """Sheets of channels that are no longer asked for go; the user's own files stay."""
    look(channels=[5, 2], out="out")
    (place / "out" / "channel-notes.png").write_bytes(b"mine")
    look(channels=[3], out="out", whole=True)
    assert sorted(path.name for path in (place / "out").iterdir()) == [
        "channel-003.png",
        "channel-notes.png",
        "examples.json",
        "report.html",
    ]


def test_behind_a_relu_quartiles_stand_in(place):
    """No mean is negative there: said in the notes and in the rule, with four full groups all the same."""
    found = look(layer="3")
    assert found.channels[0].rule == "quartiles"
    assert any("channel 5" in note and "quartiles" in note for note in found.notes)
    assert [len(group) for group in found.channels[0].groups.values()] == [9] * 4


def test_few_photos_make_smaller_groups_and_say_so(place):
    """Eleven photos: two in each group."""
    write_photos(place / "few", 11)
    found = look(images="few")
    assert [len(group) for group in found.channels[0].groups.values()] == [2] * 4
    assert any("11 photos" in note and "2 instead of 9" in note for note in found.notes)


def test_a_layer_without_positions_sees_the_whole_photo(place):
    """After the pooling, the box is the image, but for its last row and column, which no window of 3 px reaches."""
    (one,) = look(layer="6", channels=[1]).channels
    assert {example.box for group in one.groups.values() for example in group} == {(0, 0, SIDE - 1, SIDE - 1)}
    assert {example.position for group in one.groups.values() for example in group} == {(0, 0)}


@pytest.mark.parametrize("bands", [1, 7])
def test_arrays_of_any_number_of_channels(place, bands):
    """Sheets of images that are no RGB are drawn too."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(bands, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    arrays = list(np.random.default_rng(0).random((8, SIDE, SIDE, bands), dtype=np.float32))
    found = look(images=arrays, model=model, layer="0", channels=[3], whole=True)
    assert found.channels[0].groups["maximum"][0].path.startswith("array-")
    assert found.channels[0].sheet.is_file()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"channels": [8]}, r"channel 8 .* 0-7"),
        ({"channels": []}, "at least one channel"),
        ({"layer": "convolution"}, "no layer 'convolution'"),
        ({"images": "nowhere"}, "nowhere"),
        ({"size": 0}, "size"),
        ({"out": "photos"}, "folder of the photos"),
    ],
)
def test_a_mistake_is_one_line_before_any_work(place, changes, told):
    """What is wrong is named with the valid range, and no folder is made."""
    with pytest.raises(UserError, match=told) as raised:
        look(**changes)
    assert "\n" not in str(raised.value)
    assert not (place / "runs").exists()


def test_no_photos_and_too_few(place):
    """An empty folder, and one that cannot fill four groups."""
    (place / "empty").mkdir()
    with pytest.raises(UserError, match="no photos"):
        look(images="empty")
    write_photos(place / "three", 3)
    with pytest.raises(UserError, match=r"at least 4 photos.*not 3"):
        look(images="three")


def test_command_line(place, capsys):
    """The same words, a channel after the other, and one line for a channel that is not there."""
    (place / "net.py").write_text(
        "import torch\n\ndef build():\n    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(),"
        " torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 2))\n"
    )
    words = ["examples", "photos", "--model", "net.py:build", "--layer", "0", "--size", "32", "--out", "out"]
    assert main([*words, "--channel", "1", "--channel", "7", "--whole"]) == 0
    assert json.loads((place / "out" / "examples.json").read_text())["tiles"] == "whole"
    assert sorted(path.name for path in (place / "out").glob("*.png")) == ["channel-001.png", "channel-007.png"]
    capsys.readouterr()
    assert main([*words, "--channel", "8"]) == 2
    assert "0-7" in capsys.readouterr().err.strip().splitlines()[-1]

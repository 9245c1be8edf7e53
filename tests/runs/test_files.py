"""Files: whole or not at all, values that come back, pictures that say what they are."""

import json
import os

import pytest
import torch
from PIL import Image

from mindseye.errors import UserError
from mindseye.runs.files import read_picture, read_tensors, write_bytes, write_json, write_picture, write_tensors


def test_a_full_disk_is_told_and_leaves_what_was(tmp_path, monkeypatch):
    """When the write fails in the middle, the old file stands and nothing else remains."""
    path = tmp_path / "a.json"
    write_bytes(path, b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_json_has_no_nan_and_keeps_odd_names(tmp_path):
    """Numbers that are not finite become null; bytes that are no text survive."""
    name = os.fsdecode(b"caf\xe9.png")
    write_json(tmp_path / "a.json", {"x": [1.5, float("nan"), float("inf")], "name": name})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": [1.5, None, None], "name": name}


def test_pictures_come_back_to_half_a_grey_level(tmp_path):
    """Rounded, not cut, and with their text."""
    image = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(0))
    write_picture(tmp_path / "a.png", image, {"mindseye:layer": "layer4 \u2013 end"})
    assert (read_picture(tmp_path / "a.png") - image).abs().max() <= 0.5 / 255 + 1e-6
    assert Image.open(tmp_path / "a.png").text["mindseye:layer"] == "layer4 \u2013 end"


@pytest.mark.parametrize("channels", [2, 7])
def test_other_numbers_of_channels_are_kept_whole(tmp_path, channels):
    """What a PNG cannot hold stands beside it, exactly."""
    image = torch.rand(channels, 4, 4)
    write_picture(tmp_path / "a.png", image, {})
    assert torch.equal(read_picture(tmp_path / "a.png"), image)


def test_damaged_tensors_are_told(tmp_path):
    """A truncated state names the file and the way out."""
    write_tensors(tmp_path / "a.safetensors", {"x": torch.arange(5)})
    assert torch.equal(read_tensors(tmp_path / "a.safetensors")["x"], torch.arange(5))
    (tmp_path / "a.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00garbage")
    with pytest.raises(UserError, match="--force"):
        read_tensors(tmp_path / "a.safetensors")

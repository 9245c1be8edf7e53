"""Weights that cannot be had: the file, its address and its place in one line; and never unpickled."""

import hashlib
import os
import re
import socket
import sys
from pathlib import Path
from urllib.error import URLError

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file
from torchvision.models import SqueezeNet1_1_Weights

from mindseye.errors import UserError
from mindseye.models.library import hub_file
from mindseye.models.load import load_model
from mindseye.workflows.evaluation.panel import load_panel

WEIGHTS = SqueezeNet1_1_Weights.DEFAULT


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for weights, and no network."""

    def refuse(*arguments: object, **named: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tmp_path


def test_offline(offline: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """torchvision: what to download, from where, where it goes; and the two other ways out."""
    with pytest.raises(UserError) as raised:
        load_model("squeezenet1_1")
    text = str(raised.value)
    place = offline / "hub" / "checkpoints" / Path(WEIGHTS.url).name
    assert f"cannot fetch the weights {place.name} (" in text
    assert "Network is unreachable" in text
    assert f"download {WEIGHTS.url} and put it at {place}" in text
    assert "--checkpoint FILE" in text
    assert "--weights none" in text
    assert "\n" not in text
    assert load_model("squeezenet1_1", weights="none").weights == "none"


def test_offline_timm(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """timm: the address on the hub at once, without a minute of retries, and the way out."""
    monkeypatch.setattr(timm, "create_model", lambda *_, **__: pytest.fail("timm would retry for most of a minute"))
    with pytest.raises(UserError) as raised:
        load_model("timm/resnet18")
    text = str(raised.value)
    assert "cannot fetch the weights model.safetensors of timm/resnet18.a1_in1k" in text
    assert "https://huggingface.co/timm/resnet18.a1_in1k/resolve/main/model.safetensors" in text
    assert "--checkpoint FILE" in text
    assert "\n" not in text


@pytest.mark.parametrize("judge", ["squeezenet1_1", "timm/resnet18"])
def test_a_judge_s_weights_are_not_the_painter_s(offline: Path, judge: str) -> None:
    """Its line names no option that is about the network that is painted, but where the file goes all the same."""
    with pytest.raises(UserError) as raised:
        load_panel(judge)
    text = str(raised.value)
    assert re.search(
        r"cannot fetch the weights .*: download https://.*, give a FILE.py:FACTORY that loads them, or", text
    )
    assert "--checkpoint" not in text
    assert "--weights none" not in text


@pytest.mark.parametrize(
    "error", [URLError("timed out"), ConnectionResetError(104, "reset"), TimeoutError("timed out")]
)
def test_failing_downloads(offline: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """However a download fails, the line is the same but for the reason."""

    def fail(*arguments: object, **named: object) -> None:
        raise error

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    with pytest.raises(UserError, match=r"cannot fetch the weights squeezenet1_1.* \((timed out|reset)\): download"):
        load_model("squeezenet1_1")


def test_download_with_the_wrong_hash(
    offline: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A download that was cut short or changed is told from one that never began, and leaves no file.

    Of the download nothing is said on standard output, which is for tables.
    """
    body = offline / "body"
    body.write_bytes(b"half of the weights")
    original = torch.hub.download_url_to_file
    monkeypatch.setattr(
        torch.hub, "download_url_to_file", lambda url, *rest, **named: original(body.as_uri(), *rest, **named)
    )
    with pytest.raises(UserError, match=r"the download of squeezenet1_1.* is damaged \(invalid hash"):
        load_model("squeezenet1_1")
    assert not hub_file(WEIGHTS.url).exists()
    out, err = capsys.readouterr()
    assert out == ""
    assert "Downloading" in err


def test_damaged_file_in_its_place(offline: Path) -> None:
    """A file that was put there cut off: which one to delete."""
    place = hub_file(WEIGHTS.url)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"half of the weights")
    with pytest.raises(UserError, match=f"the weights file {place} is damaged .* delete it and download {WEIGHTS.url}"):
        load_model("squeezenet1_1")


def test_file_put_in_its_place_is_used(offline: Path) -> None:
    """Weights that the user put where the message says are taken, without a network."""
    assert hub_file(WEIGHTS.url).parent == offline / "hub" / "checkpoints"
    place = hub_file(WEIGHTS.url)
    place.parent.mkdir(parents=True)
    source = torchvision.models.squeezenet1_1()
    torch.save(source.state_dict(), place)
    model = load_model("squeezenet1_1")
    assert model.weights == "IMAGENET1K_V1"
    assert torch.equal(model.network.features[0].weight, source.features[0].weight)


class Malicious:
    """Unpickling this makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.folder,)


def test_code_in_a_weights_file_is_not_run(offline: Path) -> None:
    """torchvision itself would unpickle what lies in the cache."""
    place = hub_file(WEIGHTS.url)
    place.parent.mkdir(parents=True)
    torch.save({"weights": Malicious(offline / "made")}, place)
    with pytest.raises(UserError, match="is damaged"):
        load_model("squeezenet1_1")
    assert not (offline / "made").exists()


def test_timm_weights_in_the_hubs_cache_need_no_network(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched once is used when offline."""
    source = timm.create_model("resnet18", pretrained=False)
    save_file(source.state_dict(), offline / "model.safetensors")
    commit = hashlib.sha1(b"commit").hexdigest()
    folder = offline / "hub" / "models--timm--resnet18.a1_in1k"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(commit)
    (folder / "snapshots" / commit).mkdir(parents=True)
    (offline / "model.safetensors").rename(folder / "snapshots" / commit / "model.safetensors")
    model = load_model("timm/resnet18")
    assert model.weights == "a1_in1k"
    assert torch.equal(model.network.conv1.weight, source.conv1.weight)
    assert "timm" in sys.modules

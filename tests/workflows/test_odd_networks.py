"""Runs of networks of odd kinds: what was found is kept in run.json, and a refused run leaves nothing behind."""

import json

import pytest
import torch
from torch import nn

import mindseye
from mindseye.errors import UserError


class Frozen(nn.Module):
    """A part under ``no_grad``, behind which nothing can be painted."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.neck = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return self.neck(self.first(x)).mean((2, 3))


def mixing() -> nn.Module:
    """Takes the statistics of the batch, in evaluation mode too."""
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4, track_running_stats=False))


def test_a_refused_run_leaves_nothing(tmp_path):
    """The same folder takes another objective at once: no manifest says that the refused one is still running."""
    for objective in ("neck:1", "neck:2"):
        with pytest.raises(UserError, match="no gradient reaches the image from layer 'neck'"):
            mindseye.paint(objective, model=Frozen(), size=32, steps=2, out=tmp_path / "run", quiet=True)
        assert not (tmp_path / "run" / "run.json").exists()


def test_a_refusal_keeps_what_a_run_has_painted(tmp_path, monkeypatch):
    """Pictures of before stay, and the manifest says that the run was interrupted."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1))

    def refuse(flow):
        raise UserError("not that")

    options = {"model": network, "size": 32, "steps": 2, "out": tmp_path / "run", "quiet": True}
    with monkeypatch.context() as patch:
        patch.setattr("mindseye.workflows.objectives.flow.ObjectiveFlow.finish", refuse)
        with pytest.raises(UserError, match="not that"):
            mindseye.paint("0:1", **options)
    kept = json.loads((tmp_path / "run" / "run.json").read_text())
    assert kept["status"] == "interrupted"
    picture = (tmp_path / "run" / kept["pictures"][0]["picture"]).read_bytes()
    run = mindseye.paint("0:1", **options)
    assert run.manifest.status == "done"
    assert (tmp_path / "run" / run.manifest.pictures[0].picture).read_bytes() == picture


def test_what_the_probe_found_is_kept(tmp_path):
    """All findings under the model, and a note on those that change how images are given; none for an ordinary network."""
    line = "what the network answers to an image depends on those beside it: images are given to it one at a time"
    run = mindseye.paint("1:1", model=mixing(), size=32, steps=2, out=tmp_path / "odd", quiet=True)
    written = json.loads((tmp_path / "odd" / "run.json").read_text())
    assert (written["model"]["findings"]["independent"], written["model"]["findings"]["deterministic"]) == (False, True)
    assert run.manifest.model.findings == written["model"]["findings"]
    assert line in written["notes"]
    run = mindseye.paint(
        "0:1", model=nn.Sequential(nn.Conv2d(3, 4, 3)), size=32, steps=2, out=tmp_path / "plain", quiet=True
    )
    assert run.manifest.model.findings["independent"]
    assert run.manifest.notes == []

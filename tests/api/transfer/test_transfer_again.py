"""Transfers that were interrupted, that go on, that are refused; and one line per mistake."""

import json
from pathlib import Path

import pytest
from transfer_runs import JUDGE, OTHER, PAINTER, contents, go

from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.runs.schema import TransferRecord


def test_an_interrupted_transfer_continues_and_ends_the_same(finished, networks, tmp_path):
    """Stopped while the second judge looks: the first is not asked again, nothing is painted again, and all is the same."""
    asked = []

    def stop_at_the_second(stage, done, total, left):
        if stage.startswith("judge ") and done == 0:
            asked.append(stage.removeprefix("judge "))
            if asked == [JUDGE, OTHER]:
                raise KeyboardInterrupt

    judges = [networks("judge"), networks("other")]
    with pytest.raises(KeyboardInterrupt):
        go(networks, tmp_path / "out", judge=judges, progress=stop_at_the_second)
    record = json.loads((tmp_path / "out" / "transfer.json").read_text())
    assert (record["status"], len(record["results"])) == ("interrupted", 1)
    painted = tmp_path / "out" / f"{PAINTER}-all" / "pictures" / "00-class_ant.png"
    before = painted.stat().st_mtime_ns
    found = go(networks, tmp_path / "out", judge=judges, progress=stop_at_the_second)
    assert asked == [JUDGE, OTHER, OTHER]
    assert painted.stat().st_mtime_ns == before
    assert found.record.status == "done"
    assert found.results == finished.results[:2]
    whole = contents(finished.path)
    assert all(whole[path] == data for path, data in contents(found.path).items())


def test_a_further_judge_adds_to_the_table_and_a_done_one_is_left(networks, tmp_path):
    """The same folder, first with one judge, then with another and the reverse."""
    first = go(networks, tmp_path / "out").results
    found = go(networks, tmp_path / "out", judge=networks("other"), both=True)
    assert found.results[0] == first[0]
    assert [(one.painter, one.judge) for one in found.results] == [
        (PAINTER, JUDGE), (PAINTER, OTHER), (OTHER, PAINTER),
    ]  # fmt: skip


def test_another_transfer_is_refused_unless_forced(networks, tmp_path):
    """What differs is named; --force leaves files that are not ours."""
    go(networks, tmp_path / "out", compare=True)
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="differs in copies, seed; choose another --out, or --force"):
        go(networks, tmp_path / "out", copies=2, seed=6)
    found = go(networks, tmp_path / "out", copies=2, seed=6, force=True)
    assert [one.n for one in found.results] == [16]
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "out" / f"{PAINTER}-none" / "pictures").exists()


LOSE = """
import torch
from mindseye.optimize.regularizers.regularizer import Regularizer

class LoseTheSecond(Regularizer):
    def change_gradient(self, gradient, step, progress):
        places = torch.arange(len(gradient)).view(-1, 1, 1, 1)
        return torch.where(places == 1, float("nan"), gradient)
"""


def test_a_painting_that_fails_is_left_out_and_named(networks, tmp_path, monkeypatch, capsys):
    """One picture turned NaN: the others are judged, the table says so, and the code is that of a part."""
    words = ["transfer", "--painter", networks("painter"), "--judge", networks("judge"), "--classes", "list.txt"]
    words += ["--paintings", "2", "--copies", "2", "--steps", "2", "--set", "views=1", "--out", "out"]
    words += ["--set", "regularizers=['lose.py:LoseTheSecond']"]
    monkeypatch.chdir(tmp_path)
    Path("lose.py").write_text(LOSE)
    Path("list.txt").write_text("ant\nbee\n")
    assert main(words) == 3
    (result,) = TransferRecord.read(Path("out/transfer.json")).results
    assert result.n == 3 * 2
    assert [entry.n for entry in result.classes] == [2, 4]
    assert "class:ant variant 1" in capsys.readouterr().err
    assert "Not painted: networks.painter, class:ant variant 1" in Path("out/table.md").read_text()


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"judge": []}, "no judge"),
        ({"judge": "painter"}, "is the network that is painted from"),
        ({"judge": "twin"}, "twin' is the network that is painted from"),
        ({"judge": "stranger"}, r"'networks.stranger' does not know the class 'bee \| duck'.*'duck' is unknown"),
        ({"judge": "nameless"}, "gives no scores of classes"),
        ({"judge": "reversed", "classes": ["0"]}, r"class '0' is 'ant' to 'networks.painter', 'eel' to.*give it by name"),
        ({"classes": ["wolf"]}, "'networks.painter' does not know the class 'wolf'"),
        ({"classes": ["crab", "cancer"]}, "'crab' and 'cancer' are one label"),
        ({"classes": "none.txt"}, "none.txt"),
        ({"paintings": 0}, "paintings is a whole number above zero"),
        ({"copies": 2.5}, "copies is a whole number above zero"),
        ({"augmentation": "noise"}, "augmentation is one of"),
        ({"recipe": "distribution", "augmentation": "perspective"}, "distribution has no perspective"),
        ({"recipe": "deepdream", "changes": {}}, "starts from photo"),
        ({"changes": {"objective": 0, "total_variation": 1}}, "no weight"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_before_any_work(networks, changes, told):
    """The network or the value is named, and no folder is made."""
    judge = changes.get("judge")
    asked = changes | ({"judge": networks(judge)} if isinstance(judge, str) else {})
    with pytest.raises(UserError, match=told) as raised:
        go(networks, "out", **asked)
    assert "\n" not in str(raised.value)
    assert not Path("out").exists()


def test_a_run_folder_is_not_made_a_transfer(finished, networks):
    """Nor one in use by another network of the same name."""
    with pytest.raises(UserError, match="is a run folder"):
        go(networks, finished.path / f"{PAINTER}-all")

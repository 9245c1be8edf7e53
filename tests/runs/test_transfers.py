"""The folder of a transfer: what is refused, what goes, and what stays."""

import json
from dataclasses import replace

import pytest

from mindseye.errors import UserError
from mindseye.runs.schema import Accuracy, FailedImage, Share, TransferRecord, TransferResult, TransferRun
from mindseye.runs.transfers import TransferFolder

FRESH = TransferRecord(command="new", options={"seed": 0, "copies": 2}, networks={"a": "1", "b": "2"})


@pytest.fixture
def folder(tmp_path):
    made = TransferFolder(tmp_path / "out")
    result = TransferResult(painter="a", condition="all", judge="b")
    made.write(replace(FRESH, command="old", results=[result]), "# table\n")
    return made


def test_what_is_there_goes_on_under_the_new_command(folder):
    """Networks come to those that are there."""
    found = folder.open(replace(FRESH, networks={"a": "1", "c": "3"}), False)
    assert (found.command, found.networks) == ("new", {"a": "1", "b": "2", "c": "3"})
    assert found.result("a", "all", "b") is not None
    assert found.result("a", "none", "b") is None
    assert folder.open(FRESH, True) == FRESH
    assert not (folder.path / "transfer.json").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"options": {"seed": 1, "copies": 2}}, "differs in seed;"),
        ({"networks": {"b": "other weights"}}, "differs in b;"),
    ],
)
def test_another_transfer_is_named(folder, change, told):
    with pytest.raises(UserError, match=told):
        folder.open(replace(FRESH, **change), False)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "damaged"),
        ("[]", "not written by"),
        ('{"schema": 99}', "newer mindseye"),
        ('{"schema": 1, "results": [{"n": "x"}]}', "damaged: results.0.n: "),
    ],
)
def test_a_record_that_is_none(folder, content, told):
    """Said in one line; --force starts anew all the same."""
    (folder.path / "transfer.json").write_text(content)
    with pytest.raises(UserError, match=told):
        folder.open(FRESH, False)
    assert folder.open(FRESH, True) == FRESH


def test_an_older_record(folder):
    """Schema 1 had the name of a class under ``class``."""
    share = {"mean": 0.5, "low": 0.25, "high": None}
    old = {
        "schema": 1,
        "results": [
            {
                **{"painter": "a", "condition": "all", "judge": "b", "n": 3, "top1": share, "top5": share},
                "over_paintings": {"n": 1, "top1": share, "top5": share},
                "classes": [{"class": "ant", "n": 3, "top1": share, "top5": share}],
                "confusions": [{"wanted": "ant", "seen": "bee", "count": 2}],
                "failures": [{"index": 1, "class": "ant", "picture": "p.png", "copy": 0, "seen": "bee", "wanted": 0.5}],
            }
        ],
    }
    (folder.path / "transfer.json").write_text(json.dumps(old))
    result = folder.read().result("a", "all", "b")
    assert result.over_paintings == Accuracy(1, Share(0.5, 0.25), Share(0.5, 0.25))
    assert (result.classes[0].class_name, result.classes[0].n) == ("ant", 3)
    assert result.confusions[0].count == 2
    assert result.failures == [FailedImage(1, "ant", "p.png", 0, "bee", None, 0.5)]


def test_no_transfer(tmp_path):
    with pytest.raises(UserError, match="holds no transfer"):
        TransferFolder(tmp_path).read()


def test_names_lead_nowhere_else(tmp_path):
    """Neither a network's name nor a record's can name a place outside of the folder."""
    made = TransferFolder(tmp_path / "out")
    for name in ("../../x", "/etc", "timm/vit", "a\0b"):
        assert made.run(name, "all").path.parent == made.path
        assert made.sheet(name, "all", name).count("/") == 1
    outside = tmp_path / "x-all"
    outside.mkdir()
    (outside / "run.json").write_text("{}")
    made.write(replace(FRESH, runs=[TransferRun("../x", "all")]), "")
    made.clear()
    assert json.loads((outside / "run.json").read_text()) == {}

"""The folder of a transfer: what is refused, what goes, and what stays."""

import json

import pytest

from mindseye.errors import UserError
from mindseye.runs.transfers import SCHEMA, TransferFolder, result_of

FRESH = {"schema": SCHEMA, "command": "new", "options": {"seed": 0, "copies": 2}, "networks": {"a": "1", "b": "2"}}
FRESH |= {"runs": [], "results": []}


@pytest.fixture
def folder(tmp_path):
    made = TransferFolder(tmp_path / "out")
    made.write(FRESH | {"command": "old", "results": [{"painter": "a", "condition": "all", "judge": "b"}]}, "# table\n")
    return made


def test_what_is_there_goes_on_under_the_new_command(folder):
    """Networks come to those that are there."""
    found = folder.open(FRESH | {"networks": {"a": "1", "c": "3"}}, False)
    assert (found["command"], found["networks"]) == ("new", {"a": "1", "b": "2", "c": "3"})
    assert result_of(found, "a", "all", "b") is not None
    assert result_of(found, "a", "none", "b") is None
    assert folder.open(FRESH, True) == FRESH
    assert not (folder.path / "transfer.json").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"options": {"seed": 1, "copies": 2}}, "another seed;"),
        ({"networks": {"b": "other weights"}}, "another b;"),
    ],
)
def test_another_transfer_is_named(folder, change, told):
    with pytest.raises(UserError, match=told):
        folder.open(FRESH | change, False)


@pytest.mark.parametrize(
    ("content", "told"), [("{", "damaged"), ("[]", "not written by"), ('{"schema": 99}', "not written")]
)
def test_a_record_that_is_none(folder, content, told):
    """Said in one line; --force starts anew all the same."""
    (folder.path / "transfer.json").write_text(content)
    with pytest.raises(UserError, match=told):
        folder.open(FRESH, False)
    assert folder.open(FRESH, True) == FRESH


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
    made.write(FRESH | {"runs": [{"painter": "../x", "condition": "all"}]}, "")
    made.clear()
    assert json.loads((outside / "run.json").read_text()) == {}

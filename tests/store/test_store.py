"""The cache as runs and the command line see it: its place, its limit, and what happens where it cannot be used."""

from pathlib import Path

import pytest
import torch

import mindseye
from mindseye.cli.main import main
from mindseye.errors import UserError
from mindseye.store.context import Context
from mindseye.store.database import Database
from mindseye.store.settings import cache_folder, limit_from, parse_size, size_text
from mindseye.store.store import Store, open_store

CONTEXT = Context(b"c" * 16, "net layer, 8 px")
VALUES = {bytes([n]) * 16: torch.tensor([0.1, -0.0, 1e-42]) * n for n in range(3)}


def test_place(tmp_path, monkeypatch):
    """The variable, else the user's folder of caches; a relative one does not count, by the XDG standard."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    assert str(cache_folder({"MINDSEYE_CACHE": "/a/../b"})) == "/b"
    assert str(cache_folder({})) == "/c/mindseye"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder({}) == tmp_path / ".cache" / "mindseye"
    with pytest.raises(UserError, match="name one in"):
        cache_folder({}, Path("~/.cache/mindseye"))


def test_a_cache_of_an_earlier_version_is_found(tmp_path, monkeypatch):
    """Where the system's folder is another one than the earlier versions', the first to exist is used."""
    monkeypatch.setenv("HOME", str(tmp_path))
    system, earlier = tmp_path / "Library" / "Caches" / "mindseye", tmp_path / ".cache" / "mindseye"
    assert cache_folder({}, system) == system
    earlier.mkdir(parents=True)
    assert cache_folder({}, system) == earlier
    system.mkdir(parents=True)
    assert cache_folder({}, system) == system


def test_sizes():
    """Read as people write them, and written so that people can read them."""
    texts = {"20000": 20_000, "500MB": 5 * 10**8, "1.5 GiB": 3 * 2**29, "2g": 2 * 10**9, "1 tb": 10**12, "0": 0}
    assert {text: parse_size(text) for text in texts} == texts
    assert limit_from({"MINDSEYE_CACHE_LIMIT": "1kB"}) == 1000
    assert limit_from({}) is None
    for text in ("", "much", "-1GB", "1 light year"):
        with pytest.raises(UserError, match="number of bytes such as"):
            parse_size(text)
    assert [size_text(n) for n in (0, 999, 1250, 98_300, 123_456_789, 5e12)] == [
        "0 bytes", "999 bytes", "1.2 kB", "98.3 kB", "123 MB", "5.0 TB",
    ]  # fmt: skip


def test_vectors_come_back_bit_for_bit(tmp_path):
    """Tiny numbers and signed zeros too."""
    store = Store(Database(tmp_path), print)
    store.keep(CONTEXT, VALUES)
    found = store.find(CONTEXT, [*VALUES, b"?" * 16])
    assert found.keys() == VALUES.keys()
    assert all(torch.equal(found[key].view(torch.int32), VALUES[key].view(torch.int32)) for key in VALUES)


def test_a_cache_that_cannot_be_used_is_said_once(tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    said = []
    store = Store(Database(tmp_path / "file"), said.append, 10**9)
    for _ in range(3):
        store.keep(CONTEXT, VALUES)
        assert store.find(CONTEXT, list(VALUES)) == {}
        assert not store.knows(CONTEXT)
    assert len(said) == 1
    assert "going on without" in said[0]


def test_a_damaged_file_costs_a_note(tmp_path):
    """It is begun anew within the same call."""
    said = []
    (tmp_path / Database(tmp_path).path.name).write_bytes(b"damaged" * 1000)
    store = Store(Database(tmp_path), said.append, 10**9)
    store.keep(CONTEXT, VALUES)
    assert len(store.find(CONTEXT, list(VALUES))) == 3
    assert len(said) == 1
    assert "begun anew" in said[0]


def test_the_command(capsys, monkeypatch):
    """It shows, sets the limit for all later runs, and empties; the variable goes before the limit."""
    store = open_store(print)
    assert store.limit == 10 * 10**9
    store.keep(CONTEXT, VALUES)
    store.find(CONTEXT, [*VALUES, b"?" * 16])
    assert main(["cache", "--limit", "1GB"]) == 0
    shown = capsys.readouterr().out
    assert str(cache_folder()) in shown
    assert "at most 1.0 GB" in shown
    assert "3 of 4 looked up (75%)" in shown
    assert "net layer, 8 px" in shown
    assert open_store(print).limit == 10**9
    monkeypatch.setenv("MINDSEYE_CACHE_LIMIT", "2GB")
    assert mindseye.cache().limit == open_store(print).limit == 2 * 10**9
    assert main(["cache", "--empty"]) == 0
    assert "freed" in capsys.readouterr().out
    assert mindseye.cache().entries == 0
    assert main(["cache", "--limit", "much"]) == 2
    assert "the cache's limit is a number of bytes" in capsys.readouterr().err
    monkeypatch.setenv("MINDSEYE_CACHE_LIMIT", "0")
    assert open_store(print) is None

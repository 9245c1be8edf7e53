"""A folder to paint in."""

import pytest
from byhand import write_photos


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with 12 photos."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 12)
    return tmp_path

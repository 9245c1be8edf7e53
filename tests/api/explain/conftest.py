"""A folder with photos and a network."""

import pytest
from explain_runs import NETWORK, write_photo


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a network in a file, and three photos of the size that the network sees."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NETWORK)
    for number in range(3):
        write_photo(tmp_path / "photos" / f"{number}.png", number)
    return tmp_path

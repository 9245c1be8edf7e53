"""Messages of all rooms say the same thing in the same words."""

import pytest

from mindseye.wording import CLONE, counted, did_you_mean, install_command


@pytest.mark.parametrize(
    ("near", "question"),
    [
        ([], ""),
        (["steps"], "did you mean 'steps'?"),
        (["steps", "size"], "did you mean 'steps' or 'size'?"),
        (("a", "b, c", "d"), "did you mean 'a', 'b, c' or 'd'?"),
    ],
)
def test_near_names_are_a_question(near, question):
    """Names are in quotes, as some hold commas; no name is no question."""
    assert did_you_mean(near) == question


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "photos", "1 photo"),
        (0, "photos", "0 photos"),
        (2, "facets", "2 facets"),
        (1, "classes", "1 class"),
        (1, "images", "1 image"),
        (1, "distinct points", "1 distinct point"),
        (1, "set", "1 set"),
    ],
)
def test_a_noun_follows_its_number(number, noun, words):
    """One is one; what is one of a kind already stays as it is."""
    assert counted(number, noun) == words


def test_an_extra_is_installed_from_the_clone_or_from_the_index(tmp_path, monkeypatch):
    """In the clone as its README says; elsewhere with its path, so that the command works as it stands."""
    monkeypatch.chdir(tmp_path)
    assert (CLONE / "pyproject.toml").is_file()
    assert install_command("explain") == f'pip install -e "{CLONE}[explain]"'
    monkeypatch.chdir(CLONE)
    assert install_command("explain") == 'pip install -e ".[explain]"'
    assert install_command("explain", tmp_path) == 'pip install "mindseye[explain]"'

"""The classes that a user may name."""

import pytest

from mindseye.errors import UserError
from mindseye.labels import resolve_labels

LABELS = ("tench, Tinca tinca", "crane", "great white shark", "crane", "maillot", "maillot, tank suit", "7")
WNIDS = ("n01440764", "n02012849", "n01484850", "n03126707", "n03710637", "n03710721", "n00000007")


def test_labels_by_name_wnid_and_index() -> None:
    """Case, `_` and `-` do not matter; synonyms serve; order is kept and repeats are not."""
    names: list[str | int] = ["Great_White-Shark", "tinca tinca", "n03126707", 5, "2"]
    assert resolve_labels(names, LABELS, WNIDS) == (2, 0, 3, 5)
    assert resolve_labels(["TENCH, tinca tinca", "tank suit"], LABELS, None) == (0, 5)


def test_a_whole_name_comes_before_a_synonym_and_a_name_before_an_index() -> None:
    """`maillot` is all of label 4 and a synonym in label 5; `7` is the name of label 6, not the eighth label."""
    assert resolve_labels(["maillot", "7"], LABELS, WNIDS) == (4, 6)


def test_a_name_of_two_labels_is_refused() -> None:
    """ImageNet has two cranes: both indices are named, so that the user can choose."""
    with pytest.raises(UserError, match="1, 3"):
        resolve_labels(["crane"], LABELS, WNIDS)


def test_a_label_that_is_its_own_wnid() -> None:
    """A model whose label names are WordNet ids has each once, not twice."""
    assert resolve_labels(["n02012849"], WNIDS, WNIDS) == (1,)


def test_unknown_labels_name_the_near_ones() -> None:
    """A misspelling and a part of a name are answered with names; nothing near says what else serves."""
    with pytest.raises(UserError, match="did you mean 'great white shark'"):
        resolve_labels(["great wite shark"], LABELS, WNIDS)
    with pytest.raises(UserError, match="did you mean 'great white shark'"):
        resolve_labels(["shark"], LABELS, WNIDS)
    with pytest.raises(UserError, match="no name is near"):
        resolve_labels(["qqqq"], LABELS, WNIDS)


def test_indices_out_of_range() -> None:
    """An index is bounded by the labels, by the count without labels, and never negative."""
    assert resolve_labels(["9"], None, None, count=10) == (9,)
    for name, count in (("10", 10), ("-1", None)):
        with pytest.raises(UserError, match="does not exist"):
            resolve_labels([name], None, None, count)
    with pytest.raises(UserError, match="0 to 6"):
        resolve_labels([8], LABELS, WNIDS)
    with pytest.raises(UserError, match="no label names"):
        resolve_labels(["tench"], None, None)
    with pytest.raises(UserError, match="unknown"):
        resolve_labels(["--5"], LABELS, WNIDS)

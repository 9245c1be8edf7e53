"""Matched groups against a slow definition: every one-to-one assignment is tried."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindseye.facets.matching import match_groups

PHOTOS = 12


def beyond_chance(one, other):
    """How many photos two groups share beyond what their sizes share by chance, in twelfths; groups of all photos share."""
    if len(one) == len(other) == PHOTOS:
        return 1
    return PHOTOS * len(one & other) - len(one) * len(other)


def best_by_trying_all(first, second):
    """The most that any one-to-one assignment shares beyond chance, pairs below chance left apart."""
    few, many = sorted((first, second), key=len)
    return max(
        sum(max(0, beyond_chance(one, many[place])) for one, place in zip(few, order))
        for order in permutations(range(len(many)), len(few))
    )


def grouped(assignment):
    """The groups of an assignment of photos, none of them empty."""
    return [
        frozenset(str(photo) for photo, group in enumerate(assignment) if group == each)
        for each in sorted(set(assignment))
    ]


groupings = st.lists(st.integers(0, 4), min_size=PHOTOS, max_size=PHOTOS).map(grouped)


@settings(max_examples=200)
@given(groupings, groupings)
def test_no_assignment_shares_more(first, second) -> None:
    """The pairs are one to one, each beyond chance, and together share what the best of all assignments does."""
    pairs = match_groups(first, second, PHOTOS)
    gains = [beyond_chance(first[one], second[other]) for other, one in pairs.items()]
    assert len(set(pairs.values())) == len(pairs)
    assert all(gain > 0 for gain in gains)
    assert sum(gains) == best_by_trying_all(first, second)


@given(groupings, st.randoms())
def test_the_same_groups_in_another_order_find_each_other(groups, random) -> None:
    """Whatever the order, also where there is one group of all photos."""
    order = list(range(len(groups)))
    random.shuffle(order)
    assert match_groups(groups, [groups[place] for place in order], PHOTOS) == dict(enumerate(order))


@pytest.mark.parametrize(("first", "second"), [([], []), ([], [{"a"}]), ([{"a"}], []), ([set()], [{"a"}])])
def test_nothing_is_matched_with_nothing(first, second) -> None:
    """Neither of no groups, nor with an empty one."""
    assert match_groups(first, second, 4) == {}


def test_what_is_shared_by_chance_makes_no_partners() -> None:
    """Photos that are shared by chance count for nothing: a group spread like all photos has no partner."""
    first = [set("abcdefgh"), set("ijkl")]
    second = [set("abcdefghi"), set("jkl")]
    assert match_groups(first, second, 12) == {0: 0, 1: 1}
    assert match_groups(first, [set("abi")], 12) == {}

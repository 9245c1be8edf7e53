"""Messages of all rooms say the same thing in the same words."""

import pytest

from mindseye.wording import did_you_mean


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

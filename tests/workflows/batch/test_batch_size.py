"""How many pictures fit: from two measured steps, and in whole classes."""

import pytest

from mindseye.workflows.batch.batch_size import MOST, SHARE, holds, whole_classes


@pytest.mark.parametrize(("each", "beside", "free"), [(100, 5000, 20_000), (7, 0, 700), (1, 10, 10_000), (100, 0, 50)])
def test_as_many_as_the_memory_holds(each, beside, free):
    """What lies beside is left out; one at least, and never more than a step gains from."""
    number = holds(lambda pictures: beside + each * pictures, free)
    expected = int((SHARE * free - beside) // each)
    assert number == min(MOST, max(1, expected))


def test_whole_classes():
    """A batch is not begun with a class that it cannot hold whole, unless it holds none."""
    assert [whole_classes(number, 4) for number in (8, 11, 4, 3)] == [8, 8, 4, 3]

"""Threads in a row: order, limits, errors, and an end whenever the caller wants it."""

import threading
import time

import pytest

from mindseye.workflows.batch.pipeline import AHEAD, ThreadPipeline


def test_items_come_through_in_order():
    """Each part does its work on each item, in order; the caller is told."""
    with ThreadPipeline() as pipeline:
        doubled = pipeline.stage(iter(range(20)), lambda item: item * 2, "double")
        raised = pipeline.stage(doubled, lambda item: item + 1, "raise")
        pipeline.sink(raised, pipeline.emit, "tell")
        assert list(pipeline.events()) == [item * 2 + 1 for item in range(20)]


def test_a_part_works_no_further_ahead_than_it_may():
    """While the next part holds one item, so many lie ready, and one more is in the making."""
    taken, go = [], threading.Event()
    with ThreadPipeline() as pipeline:
        made = pipeline.stage(iter(range(20)), lambda item: taken.append(item) or item, "make")
        pipeline.sink(made, lambda item: go.wait(10), "wait")
        deadline = time.monotonic() + 10
        while len(taken) < AHEAD + 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        assert len(taken) == AHEAD + 2
        go.set()
        assert list(pipeline.events()) == []
    assert taken == list(range(20))


@pytest.mark.parametrize("place", [0, 1])
def test_an_error_of_any_part_is_raised_where_the_caller_waits(place):
    """And the threads end."""

    def fail(item):
        raise ValueError(f"item {item}")

    works = [fail if number == place else (lambda item: item) for number in range(2)]
    with ThreadPipeline() as pipeline, pytest.raises(ValueError, match="item 0"):  # noqa: PT012
        pipeline.sink(pipeline.stage(iter(range(3)), works[0], "a"), works[1], "b")
        list(pipeline.events())
    assert not any(thread.name in "ab" for thread in threading.enumerate())


def test_leaving_the_line_ends_its_threads():
    """In the middle of endless work, as soon as that looks whether it may go on."""

    def endless(item):
        while True:
            time.sleep(0.01)
            pipeline.check()

    with ThreadPipeline() as pipeline:
        pipeline.sink(pipeline.stage(iter(range(3)), endless, "endless"), lambda item: None, "idle")
    assert not any(thread.name in ("endless", "idle") for thread in threading.enumerate())

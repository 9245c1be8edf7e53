"""Progress: what a function of the user's own is told, and that it may stop the work."""

import pytest

from mindseye.report.progress import Progress


def test_the_users_function_is_told_of_every_advance(capsys):
    """Stage, done, total, and the seconds left, which are none at the end; no other stream is touched."""
    told = []
    progress = Progress(quiet=True, report=lambda *words: told.append(words))
    with progress.stage("paint", 6, "steps") as advance:
        for count in (0, 2, 4):
            advance(count)
    assert [words[:3] for words in told] == [("paint", 0, 6), ("paint", 2, 6), ("paint", 6, 6)]
    assert told[0][3] is None
    assert told[1][3] >= 0
    assert told[2][3] == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("report", [None, True])
def test_nobody_needs_to_be_told(report):
    """The seconds of a stage are kept all the same."""
    progress = Progress(quiet=True, report=report)
    with progress.stage("paint", 6, "steps") as advance:
        advance(6)
    assert progress.seconds["paint"] >= 0


def test_what_it_raises_stops_the_work():
    """And the stage's seconds are kept."""

    def stop(stage, done, total, left):
        raise KeyboardInterrupt

    progress = Progress(quiet=True, report=stop)
    with pytest.raises(KeyboardInterrupt), progress.stage("paint", 6, "steps") as advance:
        advance(1)
    assert "paint" in progress.seconds

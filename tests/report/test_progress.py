"""Progress: what a caller's function is told, how it stops the work, and the bar in a notebook."""

import pytest

from mindseye.errors import UserError
from mindseye.report.progress import Progress, in_notebook, seconds_left


def work(progress: Progress, steps: int = 3) -> int:
    """A stage of some steps; how many were done."""
    done = 0
    with progress.stage("paint", steps, "steps") as advance:
        for _ in range(steps):
            done += 1
            advance(1)
    return done


def test_a_function_is_told_every_step(capsys) -> None:
    """The begin, then each step; nothing is shown beside, and the seconds are kept."""
    told = []
    progress = Progress.of(lambda *state: told.append(state))
    work(progress)
    assert [state[:3] for state in told] == [("paint", done, 3) for done in range(4)]
    assert told[0][3] is None
    assert all(left >= 0 for *_, left in told[1:])
    assert told[-1][3] == 0
    assert list(progress.seconds) == ["paint"]
    assert capsys.readouterr() == ("", "")


def test_the_columns_of_stages_hold_and_one_photo_is_no_photos(capsys) -> None:
    """A line per stage where there is no terminal, its numbers below each other however its name is."""
    progress = Progress()
    for name, count in (("extract", 1), ("paint layer3.5.conv1", 45), ("judge efficientnet_lite1", 100000)):
        with progress.stage(name, count, "photos"):
            pass
    lines = capsys.readouterr().err.splitlines()
    nouns = [line.index(" photo") for line in lines]
    assert len(lines) == 3
    assert len(set(nouns)) == 1
    assert [line[nouns[0] :].split()[0] for line in lines] == ["photo", "photos", "photos"]
    assert len(set(map(len, lines))) == 1


def test_seconds_left_follow_the_rate() -> None:
    """A quarter done in five seconds leaves fifteen; where nothing is done nobody knows."""
    assert seconds_left(25, 100, 5.0) == pytest.approx(15)
    assert seconds_left(0, 100, 5.0) is None
    assert seconds_left(120, 100, 5.0) == 0


def test_false_stops_the_work() -> None:
    """At the step that it is returned for; None and other values that count as false do not."""
    answers = iter([None, 0, False])
    told = []

    def listen(*state: object) -> object:
        told.append(state)
        return next(answers)

    progress = Progress.of(listen)
    with pytest.raises(KeyboardInterrupt):
        work(progress)
    assert len(told) == 3
    assert "paint" in progress.seconds


def test_an_exception_of_the_function_is_its_own() -> None:
    """What it raises comes out as it is, KeyboardInterrupt among them."""
    for error in (KeyboardInterrupt, ZeroDivisionError):

        def fail(*state: object, error: type[BaseException] = error) -> None:
            raise error

        with pytest.raises(error):
            work(Progress.of(fail))


@pytest.mark.parametrize(
    ("report", "quiet", "says"),
    [(None, None, False), (None, False, True), (None, True, False), (True, None, True), (True, True, True), (False, False, False)],
)  # fmt: skip
def test_what_none_true_and_false_mean(report, quiet, says, capsys) -> None:
    """Outside of notebooks None is silent unless the call says otherwise; True and False always say what they mean."""
    work(Progress.of(report, quiet))
    assert ("paint" in capsys.readouterr().err) == says


def test_other_values_are_refused() -> None:
    """One line that names the parameter."""
    with pytest.raises(UserError, match=r"progress is None, True, False or a function of .*, not str"):
        Progress.of("yes")


def test_the_seconds_of_other_work_are_apart() -> None:
    """The same function is told."""
    told = []
    progress = Progress.of(lambda *state: told.append(state[0]))
    work(progress)
    before = dict(progress.seconds)
    other = progress.anew()
    assert other.seconds == {}
    work(other, 1)
    assert told == ["paint"] * 6
    assert progress.seconds == before
    assert list(other.seconds) == ["paint"]


NOTEBOOK = """
from mindseye.report.progress import Progress
progress = Progress.of(None)
with progress.stage("paint <b>", 2, "steps") as advance:
    advance(1)
    raise KeyError("stopped")
"""


def test_a_notebook_has_a_bar() -> None:
    """Drawn without further packages, escaped; it goes when the stage is done, and stays where it stopped."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    assert not in_notebook()
    cells = [NOTEBOOK, NOTEBOOK.replace('    raise KeyError("stopped")\n', "    advance(1)\n")]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute()
    stopped, finished = notebook.cells
    bar = next(output for output in stopped.outputs if output.output_type == "display_data")
    assert 'value="1" max="2"' in bar.data["text/html"]
    assert "paint &lt;b&gt;: 1 of 2 steps" in bar.data["text/html"]
    assert bar.data["text/plain"].startswith("paint <b>: 1 of 2 steps")
    bar = next(output for output in finished.outputs if output.output_type == "display_data")
    assert bar.data["text/html"] == ""
    text = "".join(output.text for output in finished.outputs if output.output_type == "stream")
    assert text.startswith("paint <b>")

"""Several workers in processes: one that is killed costs nothing but time, and what cannot begin is told."""

import multiprocessing
import pickle
from dataclasses import replace

import pytest
from batch_runs import QUICK, pictures

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch.executor import Began, Ended, Executor, Lost
from mindseye.workflows.batch.plan import make_packs
from mindseye.workflows.batch.processes import ProcessExecutor
from mindseye.workflows.batch.request import BatchRequest
from mindseye.workflows.request import Request


class Watched(Executor):
    """Two processes; the first that paints is killed, once."""

    def __init__(self):
        self.events, self.kills = [], 0

    def run(self, opener, packs):
        for event in ProcessExecutor(2, "fork").run(opener, packs):
            self.events.append(event)
            yield event
            if isinstance(event, Began) and not self.kills:
                self.kills += 1
                sorted(multiprocessing.active_children(), key=lambda process: process.name)[0].kill()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_killed_worker_costs_time_only(root, network, undisturbed_by_name, tmp_path):
    """kill -9 for one of two processes: its packs are told of as lost, tried again, and all ends the same."""
    executor = Watched()
    batch = mindseye.batch(root, network, out=tmp_path / "out", executor=executor, **QUICK)
    lost = [event for event in executor.events if isinstance(event, Lost)]
    assert executor.kills == 1
    assert lost
    assert all("signal 9" in event.reason for event in lost)
    names = {name for event in lost for name in event.pack.todo}
    ended = [event.name for event in executor.events if isinstance(event, Ended)]
    assert sorted(ended) == ["ant", "bee", "crab 7", "duck", "eel"]
    assert names <= set(ended)
    assert batch.status.failures == ()
    assert pictures(batch.path) == pictures(undisturbed_by_name)
    assert multiprocessing.active_children() == []


def dies(number):
    """A worker that ends as soon as it begins."""
    raise SystemExit(3)


def refuses(number):
    """A worker that cannot be opened for a reason to be told."""
    raise UserError("no such model")


@pytest.mark.parametrize(("opener", "told"), [(refuses, "no such model"), (dies, "before it began")])
def test_what_cannot_begin_is_told(opener, told):
    """In one line, instead of trying for ever."""
    with pytest.raises(UserError, match=told):
        list(ProcessExecutor(1, "fork").run(opener, make_packs(["a"], 1, 1)))
    assert multiprocessing.active_children() == []


def test_a_request_can_be_sent(tmp_path):
    """To another process or machine, with all that it says but its own terminal."""
    asked = Request.of(
        "batch", {"steps": 7, "seed": 3, "device": "cpu", "save_every": 2.0, "progress": lambda *words: None}
    )
    request = BatchRequest("root", tmp_path, "resnet50", ("layer1",), 4, asked, judges=("resnet18",))
    sent = pickle.loads(pickle.dumps(request.open)).__self__
    assert sent.run.progress.quiet
    assert replace(sent, run=replace(sent.run, progress=asked.progress)) == request


def test_the_command_tells_failures_by_its_code(root, network, tmp_path, capsys):
    """0 where all went well, 3 where some did not, and each is named."""
    words = [
        "batch",
        str(root),
        "--model",
        network,
        "--layer",
        "body.2",
        "--facets",
        "1",
        "--steps",
        "2",
        "--size",
        "32",
    ]
    assert main([*words, "--out", str(tmp_path / "well"), "--classes", "d*"]) == 0
    said = capsys.readouterr().err
    assert "1/1 duck: 1 picture, " in said
    assert "1 of 1 class done" in said
    (tmp_path / "root" / "empty").mkdir(parents=True)
    (tmp_path / "root" / "duck").symlink_to(root / "duck")
    words[1] = str(tmp_path / "root")
    assert main([*words, "--out", str(tmp_path / "ill"), "--quiet"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "mindseye: failed: empty: no photos" in told.err


def test_judges_look_at_every_class(root, network, tmp_path):
    """Once: what a judge has made of a class stands in its run and in the table, and it is not asked again."""
    import pyarrow.parquet as pq

    judge = network.replace(":build", ":judge")
    options = QUICK | {"classes": ["ant", "bee"], "judge": judge, "out": tmp_path / "out"}
    batch = mindseye.batch(root, network, **options)
    assert batch.failures == ()
    rows = pq.read_table(batch.results).to_pylist()
    assert len(rows) == 4
    for row in rows:
        (name,) = RunFolder(batch.path / row["run"]).read().judges
        assert 0 <= row[f"transfer.{name}.picture.probability"] <= 1
    before = [path.stat().st_mtime_ns for path in sorted(batch.path.glob("*/run.json"))]
    for state in (batch.path / "ledger.classes").iterdir():
        state.unlink()  # as if the batch had been killed before it could note the end
    assert mindseye.batch(root, network, **options).status.done == 2
    assert [path.stat().st_mtime_ns for path in sorted(batch.path.glob("*/run.json"))] == before
    assert mindseye.batch(root, network, **options | {"judge": ()}).status.done == 2
    assert [path.stat().st_mtime_ns for path in sorted(batch.path.glob("*/run.json"))] == before


def test_a_judge_that_comes_later(root, network, tmp_path):
    """Looks at the pictures that are there; nothing is painted anew."""
    judge = network.replace(":build", ":judge")
    options = QUICK | {"classes": ["ant", "bee"], "out": tmp_path / "out"}
    batch = mindseye.batch(root, network, **options)
    before = {path: path.stat().st_mtime_ns for path in sorted(batch.path.glob("*/pictures/**/*.png"))}
    assert mindseye.batch(root, network, judge=judge, **options).status.done == 2
    for folder in ("ant", "bee"):
        assert len(RunFolder(batch.path / folder).read().judges) == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert before

"""A batch whose workers run where the user says, and one of a network that is open already."""

import json
import sys

import pytest
from batch_runs import QUICK, pictures
from nets import TinyConv, seeded

import mindseye
from mindseye.errors import UserError

MINE = """
import json
from pathlib import Path

from mindseye import Executor

SEEN = Path(__file__).with_suffix(".json")

class Mine(Executor):
    '''A worker for each pack.'''

    def run(self, opener, packs):
        seen = []
        for number, pack in enumerate(packs):
            with opener(number) as worker:
                for event in worker.work(iter([pack])):
                    seen.append([pack.number, type(event).__name__])
                    yield event
        SEEN.write_text(json.dumps(seen))

def make():
    return Mine()

three = 3

class Breaks(Executor):
    def run(self, opener, packs):
        yield from Mine().run(opener, packs[:1])
        raise KeyError("no machine")

class Chats(Executor):
    def run(self, opener, packs):
        yield "hello"

class Silent(Executor):
    def run(self, opener, packs):
        pass

class Unlike(Executor):
    def run(self, opener):
        pass

class Misuses(Executor):
    def run(self, opener, packs):
        with opener(0) as worker:
            yield from worker.work(iter([3]))
"""

SPAWNS = """
import multiprocessing
import os
from pathlib import Path

import mindseye as me
from helper import MARK

def work(opener, pack, events):
    if pack.number == 0 and not MARK.exists():
        MARK.touch()
        os._exit(9)
    with opener(0) as worker:
        for event in worker.work(iter([pack])):
            events.send(event)
    events.send(None)

class Spawns(me.Executor):
    def run(self, opener, packs):
        spawn = multiprocessing.get_context("spawn")
        for pack in packs:
            events, sending = spawn.Pipe(duplex=False)
            process = spawn.Process(target=work, args=(opener, pack, sending), daemon=True)
            process.start()
            sending.close()
            try:
                while (event := events.recv()) is not None:
                    yield event
            except EOFError:
                process.join()
                yield me.Lost(pack, f"exit code {process.exitcode}")
            finally:
                process.kill()
                process.join()
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "my.py"
    path.write_text(MINE)
    return path


@pytest.mark.parametrize("name", ["Mine", "make"])
def test_an_executor_of_the_users_own_passes_packs_through(root, network, undisturbed_by_name, tmp_path, mine, name):
    """A class or a function of a file, by its words: every pack goes through it, and the pictures are the same bytes."""
    batch = mindseye.batch(root, network, out=tmp_path / "out", executor=f"{mine}:{name}", **QUICK)
    assert batch.status.done == 5
    assert pictures(batch.path) == pictures(undisturbed_by_name)
    seen = json.loads(mine.with_suffix(".json").read_text())
    for number, classes in enumerate((2, 2, 1)):
        assert [word for pack, word in seen if pack == number] == ["Began"] + classes * ["Ended"]


@pytest.mark.slow
def test_code_of_the_file_runs_in_spawned_processes(root, network, undisturbed_by_name, tmp_path):
    """What the file defines, and what lies beside it; a pack whose process died is tried again."""
    (tmp_path / "spawning.py").write_text(SPAWNS)
    (tmp_path / "helper.py").write_text("from pathlib import Path\nMARK = Path(__file__).with_suffix('.died')\n")
    batch = mindseye.batch(root, network, out=tmp_path / "out", executor=f"{tmp_path}/spawning.py:Spawns", **QUICK)
    assert str(tmp_path) not in sys.path
    assert (tmp_path / "helper.died").exists()
    assert batch.status.done == 5
    painted = {path: data for path, data in pictures(batch.path).items() if "figures" not in path.parts}
    assert painted == pictures(undisturbed_by_name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Breaks", r"my.py:Breaks' fails with KeyError: 'no machine' \(my.py, line 29\)$"),
        ("Chats", "my.py:Chats' yields 'hello', which is no mindseye.Began, Ended or Lost"),
        ("Silent", "my.py:Silent' gives a NoneType for some packs"),
        ("Unlike", "my.py:Unlike' fails with TypeError"),
    ],
)
def test_mistakes_of_an_executor_are_one_line(root, network, tmp_path, mine, name, told):
    """With the place in the user's file; what has ended is kept."""
    with pytest.raises(UserError, match=told) as raised:
        mindseye.batch(root, network, out=tmp_path / "out", executor=f"{mine}:{name}", **QUICK)
    assert "\n" not in str(raised.value)
    assert mindseye.status(tmp_path / "out").done == (2 if name == "Breaks" else 0)


def test_a_fault_of_the_worker_is_not_the_executors(root, network, tmp_path, mine):
    """It stays what it is: elsewhere the same would have happened."""
    with pytest.raises(AttributeError, match="todo"):
        mindseye.batch(root, network, out=tmp_path / "out", executor=f"{mine}:Misuses", **QUICK)


@pytest.mark.parametrize(
    ("name", "told"), [("Nothing", "has no 'Nothing'"), ("three", "three'.* int"), ("Mine(speed=2)", "speed")]
)
def test_what_is_no_executor_is_refused(root, network, tmp_path, mine, name, told):
    """In one line, before anything is written."""
    with pytest.raises(UserError, match=told) as refused:
        mindseye.batch(root, network, out=tmp_path / "out", executor=f"{mine}:{name}", **QUICK)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_session_as_the_model(root, undisturbed, tmp_path):
    """Its network, device and size: the same bytes as of the network itself, and the network comes back as it was."""
    network = seeded(TinyConv).train().requires_grad_(True)
    eye = mindseye.Session(network, size=32)
    options = {name: value for name, value in QUICK.items() if name != "size"}
    batch = mindseye.batch(root, eye, out=tmp_path / "out", **options)
    assert batch.status.done == 5
    assert pictures(batch.path) == pictures(undisturbed)
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_session_of_a_name_goes_to_other_workers(root, network, undisturbed_by_name, tmp_path, mine):
    """Which open the network anew, as the session was opened; the seed is the session's."""
    for seed in (0, 1):
        eye = mindseye.Session(network, seed=seed)
        mindseye.batch(root, eye, out=tmp_path / str(seed), executor=f"{mine}:Mine", **QUICK)
    assert pictures(tmp_path / "0") == pictures(undisturbed_by_name)
    assert json.loads((tmp_path / "1" / "ant" / "run.json").read_text())["seed"] == 1
    first = next(path for path in pictures(undisturbed_by_name) if path.parts[1] == "pictures")
    assert pictures(tmp_path / "1")[first] != pictures(undisturbed_by_name)[first]


def test_what_a_session_knows_is_not_said_again(root, tmp_path, mine):
    """And a network that only this process has does not go to others."""
    eye = mindseye.Session(seeded(TinyConv))
    with pytest.raises(UserError, match="knows its seed"):
        mindseye.batch(root, eye, out=tmp_path / "out", seed=3, **QUICK)
    for elsewhere in ({"workers": 2}, {"executor": f"{mine}:Mine"}):
        with pytest.raises(UserError, match="by its name"):
            mindseye.batch(root, eye, out=tmp_path / "out", **elsewhere, **QUICK)
    assert not (tmp_path / "out").exists()

"""Workers on Ray's clusters: one of this machine, one that was there, and one that loses a node in the middle.

Those that begin a cluster are marked ``ray``: they take a minute, and run in ``.ci/run``.
"""

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial

import pytest
from batch_runs import QUICK, pictures

import mindseye
from mindseye.errors import UserError
from mindseye.wording import install_command
from mindseye.workflows.batch.executor import Began, Ended, Executor, Lost
from mindseye.workflows.batch.placement import Placement, choose_executor
from mindseye.workflows.batch.plan import make_packs
from mindseye.workflows.batch.ray import Ray

CLASSES = ["ant", "bee", "crab 7", "duck", "eel"]


def test_without_it_nothing_of_ray_is_imported():
    """Neither by the commands nor by the executors of this machine."""
    code = (
        "import sys, mindseye.cli.main, mindseye.api.batch\n"
        "from mindseye.workflows.batch.placement import Placement, choose_executor\n"
        "choose_executor(Placement(), 1); choose_executor(Placement(workers=2), 1)\n"
        "sys.exit(any(name.partition('.')[0] == 'ray' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_where_it_is_not_installed(monkeypatch):
    """The line says how to have it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=re.escape(f"--ray needs Ray: {install_command('ray')}")):
        list(choose_executor(Placement(ray="auto"), 1).run(dies, make_packs(["a"], 1, 1)))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"cpus": 2}, "goes with ray"),
        ({"ray": "auto", "gpus": -1}, "gpus is a number"),
        ({"workers": 0}, "workers"),
    ],
)
def test_shares_that_make_no_sense(asked, said):
    """Refused before anything begins."""
    with pytest.raises(UserError, match=said):
        Placement.of(asked)


@pytest.fixture
def ray(monkeypatch):
    """Ray, silent, and with workers that do not stand back behind all else on a busy machine."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    return pytest.importorskip("ray")


@pytest.fixture
def cluster(ray):
    """A cluster of a head that does no work and two nodes of one processor each, in processes of this machine."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made.workers = [made.add_node(num_cpus=1) for _ in range(2)]
    yield made
    made.shutdown()


def painted(out):
    """The pictures of a batch by their paths, its figures left out: here they are not drawn."""
    return {path: content for path, content in pictures(out).items() if "figures" not in path.parts}


class Watched(Executor):
    """A cluster that loses a node, in the middle of the first pack that is painted there."""

    def __init__(self, cluster, note):
        self.cluster, self.note, self.events, self.removed = cluster, note, [], False

    def run(self, opener, packs):
        for event in Ray(self.cluster.address, cpus=1).run(partial(stuck, opener, self.note), packs):
            self.events.append(event)
            yield event
            if self.note.exists() and not self.removed:
                self.removed = True
                doomed = self.note.read_text()
                node = next(node for node in self.cluster.workers if node.node_id == doomed)
                self.cluster.remove_node(node, allow_graceful=False)


@contextmanager
def stuck(opener, note, number):
    """A worker, of which the first that paints notes its node and tells nothing more."""
    with opener(number) as worker:
        yield Stuck(worker, note)


class Stuck:
    """See ``stuck``: whatever the timing, the pack that it has begun is undone when its node goes."""

    def __init__(self, worker, note):
        self.worker, self.note = worker, note

    def work(self, packs):
        import ray

        for event in self.worker.work(packs):
            if isinstance(event, Began) and self.first():
                self.note.with_suffix(".part").write_text(ray.get_runtime_context().get_node_id())
                self.note.with_suffix(".part").rename(self.note)
                yield event
                time.sleep(600)
            yield event

    def first(self):
        try:
            self.note.with_suffix(".mine").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def dies(number):
    """A worker whose process ends as soon as it begins."""
    os._exit(3)


def exits(number):
    """A worker that leaves as soon as it begins."""
    raise SystemExit(3)


def refuses(number):
    """A worker that cannot be opened for a reason to be told."""
    raise UserError("no such model")


@pytest.fixture
def sent(monkeypatch):
    """Openers of this file by their code: other processes do not find its module."""
    cloudpickle = pytest.importorskip("ray.cloudpickle")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.mark.ray
def test_a_node_that_goes_costs_time_only(cluster, sent, root, network, undisturbed_by_name, tmp_path):
    """Its packs are told of as lost, worked on by the other node, and all ends the same, byte for byte."""
    executor = Watched(cluster, tmp_path / "node")
    batch = mindseye.batch(root, network, out=tmp_path / "out", executor=executor, **QUICK)
    lost = {name for event in executor.events if isinstance(event, Lost) for name in event.pack.todo}
    ended = [event.name for event in executor.events if isinstance(event, Ended)]
    assert executor.removed
    assert lost
    assert all("gone" in event.reason for event in executor.events if isinstance(event, Lost))
    assert sorted(ended) == CLASSES
    assert batch.failures == ()
    assert painted(batch.path) == painted(undisturbed_by_name)


@pytest.mark.ray
def test_workers_of_a_cluster_that_is_there(cluster, sent):
    """What keeps one from beginning is told, and so is a demand that no node meets; the cluster stays."""
    packs = make_packs(["a"], 1, 1)
    with pytest.raises(UserError, match="no such model"):
        list(Ray(cluster.address).run(refuses, packs))
    for opener, reason in ((dies, "Actor"), (exits, "SystemExit: 3")):
        with pytest.raises(UserError, match=rf"3 workers ended before they began \(.*{reason}"):
            list(Ray(cluster.address).run(opener, packs))
    with pytest.raises(UserError, match="no node of the cluster has 3 CPU and 1 GPU"):
        list(Ray(cluster.address, cpus=3, gpus=1).run(dies, packs))
    with pytest.raises(UserError, match="cannot connect to the Ray cluster"):
        list(Ray("127.0.0.1:1").run(dies, packs))


@pytest.mark.ray
def test_a_cluster_of_this_machine_alone(ray, root, network, undisturbed_by_name, tmp_path):
    """Where there is none, one is made for the batch, with two workers; it is gone afterwards."""
    batch = mindseye.batch(root, network, out=tmp_path / "out", ray="auto", workers=2, cpus=0.5, **QUICK)
    assert batch.failures == ()
    assert not ray.is_initialized()
    assert painted(batch.path) == painted(undisturbed_by_name)

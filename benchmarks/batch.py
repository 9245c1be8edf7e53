"""What a batch costs beside the work in it, how it scales, and that kills leave no trace.

    python benchmarks/batch.py PHOTOS --classes 6 --photos 20 --steps 20
    python benchmarks/batch.py PHOTOS --classes 30 --kills 5

PHOTOS is a folder of class folders. Prints a table:

bare: the parts by themselves, one after the other, in one process: decoding of all photos; forward passes of all photos, and
of the members under the recipe's random views; optimizer steps of every pack. batch: ``mindseye.batch`` on the same photos,
less the same call when all is done (loading and looking). Seconds are those of a clock and, beside them, those of the processor
in all threads of this process, which a crowded machine lengthens less. The ratio of both is the batch's throughput over the
sum of its parts; what the batch takes besides is divided by the classes. Then the same with two workers; and the command line
killed (``kill -9``) at random moments and continued, its pictures compared byte by byte. The last bits of a picture depend on
the threads of a worker, and several workers share those of one: with OMP_NUM_THREADS=1 all have one, and all pictures are the
same.
"""

import argparse
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

import mindseye
from mindseye.cli import keep_memory
from mindseye.facets.extraction import BATCH
from mindseye.optimize.loop import Painting
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.targets import matched_sides, target_views
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch.batch import Batch
from mindseye.workflows.batch.ledger import Ledger, Plan, read_plan
from mindseye.workflows.batch.pack_painting import ClassWorker
from mindseye.workflows.batch.request import BatchRequest
from mindseye.workflows.facets.find import FacetTargets, facet_order
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.job import FacetJob
from mindseye.workflows.record import Record
from mindseye.workflows.request import Request


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", metavar="PHOTOS")
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--weights")
    parser.add_argument("--layer")
    parser.add_argument("--facets", type=int, default=4)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=2, help="of the second batch; 0 leaves it out")
    parser.add_argument("--kills", type=int, default=5, help="0 leaves them out")
    options = parser.parse_args()
    keep_memory()
    with tempfile.TemporaryDirectory() as place:
        root = _sample(Path(options.root), Path(place) / "photos", options.classes, options.photos)
        bench = Bench(options, root, Path(place))
        whole, again = bench.timed("one", 1), bench.timed("one", 1)
        bare, net = bench.bare("one"), whole - again
        parts = sum(bare.values(), Spent(0.0, 0.0))
        print(
            f"{options.model}, {options.classes} classes of {options.photos} photos, {options.facets} facets, ", end=""
        )
        print(f"{options.steps} steps, {options.device}, {torch.get_num_threads()} threads\n")
        print("| what | seconds | of the processor |\n|---|---|---|")
        for name, spent in bare.items():
            print(f"| bare {name} | {spent} |")
        print(f"| sum of the parts | {parts} |")
        print(f"| batch, 1 worker | {net} |")
        print(f"| the same when all is done | {again} |")
        print(f"| throughput over the parts | {parts.clock / net.clock:.2f} | {parts.processor / net.processor:.2f} |")
        besides = Spent(*((one - other) / options.classes for one, other in zip(net, parts, strict=True)))
        print(f"| besides, per class | {besides} |", flush=True)
        if options.workers:
            several = bench.timed("several", options.workers)
            print(f"| batch, {options.workers} workers, with loading | {several.clock:.1f} | |")
            print(f"| batch, 1 worker, with loading | {whole.clock:.1f} | |")
            print(f"| the same pictures | {bench.same('one', 'several')} | |", flush=True)
        if options.kills:
            begun = time.perf_counter()
            moments = bench.killed("killed", options.kills, whole.clock)
            print(f"| batch killed {options.kills} times | {time.perf_counter() - begun:.1f} | |")
            print(f"| killed after (s) | {', '.join(f'{moment:.1f}' for moment in moments)} | |")
            print(f"| the same pictures | {bench.same('one', 'killed')} | |")


class Spent(NamedTuple):
    """Seconds of a clock, and of the processor in all threads of this process."""

    clock: float
    processor: float

    def __add__(self, other: "Spent") -> "Spent":  # type: ignore[override]
        return Spent(self.clock + other.clock, self.processor + other.processor)

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.clock - other.clock, self.processor - other.processor)

    def __str__(self) -> str:
        return f"{self.clock:.1f} | {self.processor:.1f}"


class Bench:
    """One collection and what is asked of it."""

    def __init__(self, options: argparse.Namespace, root: Path, place: Path) -> None:
        self.options, self.root, self.place = options, root, place
        self.recipe: Recipe = load_recipe("distribution", {"steps": options.steps})

    def batch(self, name: str, workers: int) -> Batch:
        """The batch, into a folder of a name."""
        wanted = self.options
        return mindseye.batch(
            self.root,
            wanted.model,
            wanted.layer,
            facets=wanted.facets,
            steps=wanted.steps,
            weights=wanted.weights,
            device=wanted.device,
            workers=workers,
            out=self.place / name,
            cache=False,
            quiet=True,
        )

    def timed(self, name: str, workers: int) -> Spent:
        """What the batch takes."""
        return _spent(lambda: self.batch(name, workers))

    def killed(self, name: str, kills: int, whole: float) -> list[float]:
        """The same by the command line, killed at random moments and continued; the moments, in seconds of each attempt."""
        wanted = self.options
        words = [
            sys.executable,
            "-m",
            "mindseye.cli",
            "batch",
            self.root,
            "--model",
            wanted.model,
            "--quiet",
            "--no-cache",
        ]
        words += ["--facets", wanted.facets, "--steps", wanted.steps, "--device", wanted.device]
        words += ["--out", self.place / name]
        words += ["--layer", wanted.layer] if wanted.layer else []
        words += ["--weights", wanted.weights] if wanted.weights else []
        command = [str(word) for word in words]
        dice, moments = random.Random(), []
        for _ in range(kills):
            moments.append(dice.uniform(0.1, 0.5) * whole)
            try:
                subprocess.run(command, timeout=moments[-1], check=False)  # which kills it, as kill -9 does
            except subprocess.TimeoutExpired:
                continue
        code = subprocess.run(command, check=False).returncode
        if code:
            raise SystemExit(f"{shlex.join(command)} ended with {code}")
        return moments

    def same(self, first: str, second: str) -> str:
        """Whether two batches left the same pictures, byte for byte."""
        one, other = (
            {path.relative_to(self.place / name): path.read_bytes() for path in self._pictures(self.place / name)}
            for name in (first, second)
        )
        return f"{sum(one[path] == other.get(path) for path in one)} of {len(one)}"

    def bare(self, name: str) -> dict[str, Spent]:
        """What each part takes by itself."""
        wanted, out = self.options, self.place / name
        plan = _plan(out)
        layers = (wanted.layer,) if wanted.layer else ()
        run = Request.of("batch", {"recipe": self.recipe, "device": wanted.device, "weights": wanted.weights})
        request = BatchRequest(str(self.root), out, wanted.model, layers, wanted.facets, run, cache=False)
        with request.open(0) as worker:
            taken = dict.fromkeys(("decoding", "forward passes", "optimizer steps"), Spent(0.0, 0.0))
            for pack in plan.packs:
                flows = [self._flow(worker, Ledger(out, plan), name) for name in pack.classes]
                for flow in flows:
                    taken["decoding"] += _spent(lambda flow=flow: _decode(flow.job))  # type: ignore[misc]
                targets = [flow.prepare() for flow in flows]
                for flow, own in zip(flows, targets, strict=True):
                    taken["forward passes"] += _spent(lambda flow=flow, own=own: _look(flow.job, own))  # type: ignore[misc]
                taken["optimizer steps"] += self._paint(flows, targets)
        return taken

    def _flow(self, worker: ClassWorker, ledger: Ledger, name: str) -> Flow:
        job, manifest = worker.context.begin(name)
        folder = RunFolder(self.place / "bare" / ledger.folder(name).path.name)
        return Flow(job, Record(folder, manifest, Progress(quiet=True)))

    def _paint(self, flows: list[Flow], targets: list[FacetTargets]) -> Spent:
        taken = Spent(0.0, 0.0)
        for layer in flows[0].job.layers:
            pairs = zip(flows, targets, strict=True)
            order = FacetOrder.joined([facet_order(flow.job, layer, own) for flow, own in pairs])
            with order.reader() as read:
                painting = order.painting(read, range(len(order)))
                taken += _spent(partial(_advance, painting))
        return taken

    @staticmethod
    def _pictures(out: Path) -> list[Path]:
        return [path for path in sorted(out.rglob("*.png")) if "figures" not in path.parts]


def _advance(painting: Painting) -> None:
    while not painting.is_done:
        painting.advance()


def _decode(job: FacetJob) -> None:
    model = job.session.model
    for _ in job.photos.batches(model.preprocessing, job.session.view, model.in_channels, BATCH):
        pass


@torch.no_grad()
def _look(job: FacetJob, targets: FacetTargets) -> None:
    """A forward pass of every photo up to the deepest layer, and of every member under every random view."""
    session, normalise = job.session, job.session.model.preprocessing.normalise
    photos = job.photos.load(range(len(job.photos)))
    looks = [target_views(session.recipe, side, session.seed, job.prefix) for side in matched_sides(session)]
    with session.reader([job.layers[-1]]) as read:
        for first in range(0, len(photos), BATCH):
            read(normalise(photos[first : first + BATCH].to(session.device).float() / 255))
        for facet, members in enumerate(targets.members):
            images = members.to(session.device).float() / 255
            for view in (view for look in looks for view in look(facet, images)):
                read(normalise(view))


def _plan(out: Path) -> Plan:
    plan = read_plan(out)
    if plan is None:
        raise SystemExit(f"no ledger in {out}")
    return plan


def _sample(root: Path, into: Path, classes: int, photos: int) -> Path:
    """Links to some photos of some classes."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir())[:classes]:
        (into / folder.name).mkdir(parents=True)
        for path in sorted(folder.iterdir())[:photos]:
            (into / folder.name / path.name).symlink_to(path.absolute())
    return into


def _spent(work: Callable[[], object]) -> Spent:
    begun = Spent(time.perf_counter(), time.process_time())
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return Spent(time.perf_counter(), time.process_time()) - begun


if __name__ == "__main__":
    main()

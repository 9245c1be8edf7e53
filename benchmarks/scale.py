"""What a batch costs, from what its parts cost: units measured, a model of them checked at 1 and 2 workers, and extrapolated.

    python benchmarks/scale.py PHOTOS --layer blocks.4.2
    python benchmarks/scale.py PHOTOS --model mobilenet_v3_small --weights none --layer features.8

PHOTOS is a folder of class folders. All costs are core-seconds (processor time of a process and its children), which other work on
the machine changes little; seconds by the clock stand beside. One thread each. The units come from classes that run one after
the other in this process; the batches are the command line, without a cache and without judges. docs/scale.md has the model.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from mindseye.cli import keep_memory
from mindseye.facets.embedding import embed
from mindseye.facets.extraction import BATCH
from mindseye.optimize.recipe.load import load_recipe
from mindseye.report.progress import Progress
from mindseye.workflows.batch.ledger import Ledger, new_plan, write_plan
from mindseye.workflows.batch.request import BatchRequest
from mindseye.workflows.facets.find import gather_targets
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.job import FacetJob
from mindseye.workflows.finish import finish_run
from mindseye.workflows.record import Record
from mindseye.workflows.request import Request, RunOptions

GIGA = 10**9

T = TypeVar("T")


@dataclass
class Units:
    """Core-seconds: of a photo's decoding, forward pass and clustering; of a facet's target and measuring; of a picture's step; of
    a class's figures; of a worker's start.
    """

    decode: float = 0.0
    forward: float = 0.0
    cluster: float = 0.0
    target: float = 0.0
    step: float = 0.0
    measure: float = 0.0
    figures: float = 0.0
    start: float = 0.0

    def batch(self, classes: int, photos: int, facets: int, steps: int, workers: int, cached: bool = False) -> float:
        """Core-seconds of a batch. cached: all activations are in the cache.

        One worker works in the process that was begun; several are begun besides it, and it loads the network too.
        """
        starts = workers if workers < 2 else workers + 1
        looked = 0.0 if cached else photos * (self.decode + self.forward)
        facet = self.target + steps * self.step + self.measure
        return starts * self.start + classes * (looked + photos * self.cluster + facets * facet + self.figures)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", metavar="PHOTOS")
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--weights")
    parser.add_argument("--layer", default="blocks.4.2")
    parser.add_argument("--classes", type=int, default=4)
    parser.add_argument("--photos", type=int, default=30)
    parser.add_argument("--facets", type=int, default=4)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    keep_memory()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        root = sample(Path(options.root), Path(place) / "photos", options.classes, options.photos)
        units, sizes = measured(options, root, Path(place) / "units")
        print("| unit | core-milliseconds |\n|---|---|")
        for name, value in asdict(units).items():
            print(f"| {name} | {1000 * value:.2f} |")
        print(f"\n{sizes}\n", flush=True)
        print("| workers | model, core-s | measured, core-s | measured / model | clock, s | largest process, GB |")
        print("|---|---|---|---|---|---|")
        for workers in (1, 2):
            wanted = units.batch(options.classes, options.photos, options.facets, options.steps, workers)
            cores, clock, memory = batch(options, root, Path(place) / f"batch-{workers}", workers)
            row = (workers, f"{wanted:.1f}", f"{cores:.1f}", f"{cores / wanted:.2f}", f"{clock:.1f}", f"{memory:.2f}")
            print(f"| {' | '.join(map(str, row))} |", flush=True)
    units.cluster = clustering(1300) / 1300
    print(f"\nclustering 1300 photos: {1300 * units.cluster:.1f} core-s\n")
    print("| 1000 classes x 1300 photos x 10 facets | core-hours |\n|---|---|")
    for steps in (150, 300):
        for cached in (False, True):
            hours = units.batch(1000, 1300, 10, steps, 0, cached) / 3600
            print(f"| {steps} steps{', activations in the cache' if cached else ''} | {hours:.0f} |")


def measured(options: argparse.Namespace, root: Path, out: Path) -> tuple[Units, str]:
    """The units, as means over all classes but the first, which warms up; and what was read of the photos' files, in words."""
    recipe = load_recipe("distribution", {"steps": options.steps})
    names = [(folder.name, folder.name) for folder in sorted(root.iterdir())]
    write_plan(out, plan := new_plan("", {}, names, options.facets, 2 * options.facets, 1))
    run = Request.of("batch", RunOptions(recipe=recipe, device="cpu", weights=options.weights))
    request = BatchRequest(str(root), out, options.model, (options.layer,), options.facets, run, cache=False)
    units = Units()
    share = 1 / (len(names) - 1)
    ledger = Ledger(out, plan)
    with request.open(0) as worker:
        for name, _ in names:
            job, manifest = worker.context.begin(name)
            flow = Flow(job, Record(ledger.folder(name), manifest, Progress(quiet=True)))
            count, (layer,) = len(job.photos), job.layers
            before = bytes_read()
            means, taken = timed(flow.extract)
            read = bytes_read() - before
            _, decoding = timed(partial(decode, job))
            facets, clustered = timed(partial(flow.group, means))
            targets, aimed = timed(partial(gather_targets, job, facets, flow.progress))
            flow.describe(targets, means)
            _, painted = timed(partial(flow.paint, layer, targets))
            _, looked = timed(partial(flow.measure, layer, targets))
            _, drawn = timed(partial(finish_run, flow.record))
            if name == names[0][0]:
                continue
            units.decode += share * decoding / count
            units.forward += share * (taken - decoding) / count
            units.cluster += share * clustered / count
            units.target += share * aimed / len(facets)
            units.step += share * painted / len(facets) / options.steps
            units.measure += share * looked / len(facets)
            units.figures += share * drawn
    units.start = started(options)
    lying = sum(Path(path).stat().st_size for path in job.photos.paths)
    return units, f"read of {lying / count / 1000:.0f} kB per photo by extraction: {read / lying:.2f} times"


def decode(job: FacetJob) -> None:
    """Decode all photos of a class."""
    model = job.session.model
    for _ in job.photos.batches(model.preprocessing, job.session.view, model.in_channels, BATCH):
        pass


def clustering(photos: int) -> float:
    """Core-seconds of embedding so many photos, by noise of 256 channels."""
    noise = torch.randn(photos, 256, generator=torch.Generator().manual_seed(0))
    return timed(lambda: embed(noise, 0))[1]


def batch(options: argparse.Namespace, root: Path, out: Path, workers: int) -> tuple[float, float, float]:
    """Core-seconds, seconds, and GB of the largest process of a batch by the command line."""
    words = ["batch", root, "--model", options.model, "--layer", options.layer, "--facets", options.facets]
    words += ["--steps", options.steps, "--workers", workers, "--batch-size", 2 * options.facets, "--out", out]
    words += ["--weights", options.weights] if options.weights else []
    command = [sys.executable, "-m", "mindseye.cli", *map(str, words), "--device", "cpu", "--no-cache", "--quiet"]
    begun, before = time.perf_counter(), core_seconds()
    environment = os.environ | {"OMP_NUM_THREADS": str(workers)}  # which the workers share: one thread each
    subprocess.run(command, check=True, env=environment)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / GIGA
    return core_seconds() - before, time.perf_counter() - begun, memory


def started(options: argparse.Namespace) -> float:
    """Core-seconds of beginning a process with a network that is ready."""
    network = f"{options.model!r}, {options.weights!r}"
    code = f"import mindseye.api.batch; from mindseye.models.load import load_model; load_model({network})"
    command = [sys.executable, "-c", code]
    return timed(partial(subprocess.run, command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}))[1]


def sample(root: Path, into: Path, classes: int, photos: int) -> Path:
    """Links to some photos of those classes that have so many."""
    folders = [folder for folder in sorted(root.iterdir()) if folder.is_dir() and len(list(folder.iterdir())) >= photos]
    for folder in folders[:classes]:
        link_some(sorted(folder.iterdir())[:photos], into / folder.name)
    return into


def link_some(paths: Sequence[Path], into: Path) -> None:
    """A folder of links to photos."""
    into.mkdir(parents=True)
    for path in paths:
        (into / path.name).symlink_to(path.absolute())


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What some work gives, and its core-seconds."""
    before = core_seconds()
    given = work()
    return given, core_seconds() - before


def core_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def bytes_read() -> int:
    """Bytes that this process has asked the system for, whether from the disk or from memory."""
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])


if __name__ == "__main__":
    main()

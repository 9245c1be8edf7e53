"""What every worker of a batch is told, and how it makes the job of a class from it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.layers.layer import Layer, find_layer
from mindseye.layers.stages import choose_layers
from mindseye.models.load import Model, digest
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.collection import PhotoClass, open_collection
from mindseye.photos.photo_set import find_photos
from mindseye.report.progress import Progress
from mindseye.runs.folder import Manifest, RunFolder
from mindseye.runs.manifest import describe_model, new_manifest
from mindseye.runs.record import Record
from mindseye.store.store import open_store
from mindseye.workflows.batch.class_run import Workshop
from mindseye.workflows.batch.ledger import Ledger, read_plan
from mindseye.workflows.batch.sizing import ON_A_CPU, measured_batch_size, whole_classes
from mindseye.workflows.batch.worker import PackWorker
from mindseye.workflows.evaluation.evaluate import assess, has_looked
from mindseye.workflows.evaluation.painter import spec_of
from mindseye.workflows.evaluation.panel import Network, convene
from mindseye.workflows.facets.facet_runs import run_options
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.job import Job
from mindseye.workflows.opening import Opened, opened


@dataclass(frozen=True)
class Order:
    """A batch as it was asked for. It goes to other processes, so it holds names rather than what they name.

    root: of the collection. out: of the batch. layers, cluster_layer, penalty_layer: addresses. checkpoint: its whole path.
    cache: whether activations are kept between runs, each machine's by itself.
    """

    root: str
    out: Path
    model: str | nn.Module
    layers: tuple[str, ...]
    facets: int
    recipe: Recipe
    size: int | None
    seed: int
    device: str
    weights: str | None = None
    checkpoint: str | None = None
    cluster_layer: str | None = None
    penalty_layer: str | None = None
    judges: tuple[Network, ...] = ()
    command: str = ""
    cache: bool = True

    @contextmanager
    def open(self, number: int) -> Iterator[PackWorker]:
        """The worker of a number: its network is loaded here, once. See ``executor.Opener``."""
        plan = read_plan(self.out)
        if plan is None:
            raise UserError(f"the ledger in {self.out} has gone")
        ledger = Ledger(self.out, plan)
        names = [entry.name for entry in plan.classes]
        found = {one.name: one for one in open_collection(self.root) if one.name in set(names)}
        with ExitStack() as stack:
            if self.uses_cpu:
                stack.enter_context(_threads(plan.threads))
            ready = stack.enter_context(self.opened(number))
            bench = _Bench(self, ready, found)
            copies = [replace(ready.model, network=deepcopy(ready.model.network)) for _ in range(2)]
            yield PackWorker(
                Workshop(
                    folder=ledger.folder,
                    begin=bench.begin,
                    preparing=copies[0],
                    finishing=copies[1],
                    judge=lambda path: bench.judge(path, copies[1]),
                    painting=ledger.painting,
                    facets=plan.facets,
                    batch_size=plan.batch_size,
                    store=open_store(lambda line: None) if self.cache else None,
                )
            )

    @contextmanager
    def opened(self, number: int = 0) -> Iterator[Opened]:
        """The network on its device: of several GPUs, each worker takes its own. A module that was given stays where it is."""
        device = self.device
        if device in ("auto", "cuda") and isinstance(self.model, str) and torch.cuda.is_available():
            device = f"cuda:{number % torch.cuda.device_count()}"
        progress = Progress(quiet=True)
        with opened(self.model, self.weights, self.checkpoint, device, self.size, self.recipe, progress) as ready:
            yield ready

    def for_others(self) -> "Order":
        """The same for processes with another working folder."""
        return replace(self, out=self.out.absolute(), model=spec_of(self.model) or self.model)

    @property
    def uses_cpu(self) -> bool:
        """Whether pictures are painted on the processor."""
        return self.device == "cpu" or (self.device == "auto" and not torch.cuda.is_available())

    def default_batch_size(self, ready: Opened) -> int:
        """How many pictures the device paints at once, whole classes where they fit."""
        if ready.device.type != "cuda":
            return whole_classes(max(ON_A_CPU, self.facets), self.facets)
        noise = torch.randint(0, 256, (ready.recipe.members, ready.view, ready.view, ready.model.in_channels)).byte()
        sample = PhotoClass("sample", "sample", list(noise.numpy()))
        with TemporaryDirectory() as place:
            job, manifest = _Bench(replace(self, facets=1, judges=()), ready, {"sample": sample}).begin("sample")
            record = Record(RunFolder(Path(place)), manifest, lambda line: None, {})
            flow = Flow(job, record, Progress(quiet=True))
            return whole_classes(measured_batch_size(flow, flow.prepare(), job.targets), self.facets)

    def targets(self, ready: Opened) -> list[Layer]:
        """The layers that are painted, early to late."""
        return choose_layers(ready.model.network, ready.network, list(self.layers))


class _Bench:
    """What is the same for all classes of a worker."""

    def __init__(self, order: Order, ready: Opened, classes: dict[str, PhotoClass]) -> None:
        self._order, self._ready, self._classes = order, ready, classes
        self._targets = order.targets(ready)
        self._digest = digest(ready.model.network)
        spec = order.model if isinstance(order.model, str) else None
        self._panel = convene(order.judges, painter=spec) if order.judges else None

    def begin(self, name: str) -> tuple[Job, Manifest]:
        """The job of a class, and the manifest of its run, which has not begun."""
        order, ready, deepest = self._order, self._ready, self._targets[-1]
        if name not in self._classes:
            raise UserError(f"class {name!r} is not in {order.root} any more")
        penalty = find_layer(ready.network, order.penalty_layer).address if order.penalty_layer else None
        job = Job(
            photos=find_photos(self._classes[name].photos),
            model=ready.model,
            network=ready.network,
            targets=self._targets,
            cluster=find_layer(ready.network, order.cluster_layer) if order.cluster_layer else deepest,
            facets=order.facets,
            recipe=ready.recipe,
            seed=order.seed,
            device=ready.device,
            size=ready.recipe.size,
            view=ready.view,
            penalty=penalty,
            prior=ready.prior,
            compiler=ready.compiler,
            name=name,
        )
        options = run_options(job, order.weights, order.checkpoint, False, self._digest)
        fresh = new_manifest("visualize", order.command, options, job.recipe, order.seed, job.device)
        model = describe_model(job.model) | {"spec": spec_of(order.model)}
        return job, fresh | {"model": model, "images": {}, "skipped": [], "layers": []}

    def judge(self, path: Path, painter: Model) -> None:
        """Show a finished run to the judges that have not seen it."""
        if self._panel is None or has_looked(RunFolder(path).read(), self._panel):
            return
        assess(path, self._panel, device=str(self._ready.device), quiet=True, painter=painter)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    was = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(was)

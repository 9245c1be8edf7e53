"""What every worker of a batch is told, and how it makes the job of a class from it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.layers.stages import choose_layers
from mindseye.optimize.session import NetworkSession
from mindseye.photos.collection import PhotoClass, open_collection
from mindseye.photos.photo_set import find_photos
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import Manifest
from mindseye.store.store import open_store
from mindseye.user_code import whole_path
from mindseye.workflows.batch.batch_size import ON_A_CPU, measured_batch_size, whole_classes
from mindseye.workflows.batch.class_run import WorkerContext
from mindseye.workflows.batch.ledger import Ledger, read_plan
from mindseye.workflows.batch.network import NetworkRequest
from mindseye.workflows.batch.pack_painting import ClassWorker
from mindseye.workflows.evaluation.judges import judge_run
from mindseye.workflows.evaluation.panel import Network, load_panel
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.job import FacetJob
from mindseye.workflows.record import Record
from mindseye.workflows.request import Request
from mindseye.workflows.resumable import new_manifest


@dataclass(frozen=True)
class BatchRequest(NetworkRequest):
    """A batch as it was asked for. It goes to other processes, so it holds names rather than what they name.

    root: of the collection. out: of the batch. model: its name; a module only where this process does the work. layers,
    cluster_layer, penalty_layer: addresses. run: how pictures are painted. cache: whether activations are kept between runs,
    each machine's by itself.
    """

    root: str
    out: Path
    model: str | nn.Module
    layers: tuple[str, ...]
    facets: int
    run: Request
    cluster_layer: str | None = None
    penalty_layer: str | None = None
    judges: tuple[Network, ...] = ()
    cache: bool = True

    @contextmanager
    def open(self, number: int) -> Iterator[ClassWorker]:
        """The worker of a number: its network is loaded here, once. See ``executor.Opener``."""
        plan = read_plan(self.out)
        if plan is None:
            raise UserError(f"the ledger in {self.out} has gone")
        ledger = Ledger(self.out, plan)
        names = {entry.name for entry in plan.classes}
        classes = {entry.name: entry for entry in open_collection(self.root) if entry.name in names}
        with ExitStack() as stack:
            session, *copies = stack.enter_context(self.sessions(number, plan.threads))
            jobs = ClassJobs(self, session, classes)
            yield ClassWorker(
                WorkerContext(
                    folder=ledger.folder,
                    begin=jobs.begin,
                    preparing=copies[0],
                    finishing=copies[1],
                    judge=lambda path: jobs.judge(path, copies[1]),
                    painting=ledger.painting,
                    facets=plan.facets,
                    batch_size=plan.batch_size,
                    run=jobs.run,
                    store=open_store(lambda line: None) if self.cache else None,
                )
            )

    def for_others(self) -> "BatchRequest":
        """The same for processes with another working folder."""
        return replace(
            self, out=self.out.absolute(), model=whole_path(self.model) if isinstance(self.model, str) else self.model
        )

    def default_batch_size(self, session: NetworkSession) -> int:
        """How many pictures the device paints at once, whole classes where they fit."""
        if session.device.type != "cuda":
            return whole_classes(max(ON_A_CPU, self.facets), self.facets)
        shape = (session.recipe.members, session.view, session.view, session.model.in_channels)
        noise = torch.randint(0, 256, shape).byte()
        sample = PhotoClass("sample", "sample", list(noise.numpy()))
        with TemporaryDirectory() as place:
            job, manifest = ClassJobs(replace(self, facets=1, judges=()), session, {"sample": sample}).begin("sample")
            flow = Flow(job, Record(RunFolder(Path(place)), manifest, Progress(quiet=True)))
            return whole_classes(measured_batch_size(flow, flow.prepare(), job.layers), self.facets)

    def chosen_layers(self, session: NetworkSession) -> list[Layer]:
        """The layers that are painted, early to late."""
        return choose_layers(session.model.network, session.network, list(self.layers))

    def identity(self, session: NetworkSession, classes: Sequence[PhotoClass]) -> dict[str, Any]:
        """What must be the same for the batch to be continued.

        Raises:
            UserError: if the network has no such layer.
        """
        layers = self.chosen_layers(session)
        for address in (self.cluster_layer, self.penalty_layer):
            if address:
                session.layer(address)
        return {
            "root": self.root,
            "classes": [entry.name for entry in classes],
            "model": session.model_spec or session.model.name,
            "weights": session.weights,
            "weights_digest": session.weights_digest,
            "checkpoint": session.checkpoint,
            "layers": [layer.address for layer in layers],
            "cluster_layer": self.cluster_layer,
            "penalty_layer": self.penalty_layer,
            "facets": self.facets,
            "recipe": session.recipe.as_dict(),
            "seed": session.seed,
        }


@dataclass
class ClassJobs:
    """What is the same for all classes of a worker, and the job of each."""

    request: BatchRequest
    session: NetworkSession
    classes: dict[str, PhotoClass]
    run: Request = field(init=False)

    def __post_init__(self) -> None:
        self.run = replace(self.request.run, kind="visualize", force=False, progress=Progress(quiet=True))
        self._layers = self.request.chosen_layers(self.session)
        self._digest = self.session.weights_digest
        spec = self.request.model if isinstance(self.request.model, str) else None
        self._panel = load_panel(self.request.judges, painter=spec) if self.request.judges else None

    def begin(self, name: str) -> tuple[FacetJob, Manifest]:
        """The job of a class, and the manifest of its run, which has not begun."""
        request, session = self.request, self.session
        if name not in self.classes:
            raise UserError(f"class {name!r} is not in {request.root} any more")
        job = FacetJob(
            session=session,
            photos=find_photos(self.classes[name].photos),
            layers=self._layers,
            cluster=session.layer(request.cluster_layer) if request.cluster_layer else self._layers[-1],
            facets=request.facets,
            penalty=session.layer(request.penalty_layer).address if request.penalty_layer else None,
            name=name,
        )
        return job, new_manifest(self.run, session, job.options(weights_digest=self._digest))

    def judge(self, path: Path, painter: NetworkSession) -> None:
        """Show a finished run to the judges that have not seen it. painter: the painted network."""
        judge_run(path, self._panel, self.session.device, self.run.progress, painter.model)

"""Pictures that were painted in memory, kept as a run: with numbers, figures and a page, as the commands leave them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mindseye.optimize.order import ObjectiveOrder, Order
from mindseye.optimize.painted import Painted
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import PictureEntry
from mindseye.workflows.facets.facets import FacetTarget
from mindseye.workflows.facets.find import gather_targets
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.finish import finish_run
from mindseye.workflows.objectives.flow import ObjectiveFlow
from mindseye.workflows.objectives.locate import ObjectiveRequest
from mindseye.workflows.objectives.request import PaintRequest
from mindseye.workflows.record import Record
from mindseye.workflows.request import Request
from mindseye.workflows.resumable import identity_of, new_manifest, open_run

PaintedByNumber = Mapping[int, Painted]


def keep_pictures(
    order: Order, names: list[str], painted: PaintedByNumber, target: FacetTarget | None, request: Request
) -> Run:
    """Keep pictures in the request's folder.

    order: what they were painted from. target: of facets with their photos, where they are pictures of such.

    Raises:
        UserError: if the folder holds another run that is not to be replaced, or cannot be written to.
    """
    folder = RunFolder(Path(request.out or "runs/pictures"))
    with open_run(
        folder, new_manifest(request, order.session, _identity(order, names, target, request)), request
    ) as record:
        if record is not None and target is not None:
            _keep_facets(record, order, target, painted)
        elif record is not None and isinstance(order, ObjectiveOrder):
            flow = ObjectiveFlow(order, record)
            flow.describe()
            flow.keep_painted(painted)
            flow.finish()
        elif record is not None:
            _keep_plain(record, names, painted)
    request.progress.say(f"done: {folder.path}")
    return Run(folder.path)


def _identity(order: Order, names: list[str], target: FacetTarget | None, request: Request) -> dict[str, Any]:
    """What the command notes that makes the same pictures, so that it finds them finished."""
    if target is not None:
        return replace(target.with_session(order.session), batch_size=request.batch_size).options()
    if isinstance(order, ObjectiveOrder):
        objectives = [picture.objective for picture in order.requests]
        return PaintRequest(request, ObjectiveRequest(objectives)).identity(objectives, None, order.session)
    return {"objectives": names} | identity_of(order.session)


def _keep_facets(record: Record, order: Order, target: FacetTarget, painted: PaintedByNumber) -> None:
    job = target.with_session(order.session)
    flow = Flow(job, record, order.session.store(record.progress.say))
    means = flow.extract()
    flow.group(means)
    targets = gather_targets(job, list(target.facets), record.progress, to_paint=False)
    flow.describe(targets, means)
    flow.keep_painted(job.layers[0], painted)
    flow.measure(job.layers[0], targets)
    finish_run(record)


def _keep_plain(record: Record, names: list[str], painted: PaintedByNumber) -> None:
    """Pictures of a bare target, which has neither photos nor an objective to be measured by."""
    record.manifest.pictures = [PictureEntry(index=index, objective=name) for index, name in enumerate(names)]
    for index, result in painted.items():
        entry = record.manifest.pictures[index]
        paths = [record.folder.of_objective(role, index, entry.objective) for role in ("pictures", "starts")]
        record.keep_painted(entry, result, paths[0], paths[1], entry.objective)
    finish_run(record)


def save_request(kind: str, order: Order, folder: Path, batch_size: int, force: bool, progress: Progress) -> Request:
    """The request that a run of pictures from memory answers."""
    return Request(
        kind=kind,
        recipe=order.session.recipe,
        out=folder,
        batch_size=batch_size,
        force=force,
        command="Pictures.save(...)",
        progress=progress,
    )

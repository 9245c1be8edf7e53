"""Pictures as values: painted in memory, with their numbers, and kept as a run when they are wanted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from mindseye.arguments import check_count, required_path
from mindseye.errors import UserError
from mindseye.facets.target import Target
from mindseye.measure.pictures import Roles, dots, objective_measures
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.loop import Painting
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.order import FacetOrder, ObjectiveOrder, Order
from mindseye.optimize.painted import Painted
from mindseye.optimize.recipe.checks import check_for_facets, check_for_objectives, check_start
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession
from mindseye.optimize.transforms.views import Views
from mindseye.report.frame import frame
from mindseye.report.html import html_strips
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress, Report
from mindseye.runs.files import as_kept
from mindseye.workflows.facets.facets import FacetTarget
from mindseye.workflows.facets.find import extract_means, target_at
from mindseye.workflows.facets.measure import FacetMeasures
from mindseye.workflows.keep_pictures import keep_pictures, save_request
from mindseye.workflows.objectives.locate import ObjectiveRequest, locate_objectives, words_of
from mindseye.workflows.objectives.order import variants_order
from mindseye.workflows.paint import Keeper, paint

OnStep = Callable[[int, Tensor], Any]
"""Told the step and the pictures [n, channels, side, side]; returns False to stop there."""
What = Target | Objective | str | Iterable[Objective | str]


@dataclass(frozen=True, eq=False)
class Pictures(Sequence[Tensor]):
    """Pictures that were painted in memory.

    order: what they were painted from. names: of each. painted: as they came out. target: the facets' with its photos,
    where they are pictures of such. batch_size: pictures that were painted at once, 0 for all.
    """

    order: Order
    names: list[str]
    painted: list[Painted]
    target: FacetTarget | None = None
    batch_size: int = 0

    def __len__(self) -> int:
        return len(self.painted)

    def __getitem__(self, index: Any) -> Any:
        return self.images[index]

    @property
    def images(self) -> Tensor:
        """The pictures, [n, channels, side, side] in [0, 1]."""
        return torch.stack([result.image for result in self.painted])

    @property
    def starts(self) -> Tensor:
        """What they started from, as ``images``."""
        return torch.stack([result.start for result in self.painted])

    @property
    def losses(self) -> list[dict[str, tuple[float, float]]]:
        """Of each picture, {term: (at the start, at the end)}, weighted, without transforms."""
        return [result.loss for result in self.painted]

    @property
    def failures(self) -> list[str]:
        """A line per picture that failed."""
        pairs = zip(self.names, self.painted, strict=True)
        return [f"{name}: {result.reason}" for name, result in pairs if result.reason is not None]

    def measures(self, progress: Report = None) -> list[dict[str, Roles]]:
        """Of each picture, what it is worth: numbers by measure and role (``picture``, ``start``, and a facet's ``members``).

        Of a facet: fidelity to its target, naturalness, and the distance at every layer. Of an objective: its value, and
        what of it is lost under changes that no recipe paints under. See docs/measures.md. Measured is what a file keeps of a
        picture, eight bits for each colour, so that a run of the same pictures has the same numbers.
        """
        told = Progress.of(progress)
        with self.order.session.using(self.order.session.recipe) as session:
            if self.target is not None:
                return self._facet_measures(self.target, session, told)
            if isinstance(self.order, ObjectiveOrder):
                return self._objective_measures(self.order, session)
        raise UserError("a bare target has no photos to be measured against; make it of facets, or of photos")

    def save(self, folder: str | Path, *, force: bool = False, progress: Report = None) -> Run:
        """Keep the pictures as a run: run.json, pictures, figures, page.

        Raises:
            UserError: if the folder holds another run, unless ``force`` replaces it, or cannot be written to.
        """
        kind = "paint" if self.target is None else "visualize"
        request = save_request(
            kind, self.order, required_path("folder", folder), self.batch_size, force, Progress.of(progress)
        )
        return keep_pictures(self.order, self.names, dict(enumerate(self.painted)), self.target, request)

    def to_frame(self) -> Any:
        """A pandas table: a row per picture, with its losses."""
        return frame(
            [
                {"picture": name} | {f"{term}, end": end for term, (_, end) in result.loss.items()}
                for name, result in zip(self.names, self.painted, strict=True)
            ]
        )

    def pil(self, index: int) -> Image.Image:
        """One picture as Pillow has it; of other than three channels, the first."""
        image = (self.images[index].clamp(0, 1) * 255).round().to(torch.uint8)
        image = image if len(image) == 3 else image[:1].expand(3, -1, -1)
        return Image.fromarray(image.movedim(0, -1).contiguous().numpy())

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.images)

    def __repr__(self) -> str:
        side = self.images.shape[-1] if self.painted else 0
        return f"Pictures({len(self)} of {side} px, recipe {self.order.session.recipe.name!r})"

    def _repr_html_(self) -> str:
        pictures = {name: image[None] for name, image in zip(self.names, self.images, strict=True)}
        return html_strips({name: (image * 255).round().byte() for name, image in pictures.items()}, repr(self))

    def _facet_measures(
        self, target: FacetTarget, session: NetworkSession, progress: Progress
    ) -> list[dict[str, Roles]]:
        job, targets = target.gather(session, progress, to_paint=False)
        layer = job.layers[0]
        own = target_at(job, layer.address, targets)
        means = extract_means(job, progress, session.store(progress.say))[layer.address]
        photo_dots = torch.stack([dots(own, place, means) for place in range(len(targets.facets))])
        measures = FacetMeasures(session, layer, targets, own, photo_dots)
        with measures.reader() as read:
            return [measures.measure(read, index, _roles(result)) for index, result in enumerate(self.painted)]

    def _objective_measures(self, order: ObjectiveOrder, session: NetworkSession) -> list[dict[str, Roles]]:
        plain, normal = Views(session.view).plain, session.model.preprocessing
        with session.reader(order.layers) as read:
            return [
                objective_measures(
                    read,
                    normal,
                    request.shown or request.objective,
                    {role: plain(image).to(session.device) for role, image in _roles(result).items()},
                )
                for request, result in zip(order.requests, self.painted, strict=True)
            ]


def _roles(result: Painted) -> dict[str, Tensor]:
    """What is measured, by role, [1, channels, side, side]."""
    return {"picture": as_kept(result.image)[None], "start": as_kept(result.start)[None]}


class MemoryKeeper(Keeper):
    """Holds the pictures as they come out, and shows them on the way."""

    def __init__(self, advance: Callable[[int], None], on_step: OnStep | None) -> None:
        super().__init__(advance)
        self.on_step = on_step
        self.painted: dict[int, Painted] = {}

    def look(self, painting: Painting, pictures: Sequence[int]) -> bool:
        return self.on_step is None or self.on_step(painting.step, painting.images()) is not False

    def keep_painted(self, painted: dict[int, Painted]) -> None:
        self.painted |= painted


def paint_pictures(
    session: NetworkSession, what: What, recipe: Recipe, batch_size: int, on_step: OnStep | None, progress: Progress
) -> Pictures:
    """Paint in memory; see ``Session.paint``."""
    check_count("batch_size", batch_size)
    if on_step is not None and not callable(on_step):
        raise UserError(f"on_step is a function of (step, pictures), not {on_step!r}")
    with session.using(recipe) as used:
        order, names = _order(used, what, progress)
        target = what if isinstance(what, FacetTarget) else None
        keeper = _painted(order, batch_size, on_step, progress)
    return Pictures(order, names, [keeper.painted[index] for index in range(len(order))], target, batch_size)


def _painted(order: Order, batch_size: int, on_step: OnStep | None, progress: Progress) -> MemoryKeeper:
    pictures = range(len(order))
    steps = order.session.recipe.steps * len(pictures)
    with order.reader() as read, progress.stage("paint", steps, "picture steps") as advance:
        keeper = MemoryKeeper(advance, on_step)
        paint(lambda numbers: order.painting(read, numbers), pictures, batch_size or len(pictures), keeper)
    return keeper


def _order(session: NetworkSession, what: Any, progress: Progress) -> tuple[Order, list[str]]:
    if isinstance(what, Target):
        check_for_facets(session.recipe)
        order = what.order(session, progress) if isinstance(what, FacetTarget) else _bare_order(session, what)
        return order, [f"{what.layer} facet {index}" for index in range(len(order))]
    words = [what] if isinstance(what, str | Objective | type) else _listed(what)
    check_for_objectives(session.recipe)
    check_start(session.recipe, has_photo=False)
    request = ObjectiveRequest(words)
    return variants_order(request, locate_objectives(request, session), session), words_of(words)


def _listed(what: Any) -> list[Any]:
    if not isinstance(what, Iterable):
        raise UserError(f"what is painted is a Target, an Objective, its words, or several of these, not {what!r}")
    words = list(what)
    if not words:
        raise UserError("nothing to paint: give a Target or at least one Objective")
    return words


def _bare_order(session: NetworkSession, target: Target) -> FacetOrder:
    """A target without photos: its own layer alone is matched, in colours of no photo in particular."""
    matches = not session.recipe.schedule("match").is_zero
    return FacetOrder(
        session=session,
        keys=[f"{target.layer}/{place}" for place in range(len(target.ranks))],
        palette=palette_of(session.recipe, None, session.model.in_channels),
        targets={target.layer: target},
        layer=session.layer(target.layer).address,
        matched=[target.layer] if matches else [],
    )

"""Pictures of objectives that are named rather than found: a picture each, all in one batch, kept as they come.

``Commission.run`` is the whole of it: paint, measure, figures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mindseye.facets.target import Target
from mindseye.layers.compiler import Compiler, painting_reader
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.measure.pictures import objective_measures
from mindseye.models.load import Model
from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.compose import compose_canvas
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.canvases.prior import Prior
from mindseye.optimize.compose import image_terms, match_terms, negate
from mindseye.optimize.loop import Painting
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.batch import Each
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.painted import Painted
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.views import Views
from mindseye.report.figures import write_figures
from mindseye.report.page import leave_page
from mindseye.report.progress import Progress
from mindseye.runs.folder import Manifest
from mindseye.runs.record import Record
from mindseye.workflows.paint import paint


@dataclass(frozen=True)
class Wanted:
    """One picture that is asked for.

    words: what it shows, as the user wrote it. objective: what is raised. image: what the canvas starts from where the
    recipe starts from one, [channels, any, any] in [0, 1]. photo: what the objective holds the picture against, seen under
    its very views, of the canvas's size. about: what else its entry in run.json says. shown: what is measured, where that
    is not the objective as a whole.
    """

    words: str
    objective: Objective
    image: Tensor | None = None
    photo: Tensor | None = None
    about: Mapping[str, object] = field(default_factory=dict)
    shown: Objective | None = None


@dataclass(frozen=True)
class Order:
    """Everything that decides what the pictures look like.

    layers: all that are read. beside: further terms for the pictures with these indices, which may compare them.
    targets: by address, one entry per picture, on the CPU; matched where there are any. prior: the decoder of a recipe
    whose canvas is one. compiler: of a recipe that compiles. batch_size: pictures painted at once, 0 for all. view: side of
    what the network sees.
    """

    model: Model
    recipe: Recipe
    wanted: Sequence[Wanted]
    layers: Sequence[Layer]
    palette: Palette
    seed: int
    device: torch.device
    view: int
    beside: Callable[[Sequence[int]], list[Term]] = lambda pictures: []
    targets: Mapping[str, Target] = field(default_factory=dict)
    prior: Prior | None = None
    compiler: Compiler | None = None
    batch_size: int = 0

    def reader(self) -> Reader:
        """Reads ``layers`` while they are painted towards."""
        return painting_reader(self.model, self.layers, self.view, self.compiler)

    def painting(self, read: Reader, pictures: Sequence[int]) -> Painting:
        """The painting of some of the pictures at its very start; ``read`` gives ``layers``."""
        random = RandomKeys(self.seed, tuple(f"{index} {self.wanted[index].words}" for index in pictures))
        chosen = [self.wanted[index] for index in pictures]
        images = [one.image for one in chosen if one.image is not None]
        canvas = compose_canvas(
            CanvasRequest(
                self.recipe,
                self.recipe.size,
                self.model.in_channels,
                self.palette,
                random,
                self.device,
                torch.stack(images) if len(images) == len(chosen) else None,
                self.prior,
            )
        )
        targets = {address: target.select(pictures).to(self.device) for address, target in self.targets.items()}
        terms = [
            Term("objective", Each([one.objective for one in chosen]), negate(self.recipe.schedule("objective"))),
            *match_terms(self.recipe, targets),
            *image_terms(self.recipe),
            *self.beside(pictures),
        ]
        views = Views.of(self.recipe, self.view, self.model.preprocessing.fixed_size)
        photos = [one.photo for one in chosen if one.photo is not None]
        beside = torch.stack(photos).to(self.device) if photos else None
        return Painting(canvas, terms, self.recipe, views, random, read, self.model.preprocessing, beside)


class Commission:
    """One run from named objectives to pictures."""

    def __init__(self, order: Order, record: Record, progress: Progress) -> None:
        self.order, self.record, self.progress = order, record, progress
        self.folder, self.manifest = record.folder, record.manifest

    def run(self) -> None:
        """Paint, measure, draw. What an interrupted run has done is not done again."""
        if not self.manifest["pictures"]:
            self.manifest["pictures"] = [
                fresh_entry(index, one.words, one.about) for index, one in enumerate(self.order.wanted)
            ]
            self.record.save("running")
        with self.order.reader() as read:
            self.paint(read)
        with Reader(self.order.model.network, self.order.layers) as read:
            self.measure(read)
        self.record.finish()
        with self.progress.stage("figures", 1, "set") as advance:
            write_figures(self.folder.path)
            advance(1)
        leave_page(self.folder.path, self.progress)

    def paint(self, read: Reader) -> None:
        """All pictures that are not there yet."""
        order, entries = self.order, self.manifest["pictures"]
        waiting = [entry["index"] for entry in entries if entry["status"] == "todo"]
        with self.progress.stage("paint", order.recipe.steps * len(waiting), "steps") as advance:
            paint(
                lambda pictures: order.painting(read, pictures),
                waiting,
                order.batch_size or max(len(waiting), 1),
                self.folder.painting_state("pictures"),
                order.recipe.snapshots,
                self._keep_step,
                advance,
                self._keep_painted,
            )
        if order.compiler is not None:
            self.record.note(*order.compiler.verdicts)

    def measure(self, read: Reader) -> None:
        """What each objective says of its picture and of its start, whole and changed in ways that no recipe paints under."""
        order, views = self.order, Views(self.order.view)
        waiting = [
            entry for entry in self.manifest["pictures"] if entry["status"] == "done" and "measures" not in entry
        ]
        with self.progress.stage("measure", len(waiting), "pictures") as advance:
            for entry in waiting:
                roles = {
                    role: views.plain(self.record.picture(entry[role], order.model.in_channels)).to(order.device)
                    for role in ("picture", "start")
                }
                one = order.wanted[entry["index"]]
                photo = None if one.photo is None else views.plain(one.photo[None]).to(order.device)
                shown = one.shown or one.objective
                entry["measures"] = objective_measures(read, order.model.preprocessing, shown, roles, photo)
                advance(1)

    def _keep_step(self, step: int, images: Mapping[int, Tensor]) -> None:
        entries = [(self.manifest["pictures"][index], image) for index, image in images.items()]
        for objective in dict.fromkeys(entry["objective"] for entry, _ in entries):
            pictures = [
                (entry, self.folder.objective_step(entry["index"], objective, step), image)
                for entry, image in entries
                if entry["objective"] == objective
            ]
            self.record.keep_step(step, pictures, objective)

    def _keep_painted(self, done: dict[int, Painted]) -> None:
        for index, painted in done.items():
            entry = self.manifest["pictures"][index]
            words = entry["objective"]
            picture, start = (self.folder.of_objective(role, index, words) for role in ("pictures", "starts"))
            self.record.keep_painted(entry, painted, picture, start, words)
            if painted.reason is not None:
                self.progress.say(f"failed: {words}: {painted.reason}")
        self.record.save("running")


def fresh_entry(index: int, words: str, about: Mapping[str, object]) -> Manifest:
    """A ``pictures`` entry before there is a picture."""
    fresh = {"index": index, "objective": words, "status": "todo", "picture": None, "start": None}
    return fresh | {"steps": [], "loss": {}} | dict(about)

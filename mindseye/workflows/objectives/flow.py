"""Pictures of objectives that are named rather than found: a picture each, all in one batch, kept as they come.

``ObjectiveFlow.run`` is the whole of it: paint, measure, figures.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor

from mindseye.layers.reader import Reader
from mindseye.measure.pictures import objective_measures
from mindseye.optimize.loop import Painting
from mindseye.optimize.order import ObjectiveOrder
from mindseye.optimize.painted import Painted
from mindseye.optimize.transforms.views import Views
from mindseye.report.progress import Advance
from mindseye.runs.schema import PictureEntry
from mindseye.workflows.finish import finish_run
from mindseye.workflows.paint import Keeper, paint
from mindseye.workflows.record import Record


class ObjectiveFlow:
    """One run from an order to its pictures. What an interrupted run has done is not done again."""

    def __init__(self, order: ObjectiveOrder, record: Record, batch_size: int = 0) -> None:
        """batch_size: pictures painted at once, 0 for all."""
        self.order, self.record, self.batch_size = order, record, batch_size
        self.folder, self.manifest, self.progress = record.folder, record.manifest, record.progress

    def run(self) -> None:
        """Paint, measure, draw."""
        self.describe()
        self.paint()
        self.finish()

    def describe(self) -> None:
        """Say in the manifest which pictures there will be."""
        if not self.manifest.pictures:
            self.manifest.pictures = [
                PictureEntry(index=index, objective=request.words, **request.about)  # type: ignore[arg-type]
                for index, request in enumerate(self.order.requests)
            ]
            self.record.note(*self.order.notes)
            self.record.save("running")

    def finish(self) -> None:
        """Measure what is painted, and end the run."""
        with self.order.session.reader(self.order.layers) as read:
            self.measure(read)
        finish_run(self.record)

    def paint(self) -> None:
        """All pictures that are not there yet."""
        order = self.order
        waiting = [entry.index for entry in self.manifest.pictures if entry.status == "todo"]
        steps = order.session.recipe.steps * len(waiting)
        with order.reader() as read, self.progress.stage("paint", steps, "picture steps") as advance:

            def build(pictures: Sequence[int]) -> Painting:
                return order.painting(read, pictures)

            paint(build, waiting, self.batch_size or max(len(waiting), 1), ObjectiveKeeper(self, advance))
        if order.session.compiler is not None:
            self.record.note(*order.session.compiler.verdicts)

    def measure(self, read: Reader) -> None:
        """What each objective says of its picture and of its start, whole and changed in ways that no recipe paints under."""
        session, plain = self.order.session, Views(self.order.session.view).plain
        waiting = [entry for entry in self.manifest.pictures if entry.status == "done" and entry.measures is None]
        with self.progress.stage("measure", len(waiting), "pictures") as advance:
            for entry in waiting:
                images = self.record.images(entry, session.model.in_channels)
                roles = {role: plain(image).to(session.device) for role, image in images.items()}
                request = self.order.requests[entry.index]
                photo = None if request.photo is None else plain(request.photo[None]).to(session.device)
                objective = request.shown or request.objective
                entry.measures = objective_measures(read, session.model.preprocessing, objective, roles, photo)
                advance(1)

    def keep_snapshot(self, step: int, images: Mapping[int, Tensor]) -> None:
        """Keep pictures as they are at a step, those of one objective together."""
        entries = [(self.manifest.pictures[index], image) for index, image in images.items()]
        for words in dict.fromkeys(entry.objective for entry, _ in entries):
            pictures = [
                (entry, self.folder.objective_step(entry.index, words, step), image)
                for entry, image in entries
                if entry.objective == words
            ]
            self.record.keep_step(step, pictures, words)

    def keep_painted(self, painted: Mapping[int, Painted]) -> None:
        """Keep pictures as they came out."""
        for index, result in painted.items():
            entry = self.manifest.pictures[index]
            words = entry.objective
            picture, start = (self.folder.of_objective(role, index, words) for role in ("pictures", "starts"))
            self.record.keep_painted(entry, result, picture, start, words)
            if result.reason is not None:
                self.progress.say(f"failed: {words}: {result.reason}")
        self.record.save("running")


class ObjectiveKeeper(Keeper):
    """Keeps the pictures of objectives in the run folder."""

    def __init__(self, flow: ObjectiveFlow, advance: Advance) -> None:
        super().__init__(advance)
        self.flow = flow
        self.state = flow.folder.painting_state("pictures")
        self.snapshots = flow.order.session.recipe.snapshots
        self.save_seconds = flow.record.save_seconds

    def keep_snapshot(self, step: int, images: dict[int, Tensor]) -> None:
        self.flow.keep_snapshot(step, images)

    def keep_painted(self, painted: dict[int, Painted]) -> None:
        self.flow.keep_painted(painted)

"""A run of ``paint``: checked, opened, painted, and shown to judges."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from mindseye.arguments import check_count, check_number
from mindseye.errors import UserError
from mindseye.labels import class_notes
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.order import ObjectiveOrder
from mindseye.optimize.recipe.checks import check_for_objectives, check_start
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession
from mindseye.photos.fingerprint import photo_digest
from mindseye.photos.photo import Photo, load_photo, photo_path
from mindseye.photos.photo_set import PhotoSet, Source, find_photos
from mindseye.report.notebook import Run
from mindseye.runs.folder import default_path
from mindseye.user_code import whole_path
from mindseye.workflows.evaluation.judges import JudgeOptions, judge_run, panel_of
from mindseye.workflows.objectives.exemplars import find_exemplars
from mindseye.workflows.objectives.flow import ObjectiveFlow
from mindseye.workflows.objectives.locate import (
    LocatedObjectives,
    ObjectiveRequest,
    locate_objectives,
    recipe_for,
    words_of,
)
from mindseye.workflows.objectives.order import texture_layers, variants_order
from mindseye.workflows.record import Record
from mindseye.workflows.request import ModelSource, Request, RunOptions
from mindseye.workflows.resumable import identity_of, new_manifest, open_run, run_folder


class PaintOptions(RunOptions, JudgeOptions, total=False):
    """What ``paint`` takes besides its objectives. recursive: take the sub-folders of the examples' folder, too."""

    recursive: bool


@dataclass(frozen=True)
class PaintRequest:
    """Objectives, the photo that the pictures start from, and the photos whose facets the variants are."""

    run: Request
    objectives: ObjectiveRequest
    init: Photo | None = None
    examples: PhotoSet | None = None

    def identity(
        self, objectives: Sequence[Objective], image: Tensor | None, session: NetworkSession
    ) -> dict[str, Any]:
        """What must be the same for an interrupted run to be continued."""
        asked = self.objectives
        return {
            "objectives": _whole_names([objective.name for objective in objectives], words_of(asked.words)),
            "interpolate": asked.interpolate,
            "variants": asked.variants,
            "diversity": asked.diversity,
            "examples": self.examples.digest() if self.examples else None,
            "power": asked.power,
            "probability": asked.probability,
            "init": None if image is None else photo_digest(image),
            "batch_size": self.run.batch_size,
        } | identity_of(session)


def _whole_names(names: Sequence[str], words: Sequence[str]) -> list[str]:
    """Names of objectives with the whole paths of files that the words name: another folder may have a file of that name."""
    whole = {word: whole_path(word) for word in sorted(words, key=len, reverse=True)}
    pattern = "|".join(map(re.escape, whole))
    return [re.sub(pattern, lambda found: whole[found[0]], name) for name in names]


def paint_request(
    objectives: ObjectiveRequest, init: Photo | None, examples: Source | None, options: PaintOptions
) -> PaintRequest:
    """A checked request.

    Raises:
        UserError: for what does not go together, an impossible value, or a place without photos.
    """
    run = Request.of("paint", options)
    check_objectives(objectives, examples is not None, run.batch_size)
    check_for_objectives(run.recipe)
    check_start(run.recipe, init is not None)
    if init is not None:
        photo_path(init)
    photos = None if examples is None else find_photos(examples, bool(options.get("recursive", False)))
    if photos is not None:
        check_examples(photos, objectives.variants, run.recipe)
    recipe = recipe_for(run.recipe, init is not None, objectives.interpolate)
    return PaintRequest(replace(run, recipe=recipe), objectives, init, photos)


def run_objectives(request: PaintRequest, model: ModelSource, options: JudgeOptions) -> Run:
    """Open the run and paint what is left of it; then show it to the judges, where there are any."""
    run, asked = request.run, request.objectives
    panel = panel_of(options, model)
    with run.session(model) as session:
        located = locate_objectives(asked, session)
        if asked.diversity:
            texture_layers(located.layers, session)  # refuses layers without any, before a folder is made
        image = start_image(request, session)
        words = words_of(asked.words)
        name = words[0] if len(words) == 1 else f"{len(words)}-objectives"
        fresh = new_manifest(run, session, request.identity(located.objectives, image, session))
        folder = run_folder(run, default_path("paint", session.model.name, name), fresh)
        with open_run(folder, fresh, run) as record:
            if record is not None:
                record.note(*class_notes(words, session.model.labels, session.model.wnids))
                order = order_of(request, located, session, image, record)
                ObjectiveFlow(order, record, run.batch_size).run()
        return judge_run(folder.path, panel, session.device, run.progress)


def start_image(request: PaintRequest, session: NetworkSession) -> Tensor | None:
    """What the pictures start from, [channels, side, side] in [0, 1], where a photo was given."""
    if request.init is None:
        return None
    model = session.model
    say = request.run.progress.say
    return load_photo(request.init, model.preprocessing, session.recipe.size, model.in_channels, say)


def order_of(
    request: PaintRequest, located: LocatedObjectives, session: NetworkSession, image: Tensor | None, record: Record
) -> ObjectiveOrder:
    """The order, with the facets of the photos that each objective likes best where photos were given."""
    exemplars = None
    if request.examples is not None:
        variants = request.objectives.variants
        exemplars = find_exemplars(request.examples, located, variants, session, record.progress)
        record.note(*exemplars.notes)
    return variants_order(request.objectives, located, session, image, exemplars)


def check_objectives(asked: ObjectiveRequest, has_examples: bool, batch_size: int) -> None:
    """Refuse what does not go together.

    Raises:
        UserError: saying what to leave out.
    """
    if not asked.words:
        raise UserError("no objective: name at least one, such as 'layer3.5.conv1:11' or 'class:zebra'")
    check_count("interpolate", asked.interpolate)
    check_count("variants", asked.variants, least=1)
    check_number("power", asked.power)
    if asked.interpolate and len(asked.words) != 2:
        raise UserError(f"an interpolation leads from one objective to another: name two, not {len(asked.words)}")
    if asked.interpolate and (asked.together or asked.variants > 1 or has_examples):
        raise UserError("--interpolate paints a row of pictures: leave --together, --variants and --examples out")
    if not (isinstance(asked.diversity, int | float) and 0 <= asked.diversity < float("inf")):
        raise UserError(f"diversity is a weight of zero or more, not {asked.diversity!r}")
    if asked.diversity and asked.variants == 1:
        raise UserError("diversity keeps variants apart: ask for at least two with --variants")
    if batch_size and (asked.diversity or asked.interpolate):
        raise UserError("pictures that are compared with each other are painted in one batch: leave --batch-size out")


def check_examples(photos: PhotoSet, variants: int, recipe: Recipe) -> None:
    """Refuse too few photos for the facets that are asked for, and a recipe that matches none.

    Raises:
        UserError: saying what to change.
    """
    if len(photos) < variants:
        raise UserError(
            f"{len(photos)} photos make no {variants} facets: give --examples more, or ask for fewer --variants"
        )
    if recipe.schedule("match").is_zero:
        raise UserError(f"recipe {recipe.name} matches no examples: use --recipe distribution, or --set match=5")

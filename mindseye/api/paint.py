"""Named units as one call: ``mindseye.paint("layer3.5.conv1:11", model=...)``."""

from collections.abc import Sequence
from typing import Unpack

from mindseye.arguments import as_list
from mindseye.optimize.objectives.objective import Objective
from mindseye.photos.photo import Photo
from mindseye.photos.photo_set import Source
from mindseye.report.notebook import Run
from mindseye.workflows.objectives.locate import ObjectiveRequest
from mindseye.workflows.objectives.request import PaintOptions, paint_request, run_objectives
from mindseye.workflows.request import ModelSource, takes


@takes(PaintOptions)
def paint(
    objectives: str | Objective | type[Objective] | Sequence[str | Objective | type[Objective]],
    model: ModelSource = "resnet50",
    *,
    init: Photo | None = None,
    together: bool = False,
    interpolate: int = 0,
    variants: int = 1,
    diversity: float = 0.0,
    examples: Source | None = None,
    power: float = 2.0,
    probability: bool = False,
    **options: Unpack[PaintOptions],
) -> Run:
    """Paint units, channels, layers, classes or directions of a network: a picture for each objective, in one batch.

    Args:
        objectives: ``Objective`` values, or words as ``parse_objective`` reads them: ``"layer3.5.conv1:11"``,
            ``"...:11@4,7"``, ``"...:11:neg"``, ``"layer3.5"``, ``"class:zebra"``, ``"layer:random:0"``,
            ``"layer:direction.npy"``, ``"output:masks:15"``, ``"my.py:Objective"``.
        model: as ``visualize`` takes it.
        init: a photo to start from, a file or an array; the recipe's ``start`` is then ``photo``.
        together: one picture of the objectives' sum.
        interpolate: so many pictures on the way from the first to the second
            of two objectives, which share a low-frequency canvas and are kept alike.
        variants: pictures of each objective.
        diversity: how strongly variants are kept apart, the weight of ``Diversity``.
        examples: photos; the variants then are the facets of those that the objective likes best (its top 5 %).
        power: of a direction's cosine.
        probability: raise a class's log probability rather than its logit.
        **options: as ``visualize`` takes them, but for those about facets. The run folder is
            ``runs/paint-MODEL-OBJECTIVE`` by default. judge, labels: who looks at the pictures when they are painted, and
            what it should see where the objective names no class. recursive: take sub-folders of the examples too.

    Returns:
        The run, which shows itself in a notebook.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    words = as_list("objectives", objectives, str | Objective | type)
    request = ObjectiveRequest(words, together, interpolate, variants, diversity, power, probability)
    return run_objectives(paint_request(request, init, examples, options), model, options)

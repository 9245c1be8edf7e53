"""What a photo lacks for a unit, painted into it: ``mindseye.accentuate("photo.jpg", "layer:11", model=...)``."""

from collections.abc import Sequence
from typing import Unpack

from mindseye.arguments import as_list
from mindseye.optimize.objectives.objective import Objective
from mindseye.photos.photo import Photo
from mindseye.report.notebook import Run
from mindseye.workflows.objectives.accentuate import accentuate_request, run_accentuation
from mindseye.workflows.request import ModelSource, RunOptions, takes


@takes(RunOptions)
def accentuate(
    photo: Photo,
    objectives: str | Objective | type[Objective] | Sequence[str | Objective | type[Objective]],
    model: ModelSource = "resnet50",
    *,
    caricature: bool = False,
    near: float | None = None,
    near_layer: str | None = None,
    power: float | None = None,
    probability: bool = False,
    **options: Unpack[RunOptions],
) -> Run:
    """Paint into a photo what it lacks for a unit, or, as a caricature, more of what a layer sees in it already.

    Picture and photo are seen under the same random views; the picture is held near the photo at an early layer. Hamblin et
    al., "Feature Accentuation" (2024); for caricatures, Lucid's objective of that name (``Caricature``).

    Args:
        photo: a file or an array.
        objectives: as ``paint`` takes them, a picture each; for a caricature, addresses of layers.
        near: how strongly the picture is held to the photo; by default 1, for a caricature 0.1.
        near_layer: where; by default the first stage of the network.
        power: of the cosine; by default 2, for a caricature 0, as its activations point the right way from the start.
        caricature: paint more of what a layer sees in the photo already.
        probability: raise a class's log probability rather than its logit.
        **options: as ``visualize`` takes them, but for those about facets and judges; the recipe is ``accentuate`` by
            default, the run folder ``runs/accentuate-PHOTO-MODEL-OBJECTIVE``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    words = as_list("objectives", objectives, str | Objective | type)
    request = accentuate_request(photo, words, caricature, near, near_layer, power, probability, options)
    return run_accentuation(request, model)

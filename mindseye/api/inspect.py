"""Entangled channels as one call: ``mindseye.inspect(photos, model=..., layers="auto")``."""

from collections.abc import Sequence
from typing import Unpack

from mindseye.arguments import check_count
from mindseye.optimize.recipe.checks import check_for_objectives
from mindseye.photos.photo_set import Source
from mindseye.report.notebook import Run
from mindseye.workflows.entanglement.flow import EntanglementFlow
from mindseye.workflows.entanglement.labels import labels_of
from mindseye.workflows.evaluation.panel import Panel
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.facets.job import FacetCount
from mindseye.workflows.facets.request import FacetOptions, facet_request, run_facets
from mindseye.workflows.request import ModelSource, takes

FACETS = 8
SHOWN = 2
RECIPE = "draft"
"""Of the dozens of pictures for a look around, each takes a sixth of the default's time."""


@takes(FacetOptions)
def inspect(
    photos: Source,
    model: ModelSource = "resnet50",
    layers: str | Sequence[str] = "auto",
    *,
    facets: FacetCount = FACETS,
    channels_shown: int = SHOWN,
    **options: Unpack[FacetOptions],
) -> Run:
    """Find out which channels of some layers are entangled: one channel, several meanings.

    Does what ``visualize`` does, then measures each channel that is among a facet's top-k against the same channel shuffled
    over the photos, and paints the most and the least entangled ones: plain, and once for each of their own facets. See
    ``mindseye.measure.entanglement`` for what the number means.

    Args:
        photos: as ``visualize`` takes them.
        model: likewise.
        layers: addresses, or ``"auto"`` for one per stage.
        facets: how many groups, or ``"auto"``; three at least for any channel to be entangled. Rather too many than too few:
            two facets of one meaning do not count as two.
        channels_shown: of how many of the most, and of the least entangled channels of a layer pictures are painted.
        **options: as ``visualize`` takes them. By default the recipe is ``"draft"``, the run folder
            ``runs/inspect-FOLDER-MODEL-LAYERS``, and facets are found, and said to be near or far, at ``cluster_layer``, the
            last before pooling, of a plain transformer an earlier block. Without sub-folders' names as labels the first judge
            that names classes says what a photo shows.

    Returns:
        The run. Its ``manifest.layers`` have ``entanglement``, ``channel_stats`` and ``channel_pictures`` besides.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    check_count("channels_shown", channels_shown)
    request = facet_request(
        "inspect",
        photos,
        layers,
        facets,
        options,
        RECIPE,
        at_the_end=True,
        identity={"channels_shown": channels_shown},
    )
    if channels_shown:
        check_for_objectives(request.run.recipe)

    def work(flow: Flow, panel: Panel | None) -> None:
        EntanglementFlow(flow, channels_shown, lambda: labels_of(flow, panel, photos, request.recursive)).run()

    return run_facets(request, model, options, work)

"""The main job as one call: ``mindseye.visualize(photos, model=..., layer=...)``."""

from collections.abc import Sequence
from typing import Unpack

from mindseye.arguments import as_list
from mindseye.photos.photo_set import Source
from mindseye.report.notebook import Run
from mindseye.workflows.facets.job import FacetCount
from mindseye.workflows.facets.request import FacetOptions, facet_request, run_facets
from mindseye.workflows.request import ModelSource, takes


@takes(FacetOptions)
def visualize(
    photos: Source,
    model: ModelSource = "resnet50",
    layer: str | Sequence[str] | None = None,
    *,
    facets: FacetCount = 4,
    channels: Sequence[int] | None = None,
    penalty_layer: str | None = None,
    **options: Unpack[FacetOptions],
) -> Run:
    """Paint what a layer of a network sees in a folder of photos.

    The photos are grouped into facets by the layer's own activations, and for each facet the picture of the layer's
    top-k features is painted.

    Args:
        photos: a folder, a tar archive, a list of paths, or a list of arrays (uint8, or floating point in [0, 1], [H, W] or
            [H, W, C]).
        model: a name (torchvision's, ``timm/NAME``, ``efficientnet_lite0``...), ``file.py:factory``, a module, or a
            ``Session``.
        layer: one address or several, ``"auto"`` for one per stage; by default the last before
            pooling, of a plain transformer an earlier block.
        facets: how many groups, or ``"auto"`` for the best silhouette among 2 to 12.
        channels: features given by hand instead of the top-k.
        penalty_layer: whose L1 norm the recipe holds down; by default the input of the target layer.
        **options: weights, checkpoint, device, size (side of the pictures in px) and seed, unless a ``Session`` knows them;
            recipe (a name, a TOML file, or a ``Recipe``; by default ``distribution``), and steps, top_k and changes, which
            replace single numbers of it; batch_size (pictures painted at once, 0 for all), snapshots (pictures kept on the
            way); cluster_layer (where the facets are found; by default the deepest of the layers); recursive (take
            sub-folders, whose names are the labels); judge, among, labels (who looks at the pictures, as ``evaluate`` takes
            them; a judge that has been asked the same before is not asked again); cache (keep photos' activations in the
            user's cache, see docs/cache.md); out (the run folder, by default ``runs/FOLDER-MODEL-LAYER``, with ``-2``, ``-3``,
            ... where another run lies; a finished run is returned as it is, an interrupted one is continued), force (start
            anew, and replace what the folder holds); progress (None, True, or a function that is told), quiet, save_every
            (seconds between the states that an interrupted painting continues from; 15 by default).

    Returns:
        The run, which shows itself in a notebook.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    given = None if channels is None else as_list("channels", channels, int)
    request = facet_request("visualize", photos, layer, facets, options, channels=given, penalty_layer=penalty_layer)
    return run_facets(request, model, options, lambda flow, panel: flow.run())

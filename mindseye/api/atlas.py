"""An atlas of a whole network: ``mindseye.atlas(photos, model=...)``."""

from collections.abc import Sequence
from typing import Literal, Unpack

from mindseye.photos.photo_set import Source
from mindseye.workflows.atlas.atlas import Atlas
from mindseye.workflows.atlas.build import build_atlas
from mindseye.workflows.atlas.choice import CHANNELS, make_choice
from mindseye.workflows.batch.executor import Executor
from mindseye.workflows.batch.placement import PlacementOptions, load_executor
from mindseye.workflows.request import ModelSource, RunOptions, takes


class AtlasOptions(RunOptions, PlacementOptions, total=False):
    """What ``atlas`` shares with ``batch``."""

    cache: bool


@takes(AtlasOptions)
def atlas(
    photos: Source,
    model: ModelSource = "resnet50",
    *,
    layers: str | Sequence[str] | None = None,
    channels: int | Literal["all"] | Sequence[int] = CHANNELS,
    facets: int | Literal["auto"] = "auto",
    title: str = "",
    shard: str | None = None,
    retries: int = 2,
    executor: Executor | str | None = None,
    **options: Unpack[AtlasOptions],
) -> Atlas:
    """Make a page for each channel of a network's layers: pictures, photos, numbers, relatives, and what feeds it.

    The pages are a folder that opens from disk and can be put on any web server; it can be read while it grows. The same call
    continues what was interrupted, however it ended, and ends the same: on a CPU, byte for byte.

    Args:
        photos: a folder or an archive, sub-folders included, whose names are the classes.
        model: as ``visualize`` takes it; with several workers by its name.
        layers: addresses; by default one a stage; ``"all"`` for every block.
        channels: how many of each layer, those that differ most from each other in what they answer to; ``"all"``; or which.
        facets: of each channel's strongest photos, 1 to 4; ``"auto"`` for the number with the best silhouette, and one where
            that is no better than a single cloud's.
        title: of the site.
        shard: ``3/8`` for the third of eight parts, each a call of its own, all into one folder.
        retries: how often a channel is tried again whose worker died, or which failed for a reason that may pass.
        executor: as ``batch`` takes it.
        **options: as ``batch`` takes them. The folder, ``out``, is ``runs/atlas-FOLDER-MODEL`` by default.

    Returns:
        The atlas; ``atlas["layer3.5"][320]`` is one channel, with everything as values.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    choice = make_choice(layers, channels, facets)
    return build_atlas(photos, model, choice, options, shard, retries, load_executor(executor), title)

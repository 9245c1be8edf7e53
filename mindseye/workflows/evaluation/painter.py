"""The network that a run was painted from, loaded again."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.activations import mean_activations
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.models.freeze import freeze
from mindseye.models.load import Model, load_model
from mindseye.models.placement import put_channels_last
from mindseye.photos.listing import list_photos
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.progress import Progress
from mindseye.runs.schema import Manifest
from mindseye.workflows.evaluation.panel import Panel, own_judge

BATCH = 32


def load_painter(manifest: Manifest) -> Model:
    """The network that the run was painted from, with the same weights.

    Raises:
        UserError: if it was given as a module, or cannot be loaded any more.
    """
    spec, options = manifest.model.spec, manifest.options
    if spec is None:
        raise UserError("it was given as a module, which is not kept")
    painter = load_model(spec, options["weights"], options["checkpoint"], options.get("size"))
    put_channels_last(painter.network)  # faster, on CPU and GPU
    return painter


def painter_if_kept(manifest: Manifest, progress: Progress, lacking: str) -> Model | None:
    """As ``load_painter``; None where the network cannot be had, which is said with what is ``lacking`` then."""
    try:
        return load_painter(manifest)
    except UserError as error:
        progress.say(f"note: {lacking} ({error})")
        return None


def refuse_painter(panel: Panel, painter: Model | None, manifest: Manifest) -> None:
    """Refuse a judge that is the network that the run was painted from: the same weights, whatever its parts are called.

    painter: as ``load_painter`` gives it; without it, names have to do.

    Raises:
        UserError: naming the judge.
    """
    for judge in panel.judges:
        if painter is not None:
            is_own = same_weights(judge.model, painter)
        else:
            is_own = (judge.model.name, judge.model.weights) == (manifest.model.name, manifest.model.weights)
        if is_own:
            raise own_judge(judge.name)


def same_weights(model: Model, other: Model) -> bool:
    """Whether two networks have the same weights, whatever their parts are called."""
    ours, theirs = (list(loaded.network.state_dict().values()) for loaded in (model, other))
    return len(ours) == len(theirs) and all(
        a.shape == b.shape and torch.equal(a.cpu(), b.cpu()) for a, b in zip(ours, theirs, strict=True)
    )


def clustered_means(
    painter: Model,
    address: str,
    size: int,
    photos: Sequence[str],
    device: torch.device,
    on_batch: Callable[[int], None],
) -> Tensor:
    """Mean activations [photos, channels] of some photos at the layer that a run's facets were found at.

    address: of that layer. size: of the run's pictures, in px, which is what the network sees unless its own is fixed.
    """
    preprocessing = painter.preprocessing
    side = preprocessing.size if preprocessing.fixed_size else size
    with freeze(painter.network) as network:
        layer = find_layer(survey(network, side, painter.in_channels), address)
        with Reader(network.to(device), [layer]) as read:
            images = PhotoSet(list_photos(photos), kept_bytes=0)
            batches = images.batches(preprocessing, side, painter.in_channels, BATCH)
            return mean_activations(read, preprocessing, batches, device, on_batch)[layer.address]

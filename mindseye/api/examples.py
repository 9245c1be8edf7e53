"""The spectrum of channels over a folder: ``mindseye.examples(photos, model=..., layer=..., channels=[11])``."""

from collections.abc import Sequence
from typing import Unpack

from mindseye.arguments import as_list
from mindseye.photos.photo_set import Source, find_photos
from mindseye.workflows.examples.find import ExamplesRequest, find_examples
from mindseye.workflows.examples.result import Examples
from mindseye.workflows.request import ModelSource, OutputOptions, Request, takes


@takes(OutputOptions)
def examples(
    photos: Source,
    model: ModelSource = "resnet50",
    *,
    layer: str,
    channels: Sequence[int],
    recursive: bool = False,
    whole: bool = False,
    **options: Unpack[OutputOptions],
) -> Examples:
    """Find the photos of a folder that show a channel's range, nine each: minimum, slightly negative and positive, maximum.

    Nothing is painted; the photos pass through the network once, whatever the number of channels. A group has fewer than
    nine where there are fewer than 36 photos. See ``mindseye.measure.examples.spectrum`` for how photos are chosen.

    Args:
        photos: as ``visualize`` takes them.
        model: likewise.
        layer: an address.
        channels: of that layer, one sheet each.
        recursive: take sub-folders too.
        whole: the sheets show whole photos with a box around what the position sees, rather than that alone.
        **options: weights, checkpoint, device; size: side in px of what the network sees, by default the model's. out: the
            folder, by default ``runs/examples-FOLDER-MODEL-LAYER``; what an earlier call left there is replaced. progress,
            quiet.

    Returns:
        The groups of each channel. They also stand in ``examples.json``, and the sheets in ``channel-011.png``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    run = Request.of("examples", options)
    request = ExamplesRequest(
        run, find_photos(photos, recursive), layer, list(dict.fromkeys(as_list("channels", channels, int))), whole
    )
    return find_examples(request, model)

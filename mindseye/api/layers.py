"""The layers of a network as one call: ``mindseye.list_layers("resnet50")``."""

from typing import Unpack

from mindseye.optimize.session import PLAIN
from mindseye.workflows.activations import Layers, layers_of
from mindseye.workflows.request import ModelSource, Request, RunOptions, SessionOptions, takes


@takes(SessionOptions)
def list_layers(model: ModelSource = "resnet50", **options: Unpack[SessionOptions]) -> Layers:
    """Every layer of a network that fires, in the order of the forward pass.

    Args:
        model: as ``visualize`` takes it. **options: weights, checkpoint, device, size (side of the images in px) and seed.

    Returns:
        The layers; printed, a table of address, kind, shape, channels, positions and share of the cost.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    asked: RunOptions = {**options, "quiet": True}  # type: ignore[typeddict-item]
    with Request.of("list_layers", asked).session(model, PLAIN) as session:
        return layers_of(session)

"""The layers of a network as one call: ``mindseye.layers("resnet50")``."""

from typing import Unpack

from mindseye.workflows.activations import Layers
from mindseye.workflows.request import ModelSource, SessionOptions, takes
from mindseye.workflows.session import Session


@takes(SessionOptions)
def layers(model: ModelSource = "resnet50", **options: Unpack[SessionOptions]) -> Layers:
    """Every layer of a network that fires, in the order of the forward pass.

    Args:
        model: as ``visualize`` takes it. **options: weights, checkpoint, device, size (side of the images in px) and seed.

    Returns:
        The layers; printed, a table of address, kind, shape, channels, positions and share of the cost.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    return (model if isinstance(model, Session) else Session(model, **options)).layers()

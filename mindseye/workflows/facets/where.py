"""Where in its nearest members a facet lives: small maps, kept beside the pictures of a run."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mindseye.attribution.cam import grad_map, last_map
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.runs.files import write_bytes

MEMBERS = 4


def write_where(path: Path, score: Score, members: Tensor, layers: Sequence[Layer], device: torch.device) -> bool:
    """Write the Grad-CAM maps of a facet for its nearest members, float32 [members, rows, columns]; whether there are any.

    At a layer with rows and columns that is what each position adds to the facet's dot product, where it is above zero; of
    another, it is looked up in the last one below (``last_map``). One forward pass, and a backward one that does not go
    below that layer.

    Args:
        path: of the array.
        score: the facet's.
        members: nearest first, uint8 [members, channels, side, side]; the first four are looked at.
        layers: what ``survey`` found.
        device: the network's.
    """
    images = (members[:MEMBERS].float() / 255).to(device)
    try:
        layer = last_map(score, images[:1], layers)
    except UserError:  # a network without maps has no place to show
        return False
    found, _ = grad_map(score, images, layer)
    if layer.rows_and_columns is None or not bool(found.isfinite().all()):
        return False
    buffer = io.BytesIO()
    np.save(buffer, found.reshape(len(images), *layer.rows_and_columns).cpu().numpy(), allow_pickle=False)
    write_bytes(path, buffer.getvalue())
    return True

"""A single photo that a painting starts from or is held against."""

import os
from hashlib import blake2b
from typing import Any

from torch import Tensor

from mindseye.errors import UserError
from mindseye.inputs.decode import View, decode
from mindseye.inputs.pixels import UndecodableError
from mindseye.inputs.preprocessing import Preprocessing


def load_photo(source: Any, preprocessing: Preprocessing, side: int, channels: int) -> Tensor:
    """A photo by path or array as the network would see it: resized and cropped, [channels, side, side] in [0, 1].

    Raises:
        UserError: if it cannot be read, naming it and the reason.
    """
    is_path = isinstance(source, str | os.PathLike)
    try:
        pixels = decode(os.fspath(source) if is_path else source, View(preprocessing, side, channels))
    except UndecodableError as reason:
        raise UserError(
            f"photo {os.fspath(source) if is_path else 'given as an array'!r} cannot be read: {reason}"
        ) from reason
    return pixels.float() / 255


def photo_digest(photo: Tensor) -> str:
    """A fingerprint of a photo's pixels."""
    return blake2b((photo * 255).round().byte().contiguous().numpy().tobytes(), digest_size=8).hexdigest()

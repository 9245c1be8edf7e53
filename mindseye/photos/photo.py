"""A single photo that a painting starts from or is held against."""

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from mindseye.errors import UserError
from mindseye.photos.decode import View, decode
from mindseye.photos.file_kinds import file_problem
from mindseye.photos.pixels import UndecodableError
from mindseye.preprocessing import Preprocessing

Photo = str | os.PathLike[str] | npt.NDArray[Any]
"""A file, or an array [height, width] or [height, width, bands] as ``find_photos`` takes it."""


def photo_list(photos: Photo | Sequence[Photo]) -> list[Photo]:
    """One photo or several as a list; an array of four axes is several."""
    if isinstance(photos, str | os.PathLike) or (isinstance(photos, np.ndarray) and photos.ndim < 4):
        return [photos]
    return list(photos)


def photo_path(photo: Photo) -> Path | None:
    """The whole path of a photo, found to be a file; None for an array.

    Raises:
        UserError: if there is no such file.
    """
    if not isinstance(photo, str | os.PathLike):
        return None
    path = Path(os.fsdecode(photo)).absolute()
    problem = file_problem(path)
    if problem is not None:
        raise UserError(f"photo {os.fsdecode(photo)!r} cannot be read: {problem}")
    return path


def load_photo(source: Photo, preprocessing: Preprocessing, side: int, in_channels: int) -> Tensor:
    """A photo by path or array as the network would see it: resized and cropped, [in_channels, side, side] in [0, 1].

    Raises:
        UserError: if it cannot be read, naming it and the reason.
    """
    path_or_array = os.fsdecode(source) if isinstance(source, str | os.PathLike) else source
    try:
        pixels = decode(path_or_array, View(preprocessing, side, in_channels))
    except UndecodableError as reason:
        name = repr(path_or_array) if isinstance(path_or_array, str) else "given as an array"
        raise UserError(f"photo {name} cannot be read: {reason}") from reason
    return pixels.float() / 255


def photo_digest(photo: Tensor) -> str:
    """A fingerprint of a photo's pixels."""
    return blake2b((photo * 255).round().byte().contiguous().numpy().tobytes(), digest_size=8).hexdigest()

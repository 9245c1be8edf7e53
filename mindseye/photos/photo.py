"""A single photo that a painting starts from or is held against."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from mindseye.arguments import as_list
from mindseye.errors import UserError
from mindseye.photos.decode import View, decode_with_remark
from mindseye.photos.depth import UndecodableError
from mindseye.photos.file_kinds import file_problem
from mindseye.preprocessing import Preprocessing

Photo = str | os.PathLike[str] | npt.NDArray[Any]
"""A file, or an array [height, width] or [height, width, bands] as ``find_photos`` takes it."""


def photo_list(photos: Photo | Sequence[Photo]) -> list[Photo]:
    """One photo or several as a list; an array of four axes is several."""
    if isinstance(photos, np.ndarray) and photos.ndim < 4:
        return [photos]
    return as_list("photos", photos, str | os.PathLike)


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


def load_photo(
    source: Photo,
    preprocessing: Preprocessing,
    side: int,
    in_channels: int,
    say: Callable[[str], None] = lambda text: None,
) -> Tensor:
    """A photo by path or array as the network would see it: resized and cropped, [in_channels, side, side] in [0, 1].

    say: told how the photo was read, where it does not say so itself.

    Raises:
        UserError: if it cannot be read, naming it and the reason.
    """
    path_or_array = os.fsdecode(source) if isinstance(source, str | os.PathLike) else source
    try:
        pixels, remark = decode_with_remark(path_or_array, View(preprocessing, side, in_channels))
    except UndecodableError as reason:
        raise UserError(f"photo {_name(path_or_array)} cannot be read: {reason}") from reason
    if remark:
        say(f"note: photo {_name(path_or_array)} {remark}")
    return pixels.float() / 255


def _name(path_or_array: Any) -> str:
    return repr(path_or_array) if isinstance(path_or_array, str) else "given as an array"

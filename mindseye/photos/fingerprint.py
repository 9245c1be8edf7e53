"""Fingerprints of photos: of which there are, of what their files hold, of the pixels that a network sees."""

import os
from collections.abc import Iterable
from hashlib import blake2b, file_digest

import numpy as np
from torch import Tensor

from mindseye.errors import one_line
from mindseye.photos.listing import Entry, missing_photo
from mindseye.photos.tar import open_file

BYTES = 8
CONTENT_BYTES = 12
"""Of the fingerprint of a photo's content."""


def entries_digest(entries: Iterable[Entry]) -> str:
    """A fingerprint of what is listed: the paths, and the values of arrays."""
    hasher = blake2b(digest_size=BYTES)
    for entry in entries:
        hasher.update(os.fsencode(entry.path) + b"\0")
        if isinstance(entry.source, np.ndarray):
            hasher.update(np.ascontiguousarray(entry.source).tobytes())
    return hasher.hexdigest()


def content_digest(entry: Entry) -> str:
    """A fingerprint of a photo's content: of a file's bytes, wherever it lies, or of an array's values.

    Raises:
        UserError: if the photo has gone since it was listed.
    """
    source = entry.source
    hasher = blake2b(digest_size=CONTENT_BYTES)
    if isinstance(source, np.ndarray):
        hasher.update(f"{source.dtype.str} {source.shape}".encode() + np.ascontiguousarray(source).tobytes())
        return hasher.hexdigest()
    try:
        with open_file(source) as file:
            return file_digest(file, lambda: hasher).hexdigest()
    except OSError as error:
        raise missing_photo(entry, one_line(error)) from error


def photo_digest(photo: Tensor) -> str:
    """A fingerprint of a photo's pixels."""
    return blake2b((photo * 255).round().byte().contiguous().numpy().tobytes(), digest_size=BYTES).hexdigest()

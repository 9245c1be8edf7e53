"""One clear line where trained weights cannot be had: which file, from where, and where it goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlparse

import torch

from mindseye.errors import UserError, one_line


def hub_file(url: str) -> Path:
    """Where torch.hub keeps what it downloads from an address."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


@contextmanager
def fetching(url: str) -> Iterator[None]:
    """Around what downloads weights with torch.hub and reads them.

    Raises:
        UserError: if they cannot be fetched or read, with the file, its address and its place.
    """
    file = hub_file(url)
    was_there = file.exists()
    try:
        yield
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else one_line(error)
        raise UserError(
            f"cannot fetch the weights {file.name} ({reason}): download {url} and put it at {file}, "
            "give weights of your own with --checkpoint FILE, or take none with --weights none"
        ) from error
    except Exception as error:  # torch's restricted unpickler trips over a damaged file in many ways
        what = f"the weights file {file} is damaged" if was_there else f"the download of {file.name} is damaged"
        again = f"delete it and download {url} again" if was_there else f"try again, or put {url} at {file}"
        raise UserError(f"{what} ({one_line(error)}): {again}") from error

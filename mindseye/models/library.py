"""The models that a library offers by name, and one clear line where their trained weights cannot be had."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlparse

import torch
from torch import nn

from mindseye.errors import UserError, one_line
from mindseye.preprocessing import Preprocessing

INITIAL_SEED = 0


@dataclass(frozen=True)
class LibraryModel:
    """A named model: how to build it, and what its weights want and call things.

    weights: what its trained weights are called. build: the network untrained, with its own number of classes (None) or
    another. fetch: the network with its trained weights, which may have to be downloaded.
    """

    name: str
    weights: str
    preprocessing: Preprocessing
    labels: tuple[str, ...] | None
    wnids: tuple[str, ...] | None
    build: Callable[[int | None], nn.Module]
    fetch: Callable[[], nn.Module]


@contextmanager
def seed_weights() -> Iterator[None]:
    """Random weights that are the same each time; the caller's random state is not touched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(INITIAL_SEED)
        yield


class FetchError(UserError):
    """Weights could not be downloaded.

    told: what failed, and how they get to where they are looked for. options: what an option of the command could do
    instead, for the network that these options are about.
    """

    def __init__(self, told: str, options: str) -> None:
        super().__init__(told + options)
        self.told = told


def hub_file(url: str) -> Path:
    """Where torch.hub keeps what it downloads from an address."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


@contextmanager
def explain_download_errors(url: str) -> Iterator[None]:
    """Around what downloads weights with torch.hub and reads them; what that says of it goes to standard error.

    Raises:
        UserError: if they cannot be fetched or read, with the file, its address and its place.
    """
    file = hub_file(url)
    was_there = file.exists()
    try:
        with redirect_stdout(sys.stderr):  # standard output is the command's own: tables, lines that are read on
            yield
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else one_line(error)
        raise FetchError(
            f"cannot fetch the weights {file.name} ({reason}): download {url} and put it at {file}",
            ", give weights of your own with --checkpoint FILE, or take none with --weights none",
        ) from error
    except Exception as error:  # torch's restricted unpickler trips over a damaged file in many ways
        what = f"the weights file {file} is damaged" if was_there else f"the download of {file.name} is damaged"
        again = f"delete it and download {url} again" if was_there else f"try again, or put {url} at {file}"
        raise UserError(f"{what} ({one_line(error)}): {again}") from error

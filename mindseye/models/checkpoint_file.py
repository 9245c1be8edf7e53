"""Files of weights: what kind each is, by its content, and what it holds, read without running anything."""

import argparse
import datetime
import pathlib
import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from mindseye.errors import UserError, one_line

FOREIGN = (
    (b"\x89HDF", "an HDF5 file, as Keras writes"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"\x93NUMPY", "a single NumPy array"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself: fetch it with 'git lfs pull'"),
    (b"<", "a web page or XML, not what was to be downloaded"),
    (b"{", "JSON: name the file of weights itself"),
    (b"BZh", "compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "compressed with xz: unpack it first"),
)
"""How files begin that are no checkpoints of PyTorch, and what they are."""
ARCHIVE = b"PK"
"""How the archives of ``torch.save`` and of NumPy begin."""
PICKLE = b"\x80"
"""How pickles begin, as PyTorch wrote before 1.6."""


def read_file(path: str | Path) -> Any:
    """What a file of weights holds: safetensors, NumPy's .npz, or what ``torch.save`` wrote, whatever its name ends in.

    Raises:
        UserError: if the file is missing, damaged, something else, or holds anything but tensors, arrays and plain values.
    """
    file = Path(path)
    if file.is_dir():
        raise UserError(f"the checkpoint {str(path)!r} is a folder: name the file in it")
    if not file.is_file():
        raise UserError(f"no checkpoint {str(path)!r}")
    try:
        with file.open("rb") as opened:
            start = opened.read(32)
        if not start:
            raise UserError(f"the checkpoint {str(path)!r} is empty")
        if start[8:9] == b"{" or (file.suffix == ".safetensors" and not zipfile.is_zipfile(file)):
            return load_file(file, device="cpu")
        for beginning, kind in FOREIGN:
            if start.startswith(beginning):
                raise UserError(f"{str(path)!r} is no checkpoint of PyTorch but {kind}")
        if start.startswith(ARCHIVE) and not zipfile.is_zipfile(file):  # the end of an archive lists what is in it
            raise UserError(f"the checkpoint {str(path)!r} is cut short, or damaged: copy or download it again")
        names = _names_in(file)
        if any(name.split("/", 1)[-1].startswith("code/") for name in names):
            raise UserError(
                f"{str(file)!r} is a TorchScript program, which is not run: save its weights alone, "
                "torch.save(torch.jit.load(FILE).state_dict(), OTHER)"
            )
        if names and all(name.endswith(".npy") for name in names):
            with np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
        with warnings.catch_warnings(), torch.serialization.safe_globals(_plain_classes()):
            warnings.simplefilter("ignore")  # about the pickle's dialect
            with file.open("rb") as opened:  # by its name torch.load would take it for safetensors
                return torch.load(opened, map_location="cpu", weights_only=True)
    except UserError:
        raise
    except pickle.UnpicklingError as error:
        name = re.search(r"GLOBAL ([\w.]+)", str(error))
        code = f"code ({name[1]}) beside its weights" if name else "code beside its weights"
        raise UserError(
            f"{str(path)!r} is damaged, or holds {code} (not run): save network.state_dict() alone"
        ) from error
    except Exception as error:  # torch's restricted unpickler trips over a damaged file in many ways
        if not start.startswith((ARCHIVE, PICKLE)):
            raise UserError(
                f"{str(path)!r} is no checkpoint of PyTorch: give safetensors, or a state dict that torch.save wrote"
            ) from error
        raise UserError(f"cannot read the checkpoint {str(path)!r}: {one_line(error)}") from error


def _names_in(file: Path) -> list[str]:
    """The names in an archive; none where the file is none."""
    if not zipfile.is_zipfile(file):
        return []
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def _plain_classes() -> list[Any]:
    """What a checkpoint may hold besides tensors: arrays, the arguments of a training, paths, times. All only keep values."""
    kinds = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "c8", "c16", "U1")
    dtypes = [type(np.dtype(kind)) for kind in kinds]
    makers = [np.array(0.0).__reduce__()[0], np.float64(0).__reduce__()[0]]
    times = [datetime.datetime, datetime.date, datetime.timedelta]
    return [
        argparse.Namespace,
        pathlib.PosixPath,
        pathlib.PurePosixPath,
        np.ndarray,
        np.dtype,
        *makers,
        *dtypes,
        *times,
    ]

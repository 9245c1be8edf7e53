"""What a file's name, kind and first bytes say: whether it may be a photo, and its place in the order of photos."""

import os
import stat
import warnings
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from natsort import natsort_keygen, ns
from PIL import Image

from mindseye.errors import one_line
from mindseye.photos.png import is_text_limit
from mindseye.photos.tar import find_member
from mindseye.photos.tiff import SIGNATURES

# Endings of files that are clearly no photos: nobody wants to hear that they were left out.
TEXTS = {".csv", ".doc", ".docx", ".htm", ".html", ".json", ".jsonl", ".license", ".log", ".md", ".pdf", ".rst", ".rtf"}
TABLES = {".tsv", ".txt", ".url", ".xls", ".xlsx", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".db"}
CODE = {".css", ".ipynb", ".js", ".m", ".py", ".pyc", ".sh", ".lnk", ".lock", ".tmp", ".bak", ".gz", ".tar", ".zip"}
DATA = {".bin", ".cls", ".dat", ".mat", ".npy", ".npz", ".parquet", ".pkl", ".pt", ".pth", ".safetensors"}
# Negatives of cameras: the sensor's own values, which are no picture before they are developed.
RAW_SUFFIXES = frozenset(
    {
        ".3fr",
        ".arw",
        ".cr2",
        ".cr3",
        ".crw",
        ".dng",
        ".erf",
        ".iiq",
        ".kdc",
        ".mos",
        ".mrw",
        ".nef",
        ".nrw",
        ".orf",
        ".pef",
    }
    | {".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"}
)
# What Pillow does not read without help.
CONVERTIBLE = {
    ".heic": "HEIC",
    ".heif": "HEIF",
    ".jxl": "JPEG XL",
    ".jxr": "JPEG XR",
    ".svg": "SVG",
    ".dcm": "DICOM",
    ".exr": "OpenEXR",
}
OTHER_SUFFIXES = TEXTS | TABLES | CODE | DATA


_NATURAL_NAME = natsort_keygen(alg=ns.INT)


def natural_key(path: PurePath) -> tuple[Any, ...]:
    """Sorts ``img2`` before ``img10``, folder by folder; names that differ in leading zeros only keep one order."""
    return (tuple(_NATURAL_NAME(name) for name in path.parts), str(path))


@cache
def image_suffixes() -> frozenset[str]:
    """The endings of image files, in lower case, that Pillow can read."""
    Image.init()
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in Image.OPEN)


def file_problem(path: str | os.PathLike[str]) -> str | None:
    """Why a file, or a member of an archive, cannot be an image, found without opening it (a pipe would block), or None."""
    member = find_member(path)
    if member is not None:
        return "an empty file" if member.size == 0 else None
    path = Path(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        return "a broken link" if path.is_symlink() else "no such file"
    except (OSError, ValueError) as error:
        return one_line(error)
    if stat.S_ISDIR(status.st_mode):
        return "a folder, not an image"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    return "an empty file" if status.st_size == 0 else None


def is_image(path: Path) -> bool:
    """Whether Pillow recognises the start of the file's content."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path):
                return True
    except Image.DecompressionBombError:
        return True
    except Exception as error:
        return is_text_limit(error) or _is_tiff(path)


def unknown_kind(suffix: str) -> str:
    """What is said of a file whose ending is that of photos that Pillow does not read; nothing for any other ending."""
    if suffix in RAW_SUFFIXES:
        return "a camera's raw file: develop it to a JPEG, PNG or TIFF"
    kind = CONVERTIBLE.get(suffix)
    return f"a {kind} file, which is not read: convert it to a JPEG or PNG" if kind else ""


def _is_tiff(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in SIGNATURES

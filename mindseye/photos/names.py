"""What the names of files say: which are images, which clearly are none, and in which order they stand."""

import re
from functools import cache
from pathlib import PurePath
from typing import Any

from PIL import Image

# Endings of files that are clearly no photos: nobody wants to hear that they were left out.
TEXTS = {".csv", ".doc", ".docx", ".htm", ".html", ".json", ".jsonl", ".license", ".log", ".md", ".pdf", ".rst", ".rtf"}
TABLES = {".tsv", ".txt", ".url", ".xls", ".xlsx", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".db"}
CODE = {".css", ".ipynb", ".js", ".m", ".py", ".pyc", ".sh", ".lnk", ".lock", ".tmp", ".bak", ".gz", ".tar", ".zip"}
DATA = {".bin", ".cls", ".dat", ".mat", ".npy", ".npz", ".parquet", ".pkl", ".pt", ".pth", ".safetensors"}
OTHER_SUFFIXES = TEXTS | TABLES | CODE | DATA


def natural_key(path: PurePath) -> tuple[Any, ...]:
    """Sorts ``img2`` before ``img10``, folder by folder; names that differ in leading zeros only keep one order."""
    parts = [
        tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part)
        for name in path.parts
    ]
    return (parts, str(path))


@cache
def image_suffixes() -> frozenset[str]:
    """The endings of image files, in lower case, that Pillow can read."""
    Image.init()
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in Image.OPEN)

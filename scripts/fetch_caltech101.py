"""Fetch Caltech-101, the photos of the documentation's figures, and lay it out as one folder per image set.

    python scripts/fetch_caltech101.py photos/caltech101
    mindseye visualize photos/caltech101/starfish --model efficientnet_lite0

About 130 MB, 101 classes of 31 to 800 photos (Li, Andreetto, Ranzato, Perona), through torchvision. Needs a
network, once; a folder that is complete is left as it is.
"""

import argparse
import shutil
import sys
from pathlib import Path

from torchvision.datasets import Caltech101

CLASSES = 101
CLUTTER = "BACKGROUND_Google"
UNFINISHED = ".fetching"
PAGE = "https://data.caltech.edu/records/mzrjq-6wc02"


def main() -> int:
    """Fetch and arrange; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the class folders go; made where it is missing")
    folder: Path = parser.parse_args().folder
    if folder.exists() and not folder.is_dir():
        return _fail(f"{folder} is a file; name a folder")
    if len(class_folders(folder)) >= CLASSES:
        print(f"{folder} has its {CLASSES} classes already")
        return 0
    unfinished = folder / UNFINISHED
    try:
        Caltech101(str(unfinished), download=True)
        arrange(unfinished / "caltech101" / "101_ObjectCategories", folder)
    # torchvision passes on whatever its downloaders raise, and older ones ask for gdown.
    except (OSError, RuntimeError, ImportError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return _fail(
            f"Caltech-101 cannot be fetched ({reason}); where there is a network, fetch caltech-101.zip from {PAGE}"
            f" and unpack the folders of its 101_ObjectCategories into {folder}"
        )
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    print(f"{len(class_folders(folder))} classes in {folder}")
    return 0


def arrange(categories: Path, folder: Path) -> None:
    """Move every class into the folder; the pictures of clutter are no class."""
    for category in sorted(categories.iterdir()):
        if category.is_dir() and category.name != CLUTTER:
            shutil.rmtree(folder / category.name, ignore_errors=True)
            category.rename(folder / category.name)


def class_folders(folder: Path) -> list[Path]:
    """The classes that are in the folder."""
    if not folder.is_dir():
        return []
    return [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]


def _fail(line: str) -> int:
    print(line, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

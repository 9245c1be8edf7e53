"""A collection: many image sets side by side, one per class."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mindseye.errors import UserError
from mindseye.inputs.images import Source
from mindseye.inputs.listing import natural_key


@dataclass(frozen=True)
class ImageClass:
    """One class of a collection. name: as on disk. title: for people. photos: what ``find_images`` takes."""

    name: str
    title: str
    photos: Source


def open_collection(root: str | Path, classes: Sequence[str] | None = None) -> list[ImageClass]:
    """The classes of a folder of class folders, sorted by name. No photo is looked at.

    classes: names or patterns such as ``n0144*``, of those that are wanted; None for all.

    Raises:
        UserError: if there is no such folder, no class in it, or none of a given name.
    """
    folder = Path(root).absolute()
    if not folder.is_dir():
        raise UserError(f"no folder {str(folder)!r}")
    found = sorted(
        (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")), key=natural_key
    )
    if not found:
        raise UserError(
            f"{str(folder)!r} holds no class folders; a single folder of photos is for 'mindseye visualize'"
        )
    if classes is not None:
        for wanted in classes:
            if not any(fnmatchcase(path.name, wanted) for path in found):
                raise UserError(
                    f"no class {wanted!r} in {str(folder)!r}; it has {found[0].name!r} and {len(found) - 1} more"
                )
        found = [path for path in found if any(fnmatchcase(path.name, wanted) for wanted in classes)]
    return [ImageClass(path.name, path.name, str(path)) for path in found]

"""Where in its nearest members a facet lives, as tiles."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mindseye.errors import UserError
from mindseye.photos.decode import View, decode
from mindseye.photos.depth import UndecodableError
from mindseye.preprocessing import Preprocessing
from mindseye.report.heat import as_image, limit, overlay
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import grey_tile
from mindseye.runs.schema import FacetEntry, Manifest, ModelEntry

MOST = 4


def where_tiles(
    folder: Path, manifest: Manifest, facet: FacetEntry, side: int, theme: Theme = LIGHT
) -> list[Image.Image]:
    """The nearest members as the network saw them, in grey, with the facet's map over them; tiles of ``side`` px.

    A grey tile stands for a photo that is gone; there are none where the run kept no maps.
    """
    maps, view = _maps(folder, facet), _view(manifest)
    if maps is None or view is None:
        return []
    return [
        _tile(member.path, values, view, side, theme)
        for member, values in zip(facet.members, maps[:MOST], strict=False)
    ]


def _tile(path: str, values: npt.NDArray[np.float32], view: View, side: int, theme: Theme) -> Image.Image:
    try:
        photo = as_image(decode(path, view)).resize((side, side), Image.Resampling.LANCZOS)
    except UndecodableError:
        return grey_tile(side, Path(path).name, theme)
    smooth = np.asarray(Image.fromarray(values).resize((side, side), Image.Resampling.BILINEAR))
    return overlay(photo, smooth, limit(smooth), signed=False)


def _maps(folder: Path, facet: FacetEntry) -> npt.NDArray[np.float32] | None:
    if facet.where is None:
        return None
    try:
        maps: npt.NDArray[Any] = np.load(folder / facet.where, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return maps.astype(np.float32) if maps.ndim == 3 and maps.size and np.isfinite(maps).all() else None


def _view(manifest: Manifest) -> View | None:
    """How the network saw the photos; None where the manifest does not say so."""
    side = manifest.options.get("size")
    return view_of(manifest.model, side if isinstance(side, int) else None)


def view_of(model: ModelEntry, side: int | None) -> View | None:
    """How a network saw photos; None where its entry does not say so. side: in px, of one that takes several sizes."""
    try:
        values = model.preprocessing
        stated = Preprocessing(**values | {"mean": tuple(values["mean"]), "std": tuple(values["std"])})
    except (KeyError, TypeError, ValueError, UserError):
        return None
    chosen = stated.size if stated.fixed_size else side
    return None if chosen is None else View(stated, chosen, model.in_channels)

"""All figures of a run, written into its folder."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PIL import Image

from mindseye.report.channels import draw_channels
from mindseye.report.depth import draw_depth
from mindseye.report.embedding import draw_embedding
from mindseye.report.entanglement import draw_entanglement, has_entanglement
from mindseye.report.facets import draw_facets
from mindseye.report.gallery import draw_gallery
from mindseye.report.manifest import names_objectives, picture_groups
from mindseye.report.steps import draw_steps
from mindseye.runs.files import PNG_EFFORT, write_image
from mindseye.runs.folder import RunFolder, file_name
from mindseye.runs.schema import Manifest, PictureEntry

MOST = 60
"""Pictures of named objectives on one sheet: a thousand on one would fill the memory."""


def write_figures(folder: Path) -> list[Path]:
    """Draw the figures of the run in ``folder``; their paths.

    figures/facets.png, steps.png and embedding.png show the deepest layer; each other layer's facets and steps stand
    in figures/LAYER/. depth.png is drawn where the run has more than one layer, steps.png where snapshots were kept,
    entanglement.png and, for each layer, channels.png where channels were inspected.
    Of a run of named objectives there are pictures.png and steps.png; further pictures stand on pictures-2.png and so on.

    Raises:
        UserError: if ``folder`` holds no readable run, or the figures can't be written.
    """
    manifest = RunFolder(folder).read()
    written = []
    for name, image in _figures(folder, manifest):
        path = folder / "figures" / name
        write_image(path, image, PNG_EFFORT)
        written.append(path)
    return written


def _figures(folder: Path, manifest: Manifest) -> Iterator[tuple[str, Image.Image]]:
    """Name and picture of every figure, one at a time: together they would fill the memory."""
    if names_objectives(manifest):
        yield from _sheets(folder, manifest)
        return
    for layer in manifest.layers:
        own = "" if layer is manifest.layers[-1] else f"{file_name(layer.layer)}/"
        yield f"{own}facets.png", draw_facets(folder, manifest, layer)
        if any(facet.steps for facet in layer.facets):
            yield f"{own}steps.png", draw_steps(folder, manifest, layer)
        if layer.channel_pictures:
            yield f"{own}channels.png", draw_channels(folder, manifest, layer)
    with suppress(LookupError):  # a run without an embedding has no map
        yield "embedding.png", draw_embedding(folder, manifest)
    if len(manifest.layers) > 1:
        yield "depth.png", draw_depth(folder, manifest)
    if has_entanglement(manifest):
        yield "entanglement.png", draw_entanglement(manifest)


def split_sheets(manifest: Manifest, most: int) -> list[list[PictureEntry]]:
    """The pictures of named objectives by sheet: at most ``most`` on each, except where one group has more."""
    parts: list[list[PictureEntry]] = [[]]
    for _, group in picture_groups(manifest):
        if parts[-1] and len(parts[-1]) + len(group) > most:
            parts.append([])
        parts[-1] += group
    return parts


def _sheets(folder: Path, manifest: Manifest) -> Iterator[tuple[str, Image.Image]]:
    """The figures of named objectives."""
    for place, part in enumerate(split_sheets(manifest, MOST), 1):
        suffix, some = f"-{place}" if place > 1 else "", replace(manifest, pictures=part)
        yield f"pictures{suffix}.png", draw_gallery(folder, some)
        if any(picture.steps for picture in part):
            yield f"steps{suffix}.png", draw_steps(folder, some)

"""All figures of a run, written into its folder."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mindseye.report.channels import draw_channels
from mindseye.report.depth import draw_depth
from mindseye.report.embedding import draw_embedding
from mindseye.report.entanglement import draw_entanglement, has_entanglement
from mindseye.report.facets import draw_facets
from mindseye.report.figure_files import draw_pages, write_sheet
from mindseye.report.gallery import draw_gallery
from mindseye.report.manifest import names_objectives, picture_groups
from mindseye.report.sheet import Sheet
from mindseye.report.steps import draw_steps
from mindseye.report.theme import FigureStyle, Theme
from mindseye.runs.folder import RunFolder, file_name
from mindseye.runs.schema import ChannelPictureEntry, FacetEntry, LayerEntry, Manifest, PictureEntry

MOST = 60
"""Pictures of named objectives on one sheet: a thousand on one would fill the memory."""

Named = Iterator[tuple[str, Sheet]]


def write_figures(folder: Path, style: FigureStyle | None = None) -> list[Path]:
    """Draw the figures of the run in ``folder``; their paths.

    figures/facets.png, steps.png and embedding.png show the deepest layer; each other layer's facets and steps stand
    in figures/LAYER/. depth.png is drawn where the run has more than one layer, steps.png where snapshots were kept,
    entanglement.png and, for each layer, channels.png where channels were inspected.
    Of a run of named objectives there are pictures.png and steps.png. No figure is larger than 4000 px: what one does not hold
    stands on a second, facets-2.png, and so on.

    style: theme, and further formats; by default those that the run was made with.

    Raises:
        UserError: if ``folder`` holds no readable run, or the figures can't be written.
    """
    manifest = RunFolder(folder).read()
    style = style or FigureStyle.of(manifest.figures)
    with ThreadPoolExecutor(1) as pool:  # each is compressed while the next is drawn
        writes: list[Future[list[Path]]] = []
        for name, sheet in _figures(folder, manifest, style.theme):
            if writes:
                writes[-1].result()  # so that no more than two fill the memory
            writes.append(pool.submit(write_sheet, folder / "figures" / f"{name}.png", sheet, style))
    return [path for write in writes for path in write.result()]


def _figures(folder: Path, manifest: Manifest, theme: Theme) -> Named:
    """Name and picture of every figure, one at a time: together they would fill the memory."""
    if names_objectives(manifest):
        yield from _sheets(folder, manifest, theme)
        return
    for layer in manifest.layers:
        own = "" if layer is manifest.layers[-1] else f"{file_name(layer.layer)}/"
        yield from _of_layer(folder, manifest, layer, own, theme)
    with suppress(LookupError):  # a run without an embedding has no map
        yield "embedding", draw_embedding(folder, manifest, theme)
    if len(manifest.layers) > 1:

        def depth(some: Sequence[int]) -> Sheet:
            return draw_depth(folder, manifest, theme, some)

        indices = sorted({facet.index for facet in manifest.facets})
        yield from _numbered("depth", draw_pages(indices, depth))
    if has_entanglement(manifest):
        yield "entanglement", draw_entanglement(manifest, theme)


def _of_layer(folder: Path, manifest: Manifest, layer: LayerEntry, own: str, theme: Theme) -> Named:
    """The figures of one layer. own: where they stand."""

    def facets(part: Sequence[FacetEntry]) -> Sheet:
        return draw_facets(folder, manifest, replace(layer, facets=list(part)), theme)

    def steps(part: Sequence[FacetEntry]) -> Sheet:
        return draw_steps(folder, manifest, replace(layer, facets=list(part)), theme)

    def channels(part: Sequence[ChannelPictureEntry]) -> Sheet:
        return draw_channels(folder, manifest, replace(layer, channel_pictures=list(part)), theme)

    yield from _numbered(f"{own}facets", draw_pages(layer.facets, facets))
    if any(facet.steps for facet in layer.facets):
        yield from _numbered(f"{own}steps", draw_pages(layer.facets, steps))
    if layer.channel_pictures:
        yield from _numbered(f"{own}channels", draw_pages(layer.channel_pictures, channels))


def _numbered(name: str, sheets: Iterator[Sheet]) -> Named:
    """The sheets of one figure: the first has its name, the others a number besides."""
    for place, sheet in enumerate(sheets, 1):
        yield name if place == 1 else f"{name}-{place}", sheet


def split_sheets(manifest: Manifest, most: int) -> list[list[PictureEntry]]:
    """The pictures of named objectives by sheet: at most ``most`` on each, except where one group has more."""
    parts: list[list[PictureEntry]] = [[]]
    for _, group in picture_groups(manifest):
        if parts[-1] and len(parts[-1]) + len(group) > most:
            parts.append([])
        parts[-1] += group
    return parts


def _sheets(folder: Path, manifest: Manifest, theme: Theme) -> Named:
    """The figures of named objectives."""
    parts = split_sheets(manifest, MOST)

    def pictures(part: Sequence[PictureEntry]) -> Sheet:
        return draw_gallery(folder, replace(manifest, pictures=list(part)), theme)

    def steps(part: Sequence[PictureEntry]) -> Sheet:
        return draw_steps(folder, replace(manifest, pictures=list(part)), None, theme)

    yield from _numbered("pictures", (sheet for part in parts for sheet in draw_pages(part, pictures)))
    kept = [part for part in parts if any(picture.steps for picture in part)]
    yield from _numbered("steps", (sheet for part in kept for sheet in draw_pages(part, steps)))

"""Everything that the page's script shows, as plain values."""

from pathlib import Path

from mindseye.report.curves import Curve, curves
from mindseye.report.glossary import COLUMNS, TERMS
from mindseye.report.manifest import Entry, layer_lines, names_objectives
from mindseye.report.page.activity import channel_activity
from mindseye.report.page.colours import every_colour
from mindseye.report.page.entangled import entangled_layer, is_inspection
from mindseye.report.page.items import Content, PageContext, item_of
from mindseye.report.page.measures import legend
from mindseye.report.page.photo_facets import photos_on_map
from mindseye.report.page.photos import Photos
from mindseye.report.page.pictures import PageImages, choose_sizes
from mindseye.report.typeface import printable
from mindseye.runs.schema import LayerEntry, Manifest


def content_of(folder: Path, manifest: Manifest) -> tuple[Content, PageImages]:
    """What the page says, and its pictures, which the content names by number."""
    photos = Photos(manifest.images.root or "", manifest.images.paths)
    for path in _photos_beside(manifest):
        photos.member(path)
    sizes = choose_sizes(manifest, *photos.counts())
    page = PageContext(folder, manifest, sizes, PageImages(), photos, [])
    rows = [_layer(layer, page) for layer in manifest.layers]
    if names_objectives(manifest):
        rows = [{"name": "", "about": [], "items": [item_of(picture, page) for picture in manifest.pictures]}]
    content = {
        "named": names_objectives(manifest),
        "inspect": is_inspection(manifest),
        "colours": every_colour(),
        "layers": rows,
        "curves": [_curve(curve) for curve in curves(manifest)] if len(rows) > 1 else [],
        "judges": [printable(judge) for judge in page.judges],
        "legend": legend(),
        "terms": {key: [term.name, term.words] for key, term in TERMS.items()},
        "columns": [[term.name, term.words] for term in COLUMNS.values()] if is_inspection(manifest) else [],
        "photos": {"names": photos.names(), "thumbnails": photos.thumbnails(sizes)} | photos_on_map(folder, manifest),
    }
    return content, page.images


def _layer(layer: LayerEntry, page: PageContext) -> Content:
    content: Content = {
        "name": printable(layer.layer),
        "about": [printable(line) for line in layer_lines(layer)],
        "items": [item_of(facet, page) for facet in layer.facets],
        "size": layer.channels,
        "activity": channel_activity(page.folder, layer.layer),
    }
    if is_inspection(page.manifest):
        content |= {"entangled": entangled_layer(layer, page)}
    return content


def _photos_beside(manifest: Manifest) -> list[str]:
    """Path of every photo that is shown beside a picture: those of facets first, then those of channels."""
    channels = [channel for layer in manifest.layers for channel in layer.channel_pictures]
    entries: list[Entry] = [*manifest.facets, *manifest.pictures]
    groups = [entry.members for entry in entries]
    groups += [facet.members for channel in channels for facet in channel.facets]
    examples = [example.path for channel in channels for example in channel.examples]
    return [member.path for group in groups for member in group] + examples


def _curve(curve: Curve) -> Content:
    return {
        "title": curve.title,
        "note": curve.note,
        "words": curve.meaning,
        "span": curve.span(),
        "means": {role: curve.means(role) for role in ("picture", "members", "start")},
        "points": [
            [[index, numbers.picture] for index, numbers in row.items() if numbers.picture is not None]
            for row in curve.points
        ],
    }

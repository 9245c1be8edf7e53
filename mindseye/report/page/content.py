"""Everything that the page's script shows, as plain values."""

from pathlib import Path

from mindseye.report.curves import Curve, curves
from mindseye.report.drawing import printable
from mindseye.report.manifest import (
    Json,
    channel_pictures,
    examples,
    facets,
    image_paths,
    image_root,
    layer_lines,
    layer_name,
    layers,
    members,
    names_objectives,
    pictures,
)
from mindseye.report.page.entangled import entangled_layer, is_inspection
from mindseye.report.page.items import Content, Shelf, hue, item_of
from mindseye.report.page.measures import legend
from mindseye.report.page.photos import Photos
from mindseye.report.page.pictures import Store, sizes_for


def content_of(folder: Path, manifest: Json) -> tuple[Content, Store]:
    """What the page says, and its pictures, which the content names by number."""
    photos = Photos(image_root(manifest), image_paths(manifest))
    for path in _members(manifest):
        photos.member(path)
    sizes = sizes_for(manifest, *photos.counts())
    shelf = Shelf(folder, manifest, sizes, Store(), photos, [])
    rows = [_layer(layer, shelf) for layer in layers(manifest)]
    if names_objectives(manifest):
        rows = [{"name": "", "about": [], "items": [item_of(one, shelf) for one in pictures(manifest)]}]
    content = {
        "named": names_objectives(manifest),
        "inspect": is_inspection(manifest),
        "layers": rows,
        "curves": [_curve(curve) for curve in curves(manifest)] if len(rows) > 1 else [],
        "judges": [printable(judge) for judge in shelf.judges],
        "legend": legend(),
        "photos": {"names": photos.names(), "thumbnails": photos.thumbnails(sizes)},
    }
    return content, shelf.store


def _layer(layer: Json, shelf: Shelf) -> Content:
    said: Content = {
        "name": printable(layer_name(layer)),
        "about": [printable(line) for line in layer_lines(layer)],
        "items": [item_of(facet, shelf) for facet in facets(layer)],
    }
    if is_inspection(shelf.manifest):
        said |= {"entangled": entangled_layer(layer, shelf)}
    return said


def _members(manifest: Json) -> list[str]:
    """Every photo that is shown beside a picture."""
    rows = layers(manifest)
    shown = [one for layer in rows for one in channel_pictures(layer)]
    holders = [facet for layer in rows for facet in facets(layer)] + pictures(manifest)
    holders += [facet for one in shown for facet in facets(one)]
    entries = [one for holder in holders for one in members(holder)] + [one for each in shown for one in examples(each)]
    return [str(entry.get("path", "")) for entry in entries]


def _curve(curve: Curve) -> Content:
    return {
        "title": curve.title,
        "note": curve.note,
        "words": curve.meaning,
        "span": curve.span(),
        "means": {role: curve.means(role) for role in ("picture", "members", "start")},
        "points": [
            [[*hue(index), one.picture] for index, one in row.items() if one.picture is not None]
            for row in curve.points
        ],
    }

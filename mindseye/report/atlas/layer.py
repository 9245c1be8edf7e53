"""The sheet of a layer: all its channels, to be sorted, and laid out by likeness."""

from collections.abc import Container
from pathlib import Path

from mindseye.report.atlas.images import FACET_COLUMNS, sheet_size
from mindseye.report.atlas.site import INDEX, about, embed_json, link, write_page
from mindseye.report.numbers import format_number, round_digits
from mindseye.report.typeface import printable
from mindseye.runs.schema import AtlasChannel, AtlasCollectionRecord, AtlasLayer, AtlasRecord, CollectionFacet

AT_ONCE = 24
"""Channels that stand in the page itself: their pictures are there before the script has read the others."""
EARLIER_COLUMNS = 3
"""Of the sheets of a facet's photos in atlases of before these facets were painted."""


def write_layer_page(
    folder: Path,
    record: AtlasRecord,
    place: int,
    painted: Container[int],
    groups: list[str],
    pictures: AtlasCollectionRecord | None = None,
) -> None:
    """Write the sheet of a layer into the atlas in a folder.

    place: of the layer among all. painted: the channels that are done. groups: the files of the photos of each facet of the
    collection, below the atlas. pictures: of these facets; None where they are not painted (yet).
    """
    layers = record.layers
    layer = layers[place]
    before, after = (
        (f"../{link(layers[at].folder)}/{INDEX}", printable(layers[at].layer)) if 0 <= at < len(layers) else None
        for at in (place - 1, place + 1)
    )
    write_page(
        folder / layer.folder / INDEX,
        "atlas-layer.html",
        f"{layer.layer} · {record.title}",
        "../",
        atlas=printable(record.title),
        about=about(record),
        layer=layer,
        heading=printable(layer.layer),
        grid=" × ".join(map(str, layer.grid)),
        before=before,
        after=after,
        channels=embed_json([_card(entry) for entry in layer.entries]),
        first=[_card(entry) for entry in layer.entries[:AT_ONCE]],
        done=sum(entry.channel in painted for entry in layer.entries),
        groups=_groups(layer, groups, pictures),
        means=layer_means(layer),
    )


def _groups(layer: AtlasLayer, sheets: list[str], pictures: AtlasCollectionRecord | None) -> list[dict[str, object]]:
    """The facets of the whole collection, with their pictures and members."""
    facets = [CollectionFacet()] * len(layer.groups) if pictures is None else pictures.facets
    return [
        {
            "size": group.size,
            "label": printable(group.label or ""),
            "photos": link(sheet.removeprefix(f"{layer.folder}/")),
            "extent": sheet_size(len(group.photos), FACET_COLUMNS if group.weights else EARLIER_COLUMNS),
            "picture": link(facet.picture.removeprefix(f"{layer.folder}/")) if facet.picture else "",
            "reason": printable(facet.reason or ""),
        }
        for group, sheet, facet in zip(layer.groups, sheets, facets, strict=True)
    ]


def in_percent(share: float | None) -> int | None:
    """A share as whole percents."""
    return None if share is None else round(100 * share)


def layer_means(layer: AtlasLayer) -> list[tuple[str, str, str]]:
    """Name, value and what stands beside it, of what is measured of a layer's channels on average."""
    means = [("entanglement", _mean(layer, "entanglement"), f"chance {_mean(layer, 'null')}")]
    means.append(("selectivity", _mean(layer, "selectivity"), ""))
    if any(entry.class_selectivity is not None for entry in layer.entries):
        means.append(("class selectivity", _mean(layer, "class_selectivity"), ""))
    return means


def _card(entry: AtlasChannel) -> list[object]:
    """Channel, label, its share in percent, and the numbers that the script sorts and lays out by, in its order."""
    numbers = (entry.entanglement, entry.selectivity, entry.used, *entry.place)
    return [entry.channel, printable(entry.label or ""), in_percent(entry.label_share), *map(round_digits, numbers)]


def _mean(layer: AtlasLayer, name: str) -> str:
    values = [value for entry in layer.entries if (value := getattr(entry, name)) is not None]
    return format_number(sum(values) / len(values) if values else None)

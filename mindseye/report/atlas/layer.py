"""The sheet of a layer: all its channels, to be sorted, and laid out by likeness."""

from collections.abc import Container
from pathlib import Path

from mindseye.report.atlas.site import INDEX, about, embed_json, link, write_page
from mindseye.report.numbers import format_number, round_digits
from mindseye.report.typeface import printable
from mindseye.runs.schema import AtlasChannel, AtlasLayer, AtlasRecord


def write_layer_page(folder: Path, record: AtlasRecord, place: int, painted: Container[int], groups: list[str]) -> None:
    """Write the sheet of a layer into the atlas in a folder.

    place: of the layer among all. painted: the channels that are done. groups: the files of the photos of each facet of the
    collection, below the atlas.
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
        done=sum(entry.channel in painted for entry in layer.entries),
        groups=[
            (group.size, printable(group.label or ""), link(file.removeprefix(f"{layer.folder}/")))
            for group, file in zip(layer.groups, groups, strict=True)
        ],
        means=layer_means(layer),
    )


def layer_means(layer: AtlasLayer) -> list[tuple[str, str, str]]:
    """Name, value and what stands beside it, of what is measured of a layer's channels on average."""
    means = [("entanglement", _mean(layer, "entanglement"), f"chance {_mean(layer, 'null')}")]
    means.append(("selectivity", _mean(layer, "selectivity"), ""))
    if any(entry.class_selectivity is not None for entry in layer.entries):
        means.append(("class selectivity", _mean(layer, "class_selectivity"), ""))
    return means


def _card(entry: AtlasChannel) -> list[object]:
    """Channel, label, and the numbers that it is sorted by and laid out with, in the order in which the script has them."""
    numbers = (entry.entanglement, entry.selectivity, entry.used, *entry.place)
    return [entry.channel, printable(entry.label or ""), *map(round_digits, numbers)]


def _mean(layer: AtlasLayer, name: str) -> str:
    values = [value for entry in layer.entries if (value := getattr(entry, name)) is not None]
    return format_number(sum(values) / len(values) if values else None)

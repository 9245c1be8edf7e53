"""The first page of an atlas: the network from layer to layer, and a search over all channels."""

from collections.abc import Collection, Mapping
from pathlib import Path

from mindseye.report.atlas.layer import in_percent, layer_means
from mindseye.report.atlas.site import INDEX, about, embed_json, link, write_page
from mindseye.report.drawing import sample_evenly
from mindseye.report.numbers import format_number
from mindseye.report.typeface import printable
from mindseye.runs.schema import AtlasLayer, AtlasRecord

SHOWN = 12


def write_network_page(folder: Path, record: AtlasRecord, painted: Mapping[str, Collection[int]]) -> Path:
    """Write the first page of the atlas in a folder; its path. painted: the channels that are done, by layer."""
    path = folder / INDEX
    channels = sum(len(layer.entries) for layer in record.layers)
    index = {
        "folders": [link(layer.folder) for layer in record.layers],
        "layers": [printable(layer.layer) for layer in record.layers],
        "channels": [
            [place, entry.channel, printable(entry.label or ""), in_percent(entry.label_share)]
            for place, layer in enumerate(record.layers)
            for entry in layer.entries
        ],
    }
    write_page(
        path,
        "atlas-network.html",
        record.title,
        "",
        heading=printable(record.title),
        about=about(record),
        channels=channels,
        done=sum(len(painted.get(layer.layer, ())) for layer in record.layers),
        classes=len(record.labels.counts) if record.labels else 0,
        layers=[_row(layer) for layer in record.layers],
        notes=[printable(note) for note in record.notes],
        command=printable(record.command),
        index=embed_json(index),
    )
    return path


def _row(layer: AtlasLayer) -> dict[str, object]:
    """A layer on the first page, with channels spread over its likeness map."""
    spread = sorted(layer.entries, key=lambda entry: (entry.place, entry.channel))
    shown = sample_evenly(spread, SHOWN)
    return {
        "name": printable(layer.layer),
        "href": f"{link(layer.folder)}/{INDEX}",
        "folder": link(layer.folder),
        "kind": printable(layer.kind),
        "grid": " × ".join(map(str, layer.grid)),
        "pages": len(layer.entries),
        "channels": layer.channels,
        "means": layer_means(layer),
        "cka": format_number(layer.stage_cka) if layer.stage_cka is not None else "",
        "groups": len(layer.groups),
        "shown": [(entry.channel, printable(entry.label or "")) for entry in shown],
    }

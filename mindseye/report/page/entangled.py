"""What the page says of a layer's channels: how entangled each is, and the pictures that show what that means."""

from collections.abc import Sequence
from typing import Any

from mindseye.measure.summary import ROLES
from mindseye.report.glossary import COLUMNS
from mindseye.report.manifest import facet_label
from mindseye.report.numbers import round_digits
from mindseye.report.page.items import Content, PageContext
from mindseye.runs.schema import (
    ChannelExample,
    ChannelPictureEntry,
    ChannelStats,
    Entanglement,
    LayerEntry,
    Manifest,
    MemberEntry,
    PaintedEntry,
)


def is_inspection(manifest: Manifest) -> bool:
    """Whether the run looked for entanglement."""
    return manifest.kind == "inspect"


def entangled_layer(layer: LayerEntry, page: PageContext) -> Content:
    """The entanglement of one layer: its curve's point, the table of its channels, the channels that were painted."""
    point = layer.entanglement or Entanglement()
    keys = ("mean", "low", "high", "null", "null_low", "null_high")
    return {
        "shuffles": point.shuffles,
        "point": {key: round_digits(getattr(point, key)) for key in keys},
        "table": _table(layer.channel_stats),
        "shown": [_channel(channel, page) for channel in layer.channel_pictures],
    }


def _table(channels: Sequence[ChannelStats]) -> Content:
    rows = [{key: round_digits(getattr(stats, key)) for key in COLUMNS} for stats in channels]
    keys = [key for key in COLUMNS if any(row[key] is not None for row in rows)]
    return {
        "columns": [{"key": key, "title": COLUMNS[key].name, "words": COLUMNS[key].words} for key in keys],
        "rows": [[row[key] for key in keys] for row in rows],
    }


def _channel(channel: ChannelPictureEntry, page: PageContext) -> Content:
    return {
        "channel": channel.channel,
        "which": "least" if channel.which == "least" else "most",
        "silhouette": round_digits(channel.silhouette),
        "shuffled": round_digits(channel.silhouette_chance),
        "activation": _activation(channel),
        "picture": page.picture(channel.picture, page.sizes.picture),
        "examples": _photos(channel.examples, page),
        "facets": [
            {
                "number": facet.index,
                "label": facet_label(facet),
                "activation": _activation(facet),
                "size": facet.size,
                "picture": page.picture(facet.picture, page.sizes.picture),
                "members": _photos(facet.members, page),
            }
            for facet in channel.facets
        ],
    }


def _activation(entry: PaintedEntry) -> list[float | None]:
    """How strongly the picture, the photos that it stands for and its start excite the channel."""
    by_role = (entry.measures or {}).get("activation")
    return [round_digits(by_role.get(role)) if isinstance(by_role, dict) else None for role in ROLES]


def _photos(photos: Sequence[ChannelExample | MemberEntry], page: PageContext) -> list[list[Any]]:
    return [[page.photos.member(photo.path), round_digits(photo.activation)] for photo in photos]

"""What the page says of a layer's channels: how entangled each is, and the pictures that show what that means."""

from collections.abc import Sequence
from typing import Any

from mindseye.measure.summary import ROLES
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

COLUMNS = {
    "channel": ("channel", "The channel's number in the layer."),
    "entanglement": (
        "entanglement",
        "One channel, several meanings: 0 for a channel that prefers one facet, or several alike, or none; 0.5 for one that the "
        "facets explain wholly and that prefers two of them, wholly apart; always below 1.",
    ),
    "facets": ("facets", "In how many facets the channel is among the top-k features."),
    "selectivity": ("selectivity", "How far the channel keeps to few facets: 1 answers to one alone, 0 to all alike."),
    "class_selectivity": (
        "class selectivity",
        "The class selectivity index: how much more the channel answers to its best class than to the others, 0 to 1.",
    ),
    "spread": (
        "spread",
        "How far apart the facets that the channel prefers lie in a deeper layer, 0 to 1. One meaning shown in two facets is "
        "near 0; two meanings are far apart.",
    ),
    "explained": ("explained", "How much of what the channel does the facets explain at all, 0 to 1 (eta squared)."),
    "meanings": (
        "meanings",
        "How many wholly separate, evenly preferred facets it comes to. Says little where little is explained.",
    ),
    "stability": (
        "stability",
        "Whether the channel prefers the same facets when a fifth of the photos is left out, 0 to 1; 1 where nothing changes.",
    ),
    "null": (
        "null",
        "Entanglement after the channel was shuffled over the photos: what chance alone gives.",
    ),
    "p_value": ("p", "The share of shuffles in which the channel is as entangled as it is. Small: not by chance."),
}
"""Title and meaning of every column, in their order."""


def is_inspection(manifest: Manifest) -> bool:
    """Whether the run looked for entanglement."""
    return manifest.kind == "inspect"


def entangled_layer(layer: LayerEntry, page: PageContext) -> Content:
    """The entanglement of one layer: its curve's point, the table of its channels, the channels that were painted."""
    point = layer.entanglement or Entanglement()
    keys = ("mean", "low", "high", "null", "null_low", "null_high")
    return {
        "point": {key: round_digits(getattr(point, key)) for key in keys},
        "table": _table(layer.channel_stats),
        "shown": [_channel(channel, page) for channel in layer.channel_pictures],
    }


def _table(channels: Sequence[ChannelStats]) -> Content:
    rows = [{key: round_digits(getattr(stats, key)) for key in COLUMNS} for stats in channels]
    keys = [key for key in COLUMNS if any(row[key] is not None for row in rows)]
    return {
        "columns": [{"key": key, "title": COLUMNS[key][0], "words": COLUMNS[key][1]} for key in keys],
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

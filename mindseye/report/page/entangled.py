"""What the page says of a layer's channels: how entangled each is, and the pictures that show what that means."""

from typing import Any

from mindseye.measure.summary import ROLES
from mindseye.report.manifest import (
    Json,
    channel_pictures,
    channel_stats,
    examples,
    facets,
    label,
    mapping,
    members,
    number,
)
from mindseye.report.page.items import Content, Shelf, hue, short

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
"""The columns that the page has words for, in this order; others stand behind them under their own keys."""


def is_inspection(manifest: Json) -> bool:
    """Whether the run looked for entanglement."""
    return manifest.get("kind") == "inspect"


def entangled_layer(layer: Json, shelf: Shelf) -> Content:
    """The entanglement of one layer: its curve's point, the table of its channels, the channels that were painted."""
    point = layer.get("entanglement")
    point = point if isinstance(point, dict) else {}
    return {
        "point": {key: short(point.get(key)) for key in ("mean", "low", "high", "null", "null_low", "null_high")},
        "table": _table(channel_stats(layer)),
        "shown": [_shown(one, shelf) for one in channel_pictures(layer)],
    }


def _table(stats: list[Json]) -> Content:
    present = {key for row in stats for key, value in row.items() if short(value) is not None}
    keys = [key for key in COLUMNS if key in present] + sorted(present - set(COLUMNS))
    columns = [COLUMNS.get(key, (key.replace("_", " "), "")) for key in keys]
    return {
        "columns": [
            {"key": key, "title": title, "words": words} for key, (title, words) in zip(keys, columns, strict=True)
        ],
        "rows": [[short(row.get(key)) for key in keys] for row in stats],
    }


def _shown(one: Json, shelf: Shelf) -> Content:
    return {
        "channel": short(one.get("channel")),
        "which": "least" if one.get("which") == "least" else "most",
        "silhouette": short(one.get("silhouette")),
        "shuffled": short(one.get("silhouette_shuffled")),
        "activation": _activation(one),
        "picture": shelf.picture(one.get("picture"), shelf.sizes.picture),
        "examples": _photos(examples(one), shelf),
        "facets": [
            {
                "number": number(facet),
                "hue": hue(number(facet)),
                "label": label(facet),
                "activation": _activation(facet),
                "size": short(facet.get("size")),
                "picture": shelf.picture(facet.get("picture"), shelf.sizes.picture),
                "members": _photos(members(facet), shelf),
            }
            for facet in facets(one)
        ],
    }


def _activation(one: Json) -> list[float | None]:
    """How strongly the picture, the photos that it stands for and its start excite the channel."""
    found = mapping(mapping(one.get("measures")).get("activation"))
    return [short(found.get(role)) for role in ROLES]


def _photos(entries: list[Json], shelf: Shelf) -> list[list[Any]]:
    return [[shelf.photos.member(str(one.get("path", ""))), short(one.get("activation"))] for one in entries]

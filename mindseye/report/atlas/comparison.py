"""The page of two atlases side by side: the channels without a twin first."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindseye.report.atlas.site import INDEX, about, link, write_assets, write_page
from mindseye.report.numbers import format_number
from mindseye.report.typeface import printable
from mindseye.runs.atlas import channel_stem
from mindseye.runs.schema import AtlasRecord

LayerRows = tuple[str, str, float, float, float, float, Sequence["TwinRow"]]
"""Layer, the other's layer, CKA, mean correlation, the same by chance, the share of twins, and the pairs."""


@dataclass(frozen=True)
class TwinRow:
    """A pair of channels, either None where it has no partner."""

    channel: int | None
    other: int | None
    r: float | None
    is_twin: bool


@dataclass(frozen=True)
class Side:
    """One of a pair on the page. href, small: empty where the channel has no page."""

    name: str
    label: str = ""
    href: str = ""
    small: str = ""


def write_comparison_page(
    page: Path,
    first: tuple[Path, AtlasRecord],
    second: tuple[Path, AtlasRecord],
    photos: str,
    layers: Sequence[LayerRows],
) -> None:
    """Write the page. first, second: the folder of each atlas, and what atlas.json says. photos: how many both have, in words.

    Raises:
        UserError: if it cannot be written.
    """
    here = page.absolute().parent
    if not (first[0] / "atlas.css").is_file():
        write_assets(first[0])
    ways = [link(os.path.relpath(folder.absolute(), here)) for folder, _ in (first, second)]
    sections = []
    for layer, other, cka, mean, chance, share, rows in layers:
        pairs = [
            (
                _side(ways[0], first[1], layer, row.channel),
                format_number(row.r),
                row.is_twin,
                _side(ways[1], second[1], other, row.other),
            )
            for row in rows
        ]
        alone = sum(not row.is_twin for row in rows)
        numbers = (format_number(cka), format_number(mean), format_number(chance), f"{100 * share:.0f} %")
        sections.append((printable(layer), printable(other), numbers, alone, pairs))
    write_page(
        page,
        "atlas-compare.html",
        f"{first[1].title} beside {second[1].title}",
        f"{ways[0]}/",
        about=f"{about(first[1])} — {about(second[1])}",
        names=[printable(record.title) for _, record in (first, second)],
        links=[f"{way}/{INDEX}" for way in ways],
        photos=photos,
        sections=sections,
    )


def _side(way: str, record: AtlasRecord, layer: str, channel: int | None) -> Side:
    if channel is None:
        return Side("no partner")
    entry = record.of_layer(layer).entry_of(channel)
    if entry is None:
        return Side(f"{printable(layer)}:{channel}")
    stem = f"{way}/{link(channel_stem(layer, channel))}"
    return Side(f"{printable(layer)}:{channel}", printable(entry.label or ""), f"{stem}.html", f"{stem}-small.webp")

"""The page of one channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindseye.report.atlas.sentences import describe_classes, describe_facet, describe_relatives, format_percent
from mindseye.report.atlas.site import about, link, write_page
from mindseye.report.numbers import format_number
from mindseye.report.typeface import printable
from mindseye.runs.atlas import channel_stem, crop_file
from mindseye.runs.schema import AtlasChannelRecord, AtlasLayer, AtlasRecord

GROUPS = {
    "maximum": "The photos with the greatest value at one position, cut to what that position sees.",
    "slightly positive": "Photos a little above the middle of the channel's range.",
    "slightly negative": "Photos a little below it.",
    "minimum": "The photos with the least value at one position: what the channel speaks against, or is deaf to.",
}
NO_PAGE = "This channel has no page in this atlas: what is shown is its strongest photo, cut to what the position sees."


@dataclass(frozen=True)
class ChannelLink:
    """A channel that is named on a page.

    href: empty where it has no page. small: its picture, or its strongest photo; empty where there is neither. share, beside: what
    stands below it.
    """

    name: str
    href: str
    small: str
    share: str
    beside: str = ""
    words: str = ""


@dataclass(frozen=True)
class Line:
    """A number with its name, what stands beside it, and what it means."""

    name: str
    value: str
    beside: str
    words: str


def write_channel_page(
    folder: Path, record: AtlasRecord, channel: AtlasChannelRecord | None, layer: str = "", number: int = 0
) -> None:
    """Write the page of a channel into the atlas in a folder.

    channel: None where nothing is painted yet: the page then says so. layer, number: of the channel, in that case.
    """
    address, place = (layer, number) if channel is None else (channel.layer, channel.channel)
    entry = record.of_layer(address)
    stem = channel_stem(address, place)
    numbers = [own.channel for own in entry.entries]
    at = numbers.index(place)
    write_page(
        folder / f"{stem}.html",
        "atlas-channel.html",
        f"{address}:{place}",
        "../",
        atlas=printable(record.title),
        about=about(record),
        layer=printable(address),
        number=place,
        before=f"{numbers[at - 1]:04d}.html" if at else "",
        after=f"{numbers[at + 1]:04d}.html" if at + 1 < len(numbers) else "",
        of=entry.channels,
        headline=printable(describe_classes(channel, entry.entries[at])),
        channel=channel,
        shown=None if channel is None else _shown(record, entry, channel),
        lines=_lines(entry, at, channel),
    )


def _shown(record: AtlasRecord, entry: AtlasLayer, channel: AtlasChannelRecord) -> dict[str, object]:
    most = max([1, *channel.histogram])
    low, high = channel.low or 0.0, channel.high or 0.0
    own = f"{entry.folder}/"

    def local(path: str | None) -> str:
        return "" if path is None else link(path.removeprefix(own))

    return {
        "picture": local(channel.picture),
        "bars": [(round(100 * count / most, 1), count) for count in channel.histogram],
        "most": most,
        "low": format_number(low),
        "high": format_number(high),
        "mean": format_number(channel.mean),
        "at": round(100 * ((channel.mean or 0.0) - low) / (high - low), 1) if high > low else 50,
        "strongest": local(channel.sheets.get("strongest")),
        "means": _extent([photo.activation for photo in channel.strongest if photo.activation is not None]),
        "groups": [
            (name, words, local(channel.sheets.get(name)), _range(channel, name))
            for name, words in GROUPS.items()
            if name == "maximum" or not _is_tied(channel, name)
        ],
        "facets": [
            (
                number,
                printable(describe_facet(facet)),
                local(facet.picture),
                local(channel.sheets.get(f"facet-{number}")),
                facet,
                format_number(facet.painted),
                format_number(facet.activation),
            )
            for number, facet in enumerate(channel.facets)
        ],
        "painted": format_number(channel.painted),
        "relatives": [
            _link(record, channel, relative.layer, relative.channel, f"r {format_number(relative.r)}")
            for relative in channel.relatives
        ],
        "kin": describe_relatives(channel),
        "feeders": [] if channel.feeding is None else _feeders(record, channel),
        "chance": "" if channel.feeding is None else format_percent(channel.feeding.chance, negative=True),
        "classes": [
            (
                printable(answer.label),
                answer.photos,
                format_number(answer.mean),
                format_percent(answer.share),
                round(100 * max(0.0, answer.mean or 0.0) / top, 1),
            )
            for top in [max([1e-12, *(answer.mean or 0.0 for answer in channel.classes)])]
            for answer in channel.classes
        ],
    }


def _feeders(record: AtlasRecord, channel: AtlasChannelRecord) -> list[ChannelLink]:
    feeding = channel.feeding
    if feeding is None:
        return []
    words = "By attribution it carries this share of the value; held at its mean, the value drops by this much."
    return [
        _link(
            record,
            channel,
            feeding.layer,
            feeder.channel,
            f"carries {format_percent(feeder.share)}",
            f"without it {format_percent(feeder.drop, negative=True)}",
            words,
        )
        for feeder in feeding.feeders
    ]


def _link(
    record: AtlasRecord,
    here: AtlasChannelRecord,
    layer: str,
    channel: int,
    share: str,
    beside: str = "",
    words: str = "",
) -> ChannelLink:
    stem = f"{channel:04d}" if layer == here.layer else f"../{link(channel_stem(layer, channel))}"
    name = printable(f"{channel}" if layer == here.layer else f"{layer}:{channel}")
    if record.of_layer(layer).entry_of(channel) is not None:
        return ChannelLink(name, f"{stem}.html", f"{stem}-small.webp", share, beside, words)
    crop = f"{stem}-photo.webp" if crop_file(layer, channel) in here.crops else ""
    return ChannelLink(name, "", crop, share, beside, f"{words} {NO_PAGE}".strip())


def _lines(entry: AtlasLayer, at: int, channel: AtlasChannelRecord | None) -> list[Line]:
    own = entry.entries[at]
    lines = [
        Line(
            "entanglement",
            format_number(own.entanglement),
            f"chance {format_number(own.null)}",
            "One channel, several meanings: 0 for a channel that prefers one group of photos, or several alike; 0.5 for one that "
            "prefers two of them wholly apart. Beside it the same of channels shuffled over the photos.",
        ),
        Line(
            "selectivity",
            format_number(own.selectivity),
            "",
            "How far the channel keeps to few groups of photos: 1 answers to one alone, 0 to all alike.",
        ),
        Line(
            "used",
            format_percent(own.used),
            "of photos",
            "In how many photos it is among the strongest tenth of the layer's channels.",
        ),
    ]
    if own.class_selectivity is not None:
        words = "How much more the channel answers to its best class than to the others, 0 to 1."
        lines.append(Line("class selectivity", format_number(own.class_selectivity), "", words))
    if channel is not None and channel.silhouette is not None:
        beside = "" if channel.chance is None else f", single cloud {format_number(channel.chance)}"
        words = (
            f"How clearly its {channel.top_photos} strongest photos fall into groups (silhouette), beside the best of five single "
            "clouds of the same shape: no better than these means one group."
        )
        lines.append(
            Line("facets", str(len(channel.facets)), f"silhouette {format_number(channel.silhouette)}{beside}", words)
        )
    return lines


def _range(channel: AtlasChannelRecord, name: str) -> str:
    group = channel.groups.get(name)
    if group is None or not group.photos:
        return ""
    return _extent([photo.score for photo in group.photos])


def _extent(values: Sequence[float]) -> str:
    return f"{format_number(min(values))} to {format_number(max(values))}" if values else ""


def _is_tied(channel: AtlasChannelRecord, name: str) -> bool:
    """Whether all photos of a group have one value: which of many equal ones they are says nothing."""
    group = channel.groups.get(name)
    return group is not None and len({photo.score for photo in group.photos}) == 1 < len(group.photos)

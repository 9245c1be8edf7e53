"""The sheet of a layer's most and least entangled channels: each one's plain picture and photos, and its own facets beside."""

from pathlib import Path

from mindseye.report.drawing import BODY, FAINT, HEADING, INK, MARGIN, RULE, SMALL, wrap
from mindseye.report.headings import HEADER, draw_facet_name, draw_header
from mindseye.report.manifest import title_of
from mindseye.report.numbers import format_number
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import mosaic, picture_or_failure
from mindseye.report.typeface import text_width
from mindseye.runs.schema import ChannelPictureEntry, ChannelStats, FacetEntry, LayerEntry, Manifest
from mindseye.wording import counted

SIDE = 224
GAP = 20
ABOUT = 380
BETWEEN = 56
SECTION = 74
LINE = SMALL + 8
MOST_FACETS = 6
MEANING = (
    "Each row is one channel of the layer. Left: the picture that excites it most, and the photos that do. Right: the photos "
    "that excite it, in groups of their own (by what a deeper layer makes of them), with a picture of the channel for "
    "each group. An entangled channel is excited by several groups that have nothing in common. The percentage says how much, "
    "on average: 0 % as all photos together, 100 % as the best photo. A pure channel has one strong group, and others only "
    "because there were not more photos of its kind."
)
ROWS = ("explained", "spread", "meanings", "selectivity", "class_selectivity", "stability")
"""What is said of a channel beside its entanglement, where it was measured for any channel of the layer."""
TITLES = {
    "most": "most entangled",
    "least": "least entangled, of the half of the channels that the facets explain best",
}


def draw_channels(folder: Path, manifest: Manifest, layer: LayerEntry, theme: Theme = LIGHT) -> Sheet:
    """The sheet of the channels of `layer` that the run in `folder` has pictures of."""
    pictures = layer.channel_pictures
    across = max([min(MOST_FACETS, len(channel.facets)) for channel in pictures], default=1)
    left = MARGIN + ABOUT + GAP
    width = max(left + SIDE + GAP + BETWEEN + across * (SIDE + GAP) - GAP + MARGIN, 1500)
    meaning = wrap(MEANING, width - 2 * MARGIN, SMALL, 5)
    sections = [which for which in TITLES if any(channel.which == which for channel in pictures)]
    row = LINE + 2 * SIDE + GAP + 3 * LINE
    top = MARGIN + HEADER + 20 + len(meaning) * LINE + GAP
    sheet = Sheet(width, top + len(sections) * SECTION + len(pictures) * (row + GAP) + MARGIN, theme)
    draw_header(sheet, manifest, title_of(manifest, layer.layer, "channels"), MARGIN, MARGIN)
    for index, line in enumerate(meaning):
        sheet.text(MARGIN, MARGIN + HEADER + 20 + index * LINE, line, SMALL, colour=FAINT)
    for which in sections:
        sheet.rule(MARGIN, top, width - MARGIN, top, RULE)
        sheet.text(MARGIN, top + GAP, TITLES[which], HEADING, bold=True)
        top += SECTION
        for channel in [channel for channel in pictures if channel.which == which]:
            _draw_row(sheet, folder, layer, channel, left, top)
            top += row + GAP
    return sheet


def _draw_row(sheet: Sheet, folder: Path, layer: LayerEntry, channel: ChannelPictureEntry, x: int, y: int) -> None:
    _draw_about(sheet, layer, channel, y)
    sheet.text(x, y, "the channel", SMALL, colour=FAINT)
    top = y + LINE
    sheet.paste(x, top, picture_or_failure(folder, channel, SIDE, sheet.theme))
    sheet.paste(x, top + SIDE + GAP, mosaic([example.path for example in channel.examples], SIDE, 3, 4, sheet.theme))
    sheet.text(x, top + 2 * SIDE + GAP + 8, "its best photos", SMALL, colour=FAINT, width=SIDE)
    left = x + SIDE + GAP + BETWEEN
    sheet.rule(left - BETWEEN // 2 - GAP // 2, y, left - BETWEEN // 2 - GAP // 2, y + LINE + 2 * SIDE + GAP, RULE)
    scale = _scale(channel)
    for column, facet in enumerate(channel.facets[:MOST_FACETS]):
        _draw_facet(sheet, folder, facet, scale, left + column * (SIDE + GAP), y)


def _draw_facet(
    sheet: Sheet, folder: Path, facet: FacetEntry, scale: tuple[float, float] | None, x: int, y: int
) -> None:
    draw_facet_name(sheet, facet, x, y, SIDE, SMALL)
    top = y + LINE
    sheet.paste(x, top, picture_or_failure(folder, facet, SIDE, sheet.theme))
    top += SIDE + GAP
    sheet.paste(x, top, mosaic([member.path for member in facet.members], SIDE, 3, 4, sheet.theme))
    with sheet.smooth(x, top - 12, SIDE, 4) as brush:
        brush.box(x, top - 12, SIDE, 4, sheet.theme.facet(facet.index), 2)
    mean = facet.activation
    share = f" · {round(100 * (mean - scale[0]) / (scale[1] - scale[0]))} %" if mean is not None and scale else ""
    sheet.text(x, top + SIDE + 8, f"{counted(facet.size, 'photos')}{share}", SMALL, colour=FAINT, width=SIDE)


def _scale(channel: ChannelPictureEntry) -> tuple[float, float] | None:
    """What the channel does on average over all photos and in the best one; None where that is not known, or the same."""
    mean = channel.over_photos.get("mean")
    best = max((example.activation for example in channel.examples if example.activation is not None), default=mean)
    return (mean, best) if mean is not None and best is not None and best > mean else None


def _draw_about(sheet: Sheet, layer: LayerEntry, channel: ChannelPictureEntry, y: int) -> None:
    """The channel's numbers, its null beside its entanglement."""
    sheet.text(MARGIN, y + LINE, f"channel {channel.channel}", HEADING, bold=True, width=ABOUT)
    numbers = {stats.channel: stats for stats in layer.channel_stats}
    known = numbers.get(channel.channel)
    stats = known or ChannelStats(channel.channel)
    sheet.text(MARGIN, y + LINE + 46, "entanglement", SMALL, colour=FAINT)
    sheet.text(MARGIN + ABOUT - 20, y + LINE + 44, format_number(stats.entanglement), BODY, bold=True, anchor="ra")
    facets = str(stats.facets) if known else "–"
    rows = [("chance", format_number(stats.null)), ("in the top-k of", f"{facets} of {len(layer.facets)} facets")]
    measured = [name for name in ROWS if any(getattr(other, name) is not None for other in layer.channel_stats)]
    rows += [(name.replace("_", " "), format_number(getattr(stats, name))) for name in measured]
    if channel.silhouette is not None:
        both = f"{format_number(channel.silhouette)} ({format_number(channel.silhouette_chance)})"
        rows.append(("groups: silhouette", both))
    for index, (name, text) in enumerate(rows):
        top = y + LINE + 82 + index * LINE
        sheet.text(MARGIN, top, name, SMALL, colour=FAINT, width=ABOUT - 32 - text_width(text, SMALL))
        sheet.text(MARGIN + ABOUT - 20, top, text, SMALL, colour=INK, anchor="ra")

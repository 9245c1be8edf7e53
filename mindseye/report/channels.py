"""The sheet of a layer's most and least entangled channels: each one's plain picture and photos, and its own facets beside."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from mindseye.report.drawing import BODY, FAINT, HEADING, INK, MARGIN, RULE, SMALL, Sheet, facet_colour, wrap
from mindseye.report.headings import HEADER, draw_facet_name, draw_header
from mindseye.report.manifest import (
    Json,
    channel_pictures,
    channel_stats,
    facets,
    failure,
    image_set,
    layer_name,
    members,
    model_name,
    number,
)
from mindseye.report.numbers import finite, shown
from mindseye.report.tiles import failed, mosaic, picture

SIDE = 224
GAP = 20
ABOUT = 330
BETWEEN = 56
SECTION = 74
LINE = SMALL + 8
MOST_FACETS = 6
MEANING = (
    "Each row is one channel of the layer. Left: the picture that excites it most, and the photos that do. Right: the photos "
    "that excite it, in groups of their own (by what the network makes of them at its end), with a picture of the channel for "
    "each group. An entangled channel is excited by several groups that have nothing in common. The percentage says how much, "
    "on average: 0 % as all photos together, 100 % as the best photo. A pure channel has one strong group, and others only "
    "because there were not more photos of its kind."
)
TITLES = {
    "most": "most entangled",
    "least": "least entangled, of the half of the channels that the facets explain best",
}


def draw_channels(folder: Path, manifest: Json, layer: Json) -> Image.Image:
    """The sheet of the channels of `layer` that the run in `folder` has pictures of."""
    found = channel_pictures(layer)
    across = max([min(MOST_FACETS, len(facets(one))) for one in found], default=1)
    left = MARGIN + ABOUT + GAP
    width = max(left + SIDE + GAP + BETWEEN + across * (SIDE + GAP) - GAP + MARGIN, 1500)
    meaning = wrap(MEANING, width - 2 * MARGIN, SMALL, 5)
    sections = [which for which in TITLES if any(one.get("which") == which for one in found)]
    row = LINE + 2 * SIDE + GAP + 3 * LINE
    top = MARGIN + HEADER + 20 + len(meaning) * LINE + GAP
    sheet = Sheet(width, top + len(sections) * SECTION + len(found) * (row + GAP) + MARGIN)
    where = image_set(manifest)
    title = f"{model_name(manifest)} · {layer_name(layer)} · channels" + (f" · {where}" if where else "")
    draw_header(sheet, manifest, title, MARGIN, MARGIN)
    for index, line in enumerate(meaning):
        sheet.text(MARGIN, MARGIN + HEADER + 20 + index * LINE, line, SMALL, colour=FAINT)
    numbers = {one.get("channel"): one for one in channel_stats(layer)}
    for which in sections:
        sheet.rule(MARGIN, top, width - MARGIN, top, RULE)
        sheet.text(MARGIN, top + GAP, TITLES[which], HEADING, bold=True)
        top += SECTION
        for one in found:
            if one.get("which") == which:
                _draw_row(sheet, folder, one, numbers.get(one.get("channel"), {}), len(facets(layer)), left, top)
                top += row + GAP
    return sheet.image


def _draw_row(sheet: Sheet, folder: Path, one: Json, stats: Json, count: int, x: int, y: int) -> None:
    _draw_about(sheet, one, stats, count, y)
    sheet.text(x, y, "the channel", SMALL, colour=FAINT)
    top = y + LINE
    sheet.paste(x, top, _tile(folder, one))
    examples = [example for example in one.get("examples") or [] if isinstance(example, dict)]
    sheet.paste(x, top + SIDE + GAP, mosaic(examples, SIDE, 3, 4))
    sheet.text(x, top + 2 * SIDE + GAP + 8, "its best photos", SMALL, colour=FAINT, width=SIDE)
    left = x + SIDE + GAP + BETWEEN
    sheet.rule(left - BETWEEN // 2 - GAP // 2, y, left - BETWEEN // 2 - GAP // 2, y + LINE + 2 * SIDE + GAP, RULE)
    scale = _scale(one, examples)
    for column, facet in enumerate(facets(one)[:MOST_FACETS]):
        _draw_facet(sheet, folder, facet, scale, left + column * (SIDE + GAP), y)


def _draw_facet(sheet: Sheet, folder: Path, facet: Json, scale: tuple[float, float] | None, x: int, y: int) -> None:
    draw_facet_name(sheet, facet, x, y, SIDE, SMALL)
    top = y + LINE
    sheet.paste(x, top, _tile(folder, facet))
    top += SIDE + GAP
    sheet.paste(x, top, mosaic(members(facet), SIDE, 3, 4))
    with sheet.smooth(x, top - 12, SIDE, 4) as brush:
        brush.box(x, top - 12, SIDE, 4, facet_colour(number(facet)), 2)
    mean = finite(facet.get("activation"))
    share = f" · {round(100 * (mean - scale[0]) / (scale[1] - scale[0]))} %" if mean is not None and scale else ""
    sheet.text(x, top + SIDE + 8, f"{facet.get('size')} photos{share}", SMALL, colour=FAINT, width=SIDE)


def _scale(one: Json, examples: Sequence[Json]) -> tuple[float, float] | None:
    """What the channel does on average over all photos and in the best one; None where that is not known, or the same."""
    over = one.get("over_photos")
    mean = finite(over.get("mean")) if isinstance(over, dict) else None
    best = max(
        (value for example in examples if (value := finite(example.get("activation"))) is not None), default=mean
    )
    return (mean, best) if mean is not None and best is not None and best > mean else None


def _draw_about(sheet: Sheet, one: Json, stats: Json, count: int, y: int) -> None:
    """The channel's numbers, its null beside its entanglement. count: how many facets the run has."""
    sheet.text(MARGIN, y + LINE, f"channel {one.get('channel')}", HEADING, bold=True, width=ABOUT)
    value, null = finite(stats.get("entanglement")), finite(stats.get("null"))
    sheet.text(MARGIN, y + LINE + 46, "entanglement", SMALL, colour=FAINT)
    sheet.text(MARGIN + ABOUT - 20, y + LINE + 44, shown(value), BODY, bold=True, anchor="ra")
    rows = [("shuffled", shown(null)), ("in the top-k of", f"{stats.get('facets', '–')} of {count} facets")]
    names = ("explained", "spread", "meanings", "selectivity", "class_selectivity", "stability")
    rows += [(name.replace("_", " "), shown(finite(stats.get(name)))) for name in names if name in stats]
    groups, chance = finite(one.get("silhouette")), finite(one.get("silhouette_chance"))
    rows += [("groups: silhouette", f"{shown(groups)} ({shown(chance)})")] if groups is not None else []
    for index, (name, text) in enumerate(rows):
        top = y + LINE + 82 + index * LINE
        sheet.text(MARGIN, top, name, SMALL, colour=FAINT, width=ABOUT - 90)
        sheet.text(MARGIN + ABOUT - 20, top, text, SMALL, colour=INK, anchor="ra")


def _tile(folder: Path, one: Json) -> Image.Image:
    reason = failure(one)
    return failed(SIDE, reason) if reason else picture(folder, one.get("picture"), SIDE)

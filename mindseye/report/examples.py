"""The sheet of a channel's examples: a row per group of photos, cut to what the unit saw of each."""

from collections.abc import Mapping

from PIL import Image
from torch import Tensor

from mindseye.report.drawing import FAINT, HEADING, INK, MARGIN, PAPER, SMALL, wrap
from mindseye.report.headings import HEADER, draw_title
from mindseye.report.heat import as_image
from mindseye.report.manifest import title_of
from mindseye.report.numbers import format_number
from mindseye.report.sheet import Sheet
from mindseye.report.theme import LIGHT, Theme
from mindseye.report.tiles import fit_tile
from mindseye.runs.schema import ChannelExamplesEntry, Example, ExamplesRecord
from mindseye.wording import counted

SIDE = 160
GAP = 14
NAMES = 300
ACROSS = 9
FOOT = 112

RULES = {
    "zero": "slightly negative, slightly positive: the means nearest to zero",
    "quartiles": "slightly negative, slightly positive: the means nearest to the lower and upper quartile, as too few lie"
    " below zero or above",
}


def draw_examples(
    record: ExamplesRecord,
    channel: ChannelExamplesEntry,
    squares: Mapping[int, Tensor],
    whole: bool,
    theme: Theme = LIGHT,
) -> Sheet:
    """The sheet of one channel's examples.

    Args:
        record: examples.json.
        channel: one of its channels.
        squares: the photos as the network sees them, by index, uint8 [in_channels, side, side].
        whole: show all of each photo with a box around what the position sees, not that alone.
    """
    groups = channel.groups
    left, top = MARGIN + NAMES, MARGIN + HEADER + 30
    columns = max(len(group.photos) for group in groups.values())
    step = SIDE + SMALL + 3 * GAP
    width = left + min(columns, ACROSS) * (SIDE + GAP) - GAP + MARGIN
    sheet = Sheet(max(width, 1300), top + len(groups) * step + FOOT + MARGIN, theme)
    title = title_of(record, record.layer.layer, f"channel {channel.channel}")
    draw_title(sheet, title, counted(record.images.count, "photos"), record.model, MARGIN, MARGIN)
    for row, (name, group) in enumerate(groups.items()):
        y = top + row * step
        sheet.text(MARGIN, y, name, HEADING, bold=True, width=NAMES - GAP)
        sheet.text(MARGIN, y + 44, group.score, SMALL, colour=FAINT, width=NAMES - GAP)
        for column, entry in enumerate(group.photos[:ACROSS]):
            x = left + column * (SIDE + GAP)
            _draw_example(sheet, entry, squares[entry.index], x, y, whole)
    for index, line in enumerate(_foot(channel, sheet.width - 2 * MARGIN)):
        sheet.text(MARGIN, top + len(groups) * step + index * (SMALL + 8), line, SMALL, colour=FAINT)
    return sheet


def crop_box(square: Tensor, box: tuple[int, int, int, int]) -> Image.Image:
    """A box (top, left, bottom, right, in px) of a photo, uint8 [in_channels, side, side]; unless three: the first plane."""
    top, left, bottom, right = box
    return as_image(square[:, top:bottom, left:right])


def _draw_example(sheet: Sheet, entry: Example, square: Tensor, x: int, y: int, whole: bool) -> None:
    extent = square.shape[-1]
    top, left, bottom, right = entry.box
    everything = (0, 0, extent, extent)
    sheet.paste(
        x, y, fit_tile(crop_box(square, everything if whole else (top, left, bottom, right)), SIDE, sheet.theme)
    )
    if whole and (top, left, bottom, right) != everything:
        x0, y0, x1, y1 = (edge * SIDE / extent for edge in (left, top, right, bottom))
        with sheet.smooth(x, y, SIDE, SIDE) as brush:
            corners = [(x + a, y + b) for a, b in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]
            brush.line(corners, PAPER, 5)
            brush.line(corners, INK, 2)
    sheet.text(x, y + SIDE + 6, format_number(entry.score), SMALL, colour=FAINT, width=SIDE)


def _foot(channel: ChannelExamplesEntry, width: int) -> list[str]:
    """The channel over the whole folder, and how the groups between the extremes were found."""
    parts = [f"mean {format_number(channel.over_photos.mean)}"]
    for name in ("minimum", "maximum"):
        quantiles = channel.over_photos.quantiles.get(name, {})
        low, middle, high = (format_number(quantiles.get(part)) for part in ("0.05", "0.5", "0.95"))
        parts.append(f"{name} over positions: median {middle}, 5 % of photos below {low}, 95 % below {high}")
    return [*wrap(" · ".join(parts), width, SMALL, 2), *wrap(RULES.get(channel.rule, ""), width, SMALL, 2)]

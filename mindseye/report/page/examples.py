"""The page of `examples`: for each channel the photos along its range, cut to what the unit saw of each."""

from pathlib import Path

from mindseye.photos.decode import View, decode
from mindseye.photos.depth import UndecodableError
from mindseye.report.examples import RULES, crop_box
from mindseye.report.manifest import is_untrained, layer_lines, photo_folder
from mindseye.report.numbers import format_number
from mindseye.report.page.pictures import data_uri, fit_side, shrink
from mindseye.report.page.plain import PlainPage, Section, Tile, TileRow, plain_page
from mindseye.report.tiles import own_picture
from mindseye.report.typeface import printable
from mindseye.report.where import view_of
from mindseye.runs.folder import EXAMPLES
from mindseye.runs.schema import ChannelExamplesEntry, Example, ExamplesRecord
from mindseye.wording import counted

BUDGET, LEAST, LARGEST, SHEET = 4e6, 72, 256, 1800
INTRO = (
    "What a channel answers to, from the photos where it is least to those where it is greatest. Look at all four rows before you "
    "give a channel a name: the ends say what it answers to, the middle what it does not tell apart."
)
SEEN = {
    "crops": "Of each photo the part is shown that the unit saw.",
    "whole": "Each photo is shown whole, as the network sees it.",
}


def examples_page(folder: Path, record: ExamplesRecord) -> str:
    """The page of the examples in a folder. Photos are read again; where none of a channel can be, its sheet is shown."""
    count = sum(len(group.photos) for channel in record.channels for group in channel.groups.values())
    side, view = fit_side(BUDGET, count, LEAST, LARGEST), view_of(record.model, record.side)
    parts = [printable(record.layer.layer), *layer_lines(record.layer), counted(record.images.count, "photos")]
    return plain_page(
        PlainPage(
            title=f"What channels of {printable(record.model.name)} answer to in {photo_folder(record.images) or 'these photos'}",
            provenance=" · ".join(parts),
            warning="random weights" if is_untrained(record.model) else "",
            intro=f"{INTRO} {SEEN.get(record.tiles, '')}",
            kind="channels",
            sections=[_channel(folder, channel, record, view, side) for channel in record.channels],
            command=record.command,
            notes=record.notes,
            skipped=[(skipped.path, skipped.reason) for skipped in record.skipped],
            making={
                "The network": {"name": record.model.name, "weights": record.model.weights, "sees photos at": f"{record.side} px"},
                "Versions": record.versions | {"device": record.device},
            },
            files=[EXAMPLES, *(channel.sheet for channel in record.channels)],
        )
    )  # fmt: skip


def _channel(
    folder: Path, channel: ChannelExamplesEntry, record: ExamplesRecord, view: View | None, side: int
) -> Section:
    rows = [
        TileRow(name, [_tile(example, record, view, side) for example in group.photos], group.score)
        for name, group in channel.groups.items()
    ]
    sheet = None
    if not any(tile.uri for row in rows for tile in row.tiles):
        whole = own_picture(folder, channel.sheet)
        sheet = None if whole is None else Tile(data_uri(shrink(whole, SHEET)), f"channel {channel.channel}")
    mean = f"Mean over all photos and positions {format_number(channel.over_photos.mean)}. "
    words = mean + RULES.get(channel.rule, "").capitalize() + "."
    return Section(f"channel {channel.channel}", words, [] if sheet else rows, picture=sheet)


def _tile(example: Example, record: ExamplesRecord, view: View | None, side: int) -> Tile:
    name = printable(Path(example.path).name)
    lines = [format_number(example.score), name]
    try:
        square = None if view is None or not Path(example.path).is_file() else decode(example.path, view)
    except UndecodableError:
        square = None
    if square is None:
        return Tile(None, name, lines)
    box = (0, 0, *square.shape[-2:]) if record.tiles == "whole" else example.box
    return Tile(data_uri(shrink(crop_box(square, box), side)), f"{name}, {format_number(example.score)}", lines)

"""The spectrum of channels over photos: found in one pass, drawn a sheet for each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindseye.errors import UserError
from mindseye.facets.extremes import Extremes, channel_extremes
from mindseye.facets.target import check_channels
from mindseye.layers.layer import Layer
from mindseye.layers.receptive_field import ReceptiveField, receptive_field
from mindseye.measure.examples import EACH, SCORES, Pick, Rule, Spectrum, over_photos, spectrum
from mindseye.optimize.session import PLAIN, NetworkSession
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.examples import draw_examples
from mindseye.report.figure_files import write_sheet
from mindseye.report.page import leave_page
from mindseye.runs.entries import describe_layer, describe_model, describe_skipped, device_name, versions
from mindseye.runs.files import check_writable, refuse_photos, write_json
from mindseye.runs.folder import EXAMPLES, PAGE, default_path
from mindseye.runs.schema import (
    ChannelExamplesEntry,
    ChannelRange,
    Example,
    ExampleGroup,
    ExamplesRecord,
    ImagesEntry,
)
from mindseye.wording import counted
from mindseye.workflows.examples.result import ChannelExamples, Examples
from mindseye.workflows.request import ModelSource, Request

BATCH = 32
SHEET = re.compile(r"channel-\d{3,}\.(png|svg|pdf)")


@dataclass(frozen=True)
class ExamplesRequest:
    """Channels of a layer, and the photos that they are looked for in. whole: sheets show whole photos."""

    run: Request
    photos: PhotoSet
    layer: str
    channels: Sequence[int]
    whole: bool

    def check(self) -> None:
        """Refuse too little.

        Raises:
            UserError: for no channel, or fewer photos than groups.
        """
        if not self.channels:
            raise UserError("name at least one channel of the layer")
        if len(self.photos) < len(SCORES):
            raise UserError(f"examples want at least {len(SCORES)} photos, one for each group, not {len(self.photos)}")


def find_examples(request: ExamplesRequest, model: ModelSource) -> Examples:
    """Find the photos of each channel, draw the sheets, and write both."""
    request.check()
    run, photos, progress = request.run, request.photos, request.run.progress
    with run.session(model, PLAIN) as session:
        layer = session.layer(request.layer)
        check_channels(request.channels, layer.address, layer.channels)
        folder = run.out or _default_path(photos, session.model.name, layer)
        refuse_photos(folder, photos.root)
        check_writable(folder)
        extremes = _extremes(request, session, layer)
        with progress.stage("receptive", 1, "layer") as advance:
            field = receptive_field(session.model.network, layer, session.view, session.model.in_channels)
            advance(1)
        record = _record(request, session, layer)
    spectra = [spectrum(own) for own in extremes]
    record.notes = [*photos.notes(), *_notes(len(photos), request.channels, spectra)]
    record.channels = [
        _describe(channel, own, chosen, photos, field)
        for channel, own, chosen in zip(request.channels, extremes, spectra, strict=True)
    ]
    for line in record.notes:
        progress.say(f"note: {line}")
    with progress.stage("figures", len(record.channels), "sheets") as advance:
        _clear(folder)
        for entry in record.channels:
            _write_sheet(folder, record, entry, photos, request)
            advance(1)
    write_json(folder / EXAMPLES, record)
    leave_page(folder, progress)
    progress.say(f"done: {folder}")
    values = [_value(folder, entry, chosen.rule) for entry, chosen in zip(record.channels, spectra, strict=True)]
    return Examples(folder, record.model.name, layer.address, values, record.notes)


def _extremes(request: ExamplesRequest, session: NetworkSession, layer: Layer) -> list[Extremes]:
    photos, model = request.photos, session.model
    with request.run.progress.stage("extract", len(photos), "photos") as advance, session.reader([layer]) as read:
        batches = photos.batches(model.preprocessing, session.view, model.in_channels, BATCH)
        return channel_extremes(read, model.preprocessing, batches, request.channels, session.device, advance)


def _notes(count: int, channels: Sequence[int], spectra: Sequence[Spectrum]) -> list[str]:
    each = len(spectra[0].groups["minimum"])
    few = f"{counted(count, 'photos')}: groups of {each} instead of {EACH}, which want {EACH * len(SCORES)}"
    fewer = [few] if each < EACH else []
    return fewer + [
        f"channel {channel} has too few photos with a mean below zero, or above: its middle groups lie around the quartiles"
        for channel, chosen in zip(channels, spectra, strict=True)
        if chosen.rule == "quartiles"
    ]


def _record(request: ExamplesRequest, session: NetworkSession, layer: Layer) -> ExamplesRecord:
    return ExamplesRecord(
        layer=describe_layer(layer),
        model=describe_model(session.model, session.model_spec),
        images=ImagesEntry(request.photos.root, len(request.photos)),
        command=request.run.command,
        versions=versions(),
        device=device_name(session.device),
        side=session.view,
        tiles="whole" if request.whole else "crops",
        skipped=describe_skipped(request.photos),
    )


def _describe(
    channel: int, extremes: Extremes, chosen: Spectrum, photos: PhotoSet, field: ReceptiveField
) -> ChannelExamplesEntry:
    """A channel's entry in examples.json."""
    return ChannelExamplesEntry(
        channel=channel,
        sheet=f"channel-{channel:03d}.png",
        rule=chosen.rule,
        over_photos=ChannelRange(**over_photos(extremes)),
        groups={
            name: ExampleGroup(f"{SCORES[name]} over positions", _photos(picks, photos, field))
            for name, picks in chosen.groups.items()
        },
    )


def _photos(picks: Sequence[Pick], photos: PhotoSet, field: ReceptiveField) -> list[Example]:
    examples = []
    for pick in picks:
        row, column = divmod(pick.position, field.columns)
        example = Example(
            path=photos.paths[pick.photo],
            index=pick.photo,
            score=pick.score,
            position=(column, row),
            box=field.box(row, column),
            percentile=pick.percentile,
        )
        examples.append(example)
    return examples


def _write_sheet(
    folder: Path, record: ExamplesRecord, entry: ChannelExamplesEntry, photos: PhotoSet, request: ExamplesRequest
) -> None:
    indices = sorted({photo.index for group in entry.groups.values() for photo in group.photos})
    squares = dict(zip(indices, photos.load(indices), strict=True))
    style = request.run.figures
    write_sheet(folder / entry.sheet, draw_examples(record, entry, squares, request.whole, style.theme), style)


def _clear(folder: Path) -> None:
    """Remove what an earlier call left, where there is one; other files stay."""
    if not (folder / EXAMPLES).is_file():
        return
    for path in [*folder.iterdir()]:
        if path.name in (EXAMPLES, PAGE) or SHEET.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _default_path(photos: PhotoSet, model: str, layer: Layer) -> Path:
    path = default_path(photos.root, model, layer.address)
    return path.with_name(f"examples-{path.name}")


def _value(folder: Path, entry: ChannelExamplesEntry, rule: Rule) -> ChannelExamples:
    groups = {name: group.photos for name, group in entry.groups.items()}
    return ChannelExamples(entry.channel, rule, groups, folder / entry.sheet)

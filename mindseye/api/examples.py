"""The spectrum of units over a folder: ``mindseye.examples(images, model=..., layer=..., channels=[11])``."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from mindseye.errors import UserError
from mindseye.facets.extremes import Extremes, channel_extremes
from mindseye.facets.target import check_channels
from mindseye.layers.reader import Reader
from mindseye.layers.receptive_field import ReceptiveField, receptive_field
from mindseye.layers.survey import Layer, find_layer
from mindseye.measure.examples import EACH, SCORES, Pick, Rule, Spectrum, over_photos, spectrum
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.photo_set import PhotoSet, Source, find_photos
from mindseye.report.examples import draw_examples
from mindseye.report.progress import Progress
from mindseye.runs.entries import describe_layer, describe_model, describe_skipped, device_name, versions
from mindseye.runs.files import write_bytes, write_json
from mindseye.runs.folder import default_path
from mindseye.runs.schema import (
    ChannelExamplesEntry,
    ChannelRange,
    Example,
    ExampleGroup,
    ExamplesRecord,
    ImagesEntry,
)
from mindseye.workflows.opening import Opened, absolute, opened

BATCH = 32
RECORD = "examples.json"
SHEET = re.compile(r"channel-\d{3,}\.png")


@dataclass(frozen=True)
class ChannelExamples:
    """One channel's groups: minimum, slightly negative, slightly positive, maximum, the most telling photo first.

    rule: how the two in the middle were found, see ``mindseye.measure.examples.spectrum``. sheet: the figure.
    """

    channel: int
    rule: Rule
    groups: dict[str, list[Example]]
    sheet: Path


@dataclass(frozen=True)
class Examples:
    """What ``mindseye.examples`` found. path: the folder. notes: what was lowered or chosen on the way."""

    path: Path
    model: str
    layer: str
    channels: list[ChannelExamples]
    notes: list[str]


def examples(
    images: Source,
    model: str | nn.Module = "resnet50",
    *,
    layer: str,
    channels: Sequence[int],
    out: str | Path | None = None,
    size: int | None = None,
    weights: str | None = None,
    checkpoint: str | Path | None = None,
    recursive: bool = False,
    whole: bool = False,
    device: str = "auto",
    quiet: bool = False,
    command: str = "mindseye.examples(...)",
) -> Examples:
    """Find the photos of a folder that show a channel's range, nine each: minimum, slightly negative and positive, maximum.

    Nothing is painted; the photos pass through the network once, whatever the number of channels. A group has fewer than
    nine where there are fewer than 36 photos. See ``mindseye.measure.examples.spectrum`` for how photos are chosen.

    Args:
        images, model, weights, checkpoint, recursive, device: as ``mindseye.visualize`` takes them.
        layer: an address. channels: of that layer, one sheet each.
        out: the folder; by default ``runs/examples-FOLDER-MODEL-LAYER``. What an earlier call left there is replaced.
        size: side in px of what the network sees; by default the model's.
        whole: the sheets show whole photos with a box around what the position sees, rather than that alone.

    Returns:
        The groups of each channel. They also stand in ``examples.json``, and the sheets in ``channel-011.png``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    wanted = list(dict.fromkeys(channels))
    if not wanted:
        raise UserError("name at least one channel of the layer")
    if size is not None and not (isinstance(size, int) and size >= 1):
        raise UserError(f"size is a whole number above zero, not {size!r}")
    progress = Progress(quiet)
    photos = find_photos(images, recursive)
    if len(photos) < len(SCORES):
        raise UserError(f"examples want at least {len(SCORES)} photos, one for each group, not {len(photos)}")
    with opened(model, weights, absolute(checkpoint), device, size, Recipe("examples"), progress) as ready:
        target = find_layer(ready.network, layer)
        check_channels(wanted, target.address, target.channels)
        found = _extremes(ready, target, wanted, photos, progress)
        with progress.stage("receptive", 1, "layer") as advance:
            field = receptive_field(ready.model.network, target, ready.view, ready.model.in_channels)
            advance(1)
    spectra = [spectrum(extremes) for extremes in found]
    notes = _notes(len(photos), wanted, spectra)
    record = _record(command, ready, target, photos, whole)
    record.notes = notes
    record.channels = [
        _describe(channel, extremes, chosen, photos, field)
        for channel, extremes, chosen in zip(wanted, found, spectra, strict=True)
    ]
    folder = Path(out) if out else _default_path(photos, ready.model.name, target)
    for line in notes:
        progress.say(f"note: {line}")
    with progress.stage("figures", len(wanted), "sheets") as advance:
        _clear(folder)
        for entry in record.channels:
            _write_sheet(folder, record, entry, photos, whole)
            advance(1)
    write_json(folder / RECORD, record)
    progress.say(f"done: {folder}")
    return Examples(
        path=folder,
        model=ready.model.name,
        layer=target.address,
        channels=[_value(folder, entry, chosen.rule) for entry, chosen in zip(record.channels, spectra, strict=True)],
        notes=notes,
    )


def _extremes(
    ready: Opened, layer: Layer, channels: Sequence[int], photos: PhotoSet, progress: Progress
) -> list[Extremes]:
    with progress.stage("extract", len(photos), "photos") as advance, Reader(ready.model.network, [layer]) as read:
        batches = photos.batches(ready.model.preprocessing, ready.view, ready.model.in_channels, BATCH)
        return channel_extremes(read, ready.model.preprocessing, batches, channels, ready.device, advance)


def _notes(count: int, channels: Sequence[int], spectra: Sequence[Spectrum]) -> list[str]:
    each = len(spectra[0].groups["minimum"])
    fewer = (
        [f"{count} photos: groups of {each} instead of {EACH}, which want {EACH * len(SCORES)}"] if each < EACH else []
    )
    return fewer + [
        f"channel {channel} has too few photos with a mean below zero, or above: its middle groups lie around the quartiles"
        for channel, chosen in zip(channels, spectra, strict=True)
        if chosen.rule == "quartiles"
    ]


def _record(command: str, ready: Opened, layer: Layer, photos: PhotoSet, whole: bool) -> ExamplesRecord:
    return ExamplesRecord(
        layer=describe_layer(layer),
        model=describe_model(ready.model),
        images=ImagesEntry(photos.root, len(photos)),
        command=command,
        versions=versions(),
        device=device_name(ready.device),
        side=ready.view,
        tiles="whole" if whole else "crops",
        skipped=describe_skipped(photos),
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
    folder: Path, record: ExamplesRecord, entry: ChannelExamplesEntry, photos: PhotoSet, whole: bool
) -> None:
    indices = sorted({photo.index for group in entry.groups.values() for photo in group.photos})
    squares = dict(zip(indices, photos.load(indices), strict=True))
    buffer = io.BytesIO()
    draw_examples(record, entry, squares, whole).save(buffer, "PNG")
    write_bytes(folder / entry.sheet, buffer.getvalue())


def _clear(folder: Path) -> None:
    """Remove what an earlier call left, where there is one; other files stay."""
    if not (folder / RECORD).is_file():
        return
    for path in [*folder.iterdir()]:
        if path.name == RECORD or SHEET.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _default_path(photos: PhotoSet, model: str, layer: Layer) -> Path:
    path = default_path(photos.root, model, layer.address)
    return path.with_name(f"examples-{path.name}")


def _value(folder: Path, entry: ChannelExamplesEntry, rule: Rule) -> ChannelExamples:
    groups = {name: group.photos for name, group in entry.groups.items()}
    return ChannelExamples(entry.channel, rule, groups, folder / entry.sheet)

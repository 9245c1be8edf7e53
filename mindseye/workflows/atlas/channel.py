"""One channel on its way through a worker: its photos and numbers, its pictures, its page."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mindseye.facets.unit_facets import UnitFacets
from mindseye.layers.layer import Layer
from mindseye.measure.examples import SCORES, spectrum
from mindseye.optimize.transforms.views import Views
from mindseye.report.atlas import write_channel_page
from mindseye.report.atlas.images import FACET_COLUMNS, photo_sheet, small_of, write_webp
from mindseye.report.progress import Progress
from mindseye.runs.atlas import channel_name, channel_stem
from mindseye.runs.entries import common
from mindseye.runs.files import as_kept
from mindseye.runs.schema import AtlasChannelRecord, ChannelFacet, ClassAnswer, Example, ExampleGroup, MemberEntry
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.atlas.crops import write_crops
from mindseye.workflows.atlas.item import AtlasPackItem, PreparedPictures
from mindseye.workflows.atlas.kept_pictures import KeptPictures
from mindseye.workflows.facets.channel_order import channel_facets_order
from mindseye.workflows.facets.find import gather_targets

BINS = 24
PLAIN = -1
"""The number of the plain picture among a channel's; those of its facets are counted from 0."""
CLASSES = 8
STRONGEST = 9


@dataclass
class PreparedChannel(PreparedPictures):
    """A channel that can be painted. record: as far as it is known. sheets: of photos, by name."""

    record: AtlasChannelRecord
    sheets: dict[str, Image.Image]


class AtlasChannelItem(AtlasPackItem[PreparedChannel]):
    """A channel from its photos to its page."""

    def __init__(self, context: AtlasContext, layer: Layer, channel: int, pack: int) -> None:
        super().__init__(context, layer, channel_name(layer.address, channel))
        self.channel = channel
        self.stem = channel_stem(layer.address, channel)
        self._state = context.painting(pack) / f"{channel:04d}"

    def _find_record(self) -> AtlasChannelRecord | None:
        return self.context.folder.channel(self.layer.address, self.channel)

    def _gather(self) -> PreparedChannel:
        context, layer, channel = self.context, self.layer, self.channel
        grouped = context.facets_of(layer.address, channel)
        record, sheets = self._describe(grouped)
        job = context.job(layer, channel)
        targets = gather_targets(
            context.job_for_preparing(job), grouped.facets, Progress(quiet=True), [layer], slope=context.slope(job)
        )
        count = len(grouped.facets)
        deviation = float(context.answers.means(layer.address)[:, channel].std(correction=0))
        order = channel_facets_order(job, layer, targets, [channel] * count, [deviation] * count)
        return PreparedChannel(order, KeptPictures(self._state, [PLAIN, *range(count)]), record, sheets)

    def _describe(self, grouped: UnitFacets) -> tuple[AtlasChannelRecord, dict[str, Image.Image]]:
        """What is known before anything is painted, and the sheets of photos by name."""
        context, layer, channel = self.context, self.layer, self.channel
        values = context.answers.values(layer.address)[:, channel]
        low, high = float(values.min()), float(values.max())
        counts = np.histogram(values, BINS, (low, high))[0].tolist() if high > low else [len(values)]
        record = AtlasChannelRecord(
            layer=layer.address,
            channel=channel,
            low=low,
            high=high,
            mean=float(values.mean()),
            histogram=counts,
            classes=self._classes(values, grouped.photos),
            relatives=context.relatives(layer.address, channel),
            feeding=context.feeding(layer, channel),
            silhouette=grouped.silhouette,
            chance=grouped.chance,
            top_photos=len(grouped.photos),
            notes=list(grouped.notes),
        )
        record.crops = write_crops(context, record)
        sheets = self._examples(record)
        labels, paths = context.record.label_names or None, context.photos.paths
        best = grouped.photos[:STRONGEST]
        record.strongest = [MemberEntry(paths[photo], photo, activation=float(values[photo])) for photo in best]
        sheets["strongest"] = photo_sheet(list(context.photos.load(best)), 3)
        for facet in grouped.facets:
            own = [
                photo for photo, place in zip(grouped.photos, grouped.assignment, strict=True) if place == facet.index
            ]
            members = [MemberEntry(paths[photo], photo, activation=float(values[photo])) for photo in facet.members]
            label = common(labels, own)
            share = sum(labels[photo] == label for photo in own) / len(own) if labels else None
            entry = ChannelFacet(facet.size, label, share, members, activation=float(values[own].mean()))
            record.facets.append(entry)
            sheets[f"facet-{facet.index}"] = photo_sheet(list(context.photos.load(facet.members)), FACET_COLUMNS)
        return record, sheets

    def _examples(self, record: AtlasChannelRecord) -> dict[str, Image.Image]:
        """Note the photos along the channel's range; their sheets, cut to what the position sees."""
        context, layer = self.context, self.layer
        entry = context.record.of_layer(layer.address)
        place = [own.channel for own in entry.entries].index(self.channel)
        chosen = spectrum(context.answers.extremes(layer.address, place))
        field = context.field_of(layer)
        record.rule = chosen.rule
        sheets = {}
        for name, picks in chosen.groups.items():
            examples = []
            for pick in picks:
                row, column = divmod(pick.position, field.columns)
                box, path = field.box(row, column), context.photos.paths[pick.photo]
                examples.append(Example(path, pick.photo, pick.score, (column, row), box, pick.percentile))
            record.groups[name] = ExampleGroup(f"{SCORES[name]} over positions", examples)
            squares = context.photos.load([example.index for example in examples])
            crops = [
                square[:, top:bottom, left:right]
                for square, (top, left, bottom, right) in zip(
                    squares, (example.box for example in examples), strict=True
                )
            ]
            sheets[name] = photo_sheet(crops, 3)
        return sheets

    def _classes(self, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], top: list[int]) -> list[ClassAnswer]:
        """The classes that the channel answers to most, by the mean over their photos."""
        labels = self.context.record.label_names
        if not labels:
            return []
        names = np.asarray(labels)
        shown = names[top]
        answers = [
            ClassAnswer(
                name, int((names == name).sum()), float(values[names == name].mean()), float((shown == name).mean())
            )
            for name in sorted(set(labels))
        ]
        return sorted(answers, key=lambda answer: -(answer.mean or 0.0))[:CLASSES]

    def _write(self, ready: PreparedChannel) -> None:
        record, folder = ready.record, self.context.folder.path
        for name, sheet in ready.sheets.items():
            record.sheets[name] = file = f"{self.stem}-{name.replace(' ', '-')}-photos.webp"
            write_webp(folder / file, sheet)
        record.picture, record.painted, record.reason = self._write_picture(PLAIN, f"{self.stem}.webp")
        for number, facet in enumerate(record.facets):
            facet.picture, facet.painted, facet.reason = self._write_picture(number, f"{self.stem}-facet-{number}.webp")
        write_channel_page(folder, self.context.record, record)
        record.write(folder / f"{self.stem}.json")

    def _write_picture(self, number: int, file: str) -> tuple[str | None, float | None, str | None]:
        """A picture's file, what it excites in the channel, and why there is none."""
        kept = self.prepared.kept
        reason = kept.reason(number)
        if reason is not None:
            return None, None, reason
        picture = kept.write(number, self.context.folder.path / file)
        if number == PLAIN:
            write_webp(self.context.folder.path / f"{self.stem}-small.webp", small_of(picture))
        return file, self._activation(as_kept(kept.find(number).image)), None

    @torch.no_grad()
    def _activation(self, image: Tensor) -> float:
        session = self.context.finishing
        seen = session.model.preprocessing.normalise(Views(session.view).plain(image[None]).to(session.device))
        with session.reader([session.layer(self.layer.address)]) as read:
            return float(read(seen)[self.layer.address][0, self.channel].float().mean())

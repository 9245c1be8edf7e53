"""An atlas as work for the batch engine: its plan, and the pages that stand beside the channels'."""

from pathlib import Path

import torch

from mindseye.errors import UserError
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.atlas import write_assets, write_channel_page, write_layer_page, write_network_page
from mindseye.report.atlas.images import FACET_COLUMNS, photo_sheet, write_webp
from mindseye.runs.atlas import (
    ANSWERS,
    RECORD,
    AtlasFolder,
    channel_name,
    channel_stem,
    collection_name,
    collection_stem,
)
from mindseye.runs.files import UNFINISHED, remove
from mindseye.runs.schema import AtlasLayer, AtlasRecord
from mindseye.workflows.atlas.cost import cost_line
from mindseye.workflows.atlas.request import AtlasRequest
from mindseye.workflows.atlas.survey import describe_choice, survey_network
from mindseye.workflows.batch.batch_size import ON_A_CPU, held_on_device
from mindseye.workflows.batch.ledger import LOCKS, OURS, Entry, Ledger, Plan, check_same
from mindseye.workflows.batch.output import Output
from mindseye.workflows.batch.placement import Placement
from mindseye.workflows.batch.work_list import WorkList
from mindseye.workflows.facets.channel_order import channels_order

ASSETS = ("atlas.css", "atlas.js")
COLLECTION = "collection"


class ChannelList(WorkList):
    """The channels of an atlas, as the engine works on them."""

    def __init__(self, request: AtlasRequest) -> None:
        super().__init__(request.out, request.run, request.for_others().open)
        self.request, self.folder = request, AtlasFolder(request.out)

    def make_plan(self, there: Plan | None, placement: Placement) -> Plan:
        """The plan of this atlas: the photos are looked at, the channels chosen, and what it will cost is told."""
        request, run = self.request, self.run
        photos = request.photo_set()
        with request.session() as session:
            identity = request.identity(session, photos)
            if there is not None and self.folder.exists():
                check_same(self.out, there, identity | {"batch_size": run.batch_size or there.batch_size})
                return there
            title = request.title or f"An atlas of {session.model.name}"
            survey = survey_network(session, photos, request.choice, title, run.command, request.cache, run.progress)
            record = survey.record
            batch_size = run.batch_size or self._default_batch_size(session, record)
            self.folder.write(record, survey.answers)
            self._write_groups(record, photos)
            plan = Plan(
                run.command,
                identity | {"batch_size": batch_size},
                1,
                batch_size,
                placement.threads(torch.get_num_threads()),
                tuple(entry for layer in record.layers for entry in _entries(layer)),
                "pages",
            )
            self._tell_cost(session, record, photos, plan)
        AtlasOutput(Ledger(self.out, plan)).begin()
        return plan

    def is_whole(self, folder: Path) -> bool:
        """Whether a channel's record and page are there, or the record of a layer's facets."""
        try:
            has_page = folder.name == COLLECTION or folder.with_suffix(".html").is_file()
            return has_page and folder.with_name(f"{folder.name}.json").is_file()
        except OSError:
            return False

    def output(self, ledger: Ledger) -> "AtlasOutput":
        """The pages of the network and of its layers."""
        return AtlasOutput(ledger)

    def clear(self) -> None:
        """Remove what an atlas left."""
        if self.folder.exists():
            for layer in self.folder.read().layers:
                for file in self._files_of(layer.folder):
                    remove(file)
        for name in (*OURS, RECORD, ANSWERS, *ASSETS):
            if name != LOCKS:
                remove(self.out / name)

    def sweep(self) -> None:
        """See ``WorkList.sweep``; the layers' folders too."""
        super().sweep()
        for part in self.out.glob(f"*/.*{UNFINISHED}"):
            part.unlink(missing_ok=True)

    def notes(self) -> list[str]:
        """How far it is, and what is worth knowing of how it was read."""
        record = self.folder.read()
        return [describe_choice(record), *(f"note: {note}" for note in record.notes)]

    def _files_of(self, folder: str) -> list[Path]:
        """What an atlas wrote for a layer; other people's files stay."""
        kinds = ("[0-9]*.html", "[0-9]*.json", "[0-9]*.webp", "facet-*.webp", f"{COLLECTION}*", "index.html")
        return [path for kind in kinds for path in (self.out / folder).glob(kind)]

    def _default_batch_size(self, session: NetworkSession, record: AtlasRecord) -> int:
        if session.device.type != "cuda":
            return ON_A_CPU
        layers = [session.layer(entry.layer) for entry in record.layers]
        return min(held_on_device(channels_order(session, layer, [0], [layer.address])) for layer in layers)

    def _write_groups(self, record: AtlasRecord, photos: PhotoSet) -> None:
        """The photos of the collection's facets at each layer."""
        for layer in record.layers:
            for number, group in enumerate(layer.groups):
                write_webp(
                    self.out / group_file(layer.folder, number),
                    photo_sheet(list(photos.load(group.photos)), FACET_COLUMNS),
                )

    def _tell_cost(self, session: NetworkSession, record: AtlasRecord, photos: PhotoSet, plan: Plan) -> None:
        if self.run.progress.quiet:
            return
        context = self.request.context(plan, record, photos, session, session, session)
        self.run.progress.say(f"{describe_choice(record)}: {cost_line(context)}")


class AtlasOutput(Output):
    """The pages of the network and of its layers, written anew as channels are done."""

    def begin(self) -> None:
        """Write all pages as they are before anything is painted, so that no link leads nowhere."""
        folder = AtlasFolder(self.ledger.path)
        record = folder.read()
        write_assets(folder.path)
        for layer in record.layers:
            for entry in layer.entries:
                write_channel_page(folder.path, record, None, layer.layer, entry.channel)
        self.write_whole(self.ledger)

    def write_whole(self, ledger: Ledger) -> Path:
        """Write them; the path of the first page."""
        record = AtlasFolder(ledger.path).read()
        painted = {
            layer.layer: {
                entry.channel for entry in layer.entries if ledger.is_finished(channel_name(layer.layer, entry.channel))
            }
            for layer in record.layers
        }
        for place, layer in enumerate(record.layers):
            files = [group_file(layer.folder, number) for number in range(len(layer.groups))]
            pictures = AtlasFolder(ledger.path).collection(layer.layer)
            write_layer_page(ledger.path, record, place, painted[layer.layer], files, pictures)
        return write_network_page(ledger.path, record, painted)


def _entries(layer: AtlasLayer) -> list[Entry]:
    """The items of a layer, its collection's facets first; these are a pack by themselves, and so a group."""
    collection = collection_name(layer.layer)
    entries = [Entry(collection, collection, collection_stem(layer.layer), collection)] if layer.groups else []
    for own in layer.entries:
        name = channel_name(layer.layer, own.channel)
        entries.append(Entry(name, name, channel_stem(layer.layer, own.channel), layer.layer))
    return entries


def group_file(folder: str, number: int) -> str:
    """The photos of a facet of the whole collection at a layer, below the atlas. folder: of the layer."""
    return f"{folder}/facet-{number:02d}.webp"


def check_atlas_photos(request: AtlasRequest, is_here: bool) -> None:
    """Refuse photos that other processes cannot list.

    Raises:
        UserError: saying what to give.
    """
    if not is_here and not isinstance(request.photos, str | Path):
        raise UserError("other processes list the photos themselves: give a folder or an archive")

"""The strongest photos of channels that have no page of their own, for the pages that name them."""

from torch import Tensor

from mindseye.layers.layer import Layer
from mindseye.report.atlas.images import photo_sheet, write_webp
from mindseye.runs.atlas import crop_file
from mindseye.runs.schema import AtlasChannelRecord
from mindseye.workflows.atlas.context import AtlasContext


def write_crops(context: AtlasContext, record: AtlasChannelRecord) -> list[str]:
    """The strongest photo, cut to what the position sees, of each channel that a record names and that has no page; the files.

    record: with its relatives and what feeds it.
    """
    near = [(relative.layer, relative.channel) for relative in record.relatives]
    near += [(record.feeding.layer, own.channel) for own in record.feeding.feeders] if record.feeding else []
    files = []
    for address, channel in dict.fromkeys(near):
        at = context.answers.strongest(address, channel)
        if at is None or context.record.of_layer(address).entry_of(channel) is not None:
            continue
        file = crop_file(address, channel)
        files.append(file)
        if not (context.folder.path / file).is_file():
            crop = _crop(context, context.preparing.layer(address), *at)
            write_webp(context.folder.path / file, photo_sheet([crop], 1))
    return files


def _crop(context: AtlasContext, layer: Layer, photo: int, position: int) -> Tensor:
    field = context.field_of(layer)
    top, left, bottom, right = field.box(*divmod(position, field.columns))
    return context.photos.load([photo])[0][:, top:bottom, left:right]

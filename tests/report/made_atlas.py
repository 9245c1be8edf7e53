"""The pages of an atlas of made-up channels."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mindseye.report.atlas import write_assets, write_channel_page, write_layer_page, write_network_page
from mindseye.report.atlas.images import FACET_COLUMNS, photo_sheet, write_webp
from mindseye.runs.atlas import channel_stem
from mindseye.runs.schema import (
    AtlasChannel,
    AtlasChannelRecord,
    AtlasCollectionRecord,
    AtlasLayer,
    AtlasRecord,
    ChannelFacet,
    ClassAnswer,
    CollectionFacet,
    Example,
    ExampleGroup,
    Feeder,
    Feeding,
    ImagesEntry,
    ModelEntry,
    PhotoGroup,
    Relative,
)


def make_atlas(folder: Path, channels: int, label: str = "lotus", painted: bool = True) -> AtlasRecord:
    """Two layers of made-up channels; those of the second are painted where it is asked for."""
    draw = np.random.default_rng(0)
    layers = []
    for depth, name in enumerate(("stem", "layer3.5")):
        entries = [
            AtlasChannel(
                channel=3 * place,
                entanglement=float(draw.uniform()),
                null=0.01,
                selectivity=float(draw.uniform()),
                used=float(draw.uniform()),
                label=label if place % 2 else "ketch",
                place=(float(draw.uniform()), float(draw.uniform())),
            )
            for place in range(channels)
        ]
        layers.append(AtlasLayer(name, name, "Block", 3 * channels, [7, 7], 0.5, 0.9 if depth else None, [], entries))
    layers[1].groups = [PhotoGroup(7, label, [0, 1], [0.5, 0.5])]
    model, images = ModelEntry("net", "none"), ImagesEntry("/photos", 9, [])
    record = AtlasRecord("An atlas", model, images, command="mindseye atlas net photos", layers=layers)
    write_assets(folder)
    tile = Image.fromarray(draw.integers(0, 255, (24, 24, 3), dtype=np.uint8))
    squares = torch.from_numpy(draw.integers(0, 255, (2, 3, 24, 24), dtype=np.uint8))
    write_webp(folder / "layer3.5" / "facet-00.webp", photo_sheet(list(squares), FACET_COLUMNS))
    write_webp(folder / "layer3.5" / "collection-00.webp", tile)
    done = set()
    for layer in layers:
        for entry in layer.entries:
            write_channel_page(folder, record, None, layer.layer, entry.channel)
    for entry in layers[1].entries if painted else []:
        stem = channel_stem("layer3.5", entry.channel)
        for end in ("", "-small", "-facet-0", "-maximum-photos"):
            write_webp(folder / f"{stem}{end}.webp", tile)
        write_channel_page(folder, record, channel_record(stem, entry.channel, label))
        done.add(entry.channel)
    for place in range(2):
        sheets = ["layer3.5/facet-00.webp"] if place else []
        pictures = AtlasCollectionRecord("layer3.5", facets=[CollectionFacet("layer3.5/collection-00.webp")])
        write_layer_page(folder, record, place, done if place else set(), sheets, pictures if place else None)
    write_network_page(folder, record, {"layer3.5": done})
    return record


def channel_record(stem: str, channel: int, label: str) -> AtlasChannelRecord:
    """A record with something of everything."""
    example = Example("/photos/a.png", 0, 1.5, (0, 0), (0, 0, 9, 9), 0.9)
    return AtlasChannelRecord(
        layer="layer3.5",
        channel=channel,
        low=-1.0,
        high=2.0,
        mean=0.5,
        histogram=[1, 5, 3],
        groups={"maximum": ExampleGroup("maximum over positions", [example])},
        sheets={"maximum": f"{stem}-maximum-photos.webp"},
        classes=[ClassAnswer(label, 4, 1.5, 0.75), ClassAnswer("ketch", 5, 0.5, 0.25)],
        relatives=[Relative("layer3.5", 3, 0.8), Relative("stem", 0, 0.7), Relative("stem", 1, 0.6)],
        feeding=Feeding("stem", 3, [Feeder(3, 0.4, 0.35), Feeder(4, 0.1, -0.02)], 0.01),
        silhouette=0.6,
        chance=0.4,
        top_photos=30,
        facets=[ChannelFacet(20, label, picture=f"{stem}-facet-0.webp"), ChannelFacet(10, reason="turned NaN")],
        picture=f"{stem}.webp",
        painted=3.0,
    )

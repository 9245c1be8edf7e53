"""Part 3: photos per second of an extraction, over what decoding alone and the forward pass alone allow."""

from functools import partial

import torch

from gpuparts.bench import Bench, Table
from mindseye.facets.activations import mean_activations
from mindseye.facets.extraction import BATCH
from mindseye.layers.stages import last_before_pooling
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet, find_photos

WORKERS = (1, 2, 4, 8, 16)
EACH = 256
"""Photos for each worker, so that few of them do not take all the time."""
MOST_PHOTOS = EACH * max(WORKERS)


def measure_extraction(bench: Bench, table: Table) -> None:
    """A row for each number of decoding workers."""
    table.head(
        "decoding workers", "decoding photos/s", "extraction photos/s", "forward photos/s", "of what is possible"
    )
    folder = bench.photos("photos to extract", 1, bench.pick(MOST_PHOTOS, 48)) / "class-000"
    paths = sorted(str(path) for path in folder.iterdir())
    session = NetworkSession(
        bench.pick("resnet50", "resnet18"), "none", device=str(bench.device), size=bench.pick(224, 64)
    )
    with session.using() as used:
        forward = _forward(bench, used)
        for workers in bench.pick(WORKERS, (1, 2)):
            photos = find_photos(paths[: EACH * workers])
            table.attempt(str(workers), partial(_row, bench, used, photos, workers, forward), least=6)
    table.remark(
        f"{session.model.name} in float32, {EACH} JPEG files of 500 x 375 px a worker; aim: 0.8 of what is possible"
    )


def _forward(bench: Bench, session: NetworkSession) -> float:
    """Photos per second of the forward pass alone, with batches as an extraction has them."""
    layer = last_before_pooling(session.model.network, session.network)
    images = torch.rand(BATCH, session.model.in_channels, session.view, session.view, device=session.device)
    times = bench.pick(20, 2)
    with torch.no_grad(), session.reader([layer]) as read:

        def forward() -> None:
            read(session.model.preprocessing.normalise(images))[layer.address].float().mean(-1)

        bench.seconds(forward, 2)
        return BATCH / bench.seconds(forward, times)


def _row(bench: Bench, session: NetworkSession, photos: PhotoSet, workers: int, forward: float) -> list[object]:
    model, side = session.model, session.view
    layer = last_before_pooling(model.network, session.network)

    def decode() -> None:
        for _ in photos.batches(model.preprocessing, side, model.in_channels, BATCH, workers):
            pass

    def extract() -> None:
        batches = photos.batches(model.preprocessing, side, model.in_channels, BATCH, workers)
        with session.reader([layer]) as read:
            mean_activations(read, model.preprocessing, batches, session.device)

    decoded, extracted = (len(photos) / bench.seconds(work) for work in (decode, extract))
    bench.found["extraction photos/s"] = max(extracted, bench.found.get("extraction photos/s", 0.0))
    return [decoded, extracted, forward, extracted / min(decoded, forward)]

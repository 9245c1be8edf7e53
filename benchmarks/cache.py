"""What the cache of activations saves, and whether a photo's activations depend on what else is in its batch.

    python benchmarks/cache.py photos/starfish                  seconds of extraction: without, filling, from the cache
    python benchmarks/cache.py --bits                           last bits, for networks of several kinds

The photos' folder is read once before, so that all three find it in the system's memory. Bits: mean activations of noise at every
stage in batches of 32, with other neighbours at other places, and in batches of 8 and 1. Random weights, but for
EfficientNet-Lite0.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor

from mindseye.cli import keep_memory
from mindseye.facets.extraction import BATCH, extract
from mindseye.layers.layer import Layer, find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.stages import stages
from mindseye.layers.survey import survey
from mindseye.models.load import Model, load_model
from mindseye.photos.photo_set import find_photos
from mindseye.report.progress import Progress
from mindseye.store.database import Database
from mindseye.store.store import Store

TRAINED = "efficientnet_lite0"
NETWORKS = (TRAINED, "resnet50", "mobilenet_v3_small", "convnext_tiny", "swin_t", "timm/vit_tiny_patch16_224")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="?")
    parser.add_argument("--bits", action="store_true")
    parser.add_argument("--model", default=TRAINED)
    parser.add_argument("--weights")
    parser.add_argument("--layer", default="bn2")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    keep_memory()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    if options.bits:
        for name in NETWORKS:
            print(bits(name, device), flush=True)
    if options.photos:
        seconds(opened(options.model, options.weights, device), options.layer, options.photos, device)


def opened(name: str, weights: str | None, device: torch.device) -> Model:
    """A network as a run has it: on its device, channels last."""
    model = load_model(name, weights=weights)
    model.network.to(device).to(memory_format=torch.channels_last)
    return model


@torch.no_grad()
def bits(name: str, device: torch.device) -> str:
    """A row: at how many of the stages the mean activations are the same to the last bit."""
    model = opened(name, None if name == TRAINED else "none", device)
    side = model.preprocessing.size
    found = stages(model.network, survey(model.network, side))
    noise = torch.rand(2 * BATCH, 3, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    order = torch.randperm(BATCH, generator=torch.Generator().manual_seed(1))
    whole = means(model, found, noise[:BATCH])
    moved = means(model, found, noise[:BATCH][order])
    others = means(model, found, torch.cat([noise[BATCH : BATCH + BATCH // 2], noise[: BATCH // 2]]))
    eight, one = means(model, found, noise[:8]), means(model, found, noise[:1])
    same = {
        "moved": [torch.equal(whole[key][order], moved[key]) for key in whole],
        "other neighbours": [torch.equal(whole[key][: BATCH // 2], others[key][BATCH // 2 :]) for key in whole],
        "batch of 8": [torch.equal(whole[key][:8], eight[key]) for key in whole],
        "batch of 1": [torch.equal(whole[key][:1], one[key]) for key in whole],
    }
    return f"{name:<28}" + ", ".join(f"{what} {sum(equal)}/{len(equal)}" for what, equal in same.items())


def means(model: Model, layers: list[Layer], images: Tensor) -> dict[str, Tensor]:
    """Mean activations of one batch."""
    with Reader(model.network, layers) as read:
        return {
            address: value.float().mean(-1).cpu()
            for address, value in read(model.preprocessing.normalise(images)).items()
        }


def seconds(model: Model, address: str, folder: str, device: torch.device) -> None:
    """Seconds of the three passes."""
    side = model.preprocessing.size
    layers = [find_layer(survey(model.network, side), address)]
    for path in find_photos(folder, recursive=True).paths:
        Path(path).read_bytes()
    with tempfile.TemporaryDirectory() as place:
        store = Store(Database(Path(place)), Progress().say)
        for name, kept in (("without", None), ("filling", store), ("from the cache", store)):
            photos = find_photos(folder, recursive=True)
            begun = time.perf_counter()
            extract(model, layers, photos, side, device, kept)
            taken = time.perf_counter() - begun
            print(
                f"{name:<15} {len(photos)} photos {taken:7.2f} s {1000 * taken / len(photos):7.2f} ms each", flush=True
            )


if __name__ == "__main__":
    main()

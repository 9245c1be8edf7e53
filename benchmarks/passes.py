"""What folding and compiling win of the passes through a network: how many times as fast a bare step is.

    python benchmarks/passes.py --model efficientnet_lite0 --model resnet18=none --batch 4 --batch 12

Each model is read at its last layer before pooling and the stages below it, as the default recipe does; ``NAME=WEIGHTS`` names its
weights. A step is a pass forward and one backward to the image. Prints a table: the step through the network as it was loaded
over that through the folded one (median of steps in turn), how many normalisations were folded, what ``--compile`` notes
of the folded one, and how long compiling and trying took.
"""

import argparse
import statistics
import time

import torch
from torch import Tensor, nn

from mindseye.cli import keep_memory
from mindseye.layers.compiler import Compiler
from mindseye.layers.fold import fold_batch_norms
from mindseye.layers.reader import Reader
from mindseye.layers.stages import last_before_pooling, stages_below
from mindseye.optimize.loss import autocast
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.session import NetworkSession

TURNS = 9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", dest="models", metavar="NAME[=WEIGHTS]")
    parser.add_argument("--batch", action="append", dest="batches", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    keep_memory()
    recipe = load_recipe("distribution", {"precision": options.precision})
    print(
        "| model | at once | folded: x as fast | normalisations | --compile | seconds for it |\n|---|---|---|---|---|---|"
    )
    for model in options.models or ["efficientnet_lite0"]:
        name, _, weights = model.partition("=")
        with NetworkSession(name, weights or None, device=options.device).using(recipe) as ready:
            network = ready.model.network
            last = last_before_pooling(network, ready.network)
            layers = [*stages_below(network, ready.network, last), last]
            for batch in options.batches or [4]:
                images = torch.randn(batch, ready.model.in_channels, ready.view, ready.view, device=ready.device)
                lean = fold_batch_norms(network, layers, images)
                with autocast(recipe.precision, ready.device):
                    with Reader(network, layers) as one, Reader(lean, layers) as other:
                        gain = statistics.median(_seconds(one, images) / _seconds(other, images) for _ in range(TURNS))
                    begun = time.perf_counter()
                    with Compiler() as compiler, compiler.reader(lean, layers) as read:
                        read(images.requires_grad_())
                    took = time.perf_counter() - begun
                verdicts = "; ".join(verdict.partition(" px")[2].lstrip(",: ") for verdict in compiler.verdicts)
                count = _norms(network) - _norms(lean)
                print(f"| {name} | {batch} | {gain:.2f} | {count} | {verdicts} | {took:.0f} |", flush=True)


def _seconds(read: Reader, images: Tensor) -> float:
    images = images.clone().requires_grad_()
    if images.is_cuda:
        torch.cuda.synchronize(images.device)
    begun = time.perf_counter()
    torch.stack([tensor.float().square().mean() for tensor in read(images).values()]).sum().backward()  # type: ignore[no-untyped-call]
    if images.is_cuda:
        torch.cuda.synchronize(images.device)
    return time.perf_counter() - begun


def _norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


if __name__ == "__main__":
    main()

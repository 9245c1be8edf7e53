"""Where ``--compile`` pays: how many times as fast a compiled step through the network is, as the program itself tries it.

    python benchmarks/compile.py --model efficientnet_lite0 --model resnet18=none --batch 4 --batch 12

Each model is painted from at its last layer before pooling and the stages below it, as the default recipe does; ``NAME=WEIGHTS``
names its weights. Prints a table: what the program notes of the trial, and how long compiling and trying took.
"""

import argparse
import time

import torch

from mindseye.api.opening import opened
from mindseye.cli import keep_memory
from mindseye.inputs.compiled import Compiler
from mindseye.inputs.folded import folded
from mindseye.inputs.stages import last_before_pooling, stages_below
from mindseye.optimize.painting import computing_in
from mindseye.optimize.recipe_files import load_recipe
from mindseye.report.progress import Progress


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
    print("| model | what came of it | seconds to compile and try |\n|---|---|---|")
    for model in options.models or ["efficientnet_lite0"]:
        name, _, weights = model.partition("=")
        with opened(name, weights or None, None, options.device, None, recipe, Progress(quiet=True)) as ready:
            network = ready.model.network
            last = last_before_pooling(network, ready.network)
            layers = [*stages_below(network, ready.network, last), last]
            for batch in options.batches or [4]:
                images = torch.randn(batch, ready.model.channels, ready.view, ready.view, device=ready.device)
                lean = folded(network, layers, images)
                begun = time.perf_counter()
                with Compiler() as compiler, compiler.reader(lean, layers) as read:
                    with computing_in(recipe.precision, ready.device):
                        read(images.requires_grad_())
                    for verdict in compiler.verdicts:
                        print(f"| {name} | {verdict} | {time.perf_counter() - begun:.0f} |", flush=True)


if __name__ == "__main__":
    main()
